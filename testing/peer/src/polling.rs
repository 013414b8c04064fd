use std::time::Duration;

use serde_json::Value;

use crate::{Answer, Frame, Peer, Revision, request};

/// A session over polling, by hand: nothing is sent that a test didn't ask for.
#[derive(Clone, Debug)]
pub struct Polling {
    authority: String,
    revision: Revision,
    target: String,
    /// The content of the open packet.
    pub handshake: Value,
}

impl Polling {
    /// Opens a session; `more` is added to the query, for example `&b64=1`.
    pub async fn open(authority: &str, revision: Revision, more: &str) -> Self {
        let target = revision.target("polling");
        let answer = request(authority, "GET", &format!("{target}{more}"), "").await.expect(200);
        let handshake = revision.open_packet(answer.text());
        let sid = handshake["sid"].as_str().expect("a sid");
        Self {
            authority: authority.to_owned(),
            revision,
            target: format!("{target}&sid={sid}"),
            handshake,
        }
    }

    /// Polls once.
    pub async fn get(&self) -> Answer {
        self.get_with("").await
    }

    /// Polls once, with more in the query.
    pub async fn get_with(&self, more: &str) -> Answer {
        request(&self.authority, "GET", &format!("{}{more}", self.target), "").await
    }

    /// Posts a payload.
    pub async fn post(&self, payload: &str) -> Answer {
        request(&self.authority, "POST", &self.target, payload).await
    }

    /// The target of a WebSocket for this session.
    #[must_use]
    pub fn websocket_target(&self) -> String {
        let sid = self.handshake["sid"].as_str().expect("a sid");
        format!("{}&sid={sid}", self.revision.target("websocket"))
    }

    /// Connects a WebSocket for this session; nothing is sent yet.
    pub async fn join(&self) -> Peer {
        Peer::websocket(&self.authority, &self.websocket_target()).await.expect("a 101")
    }

    /// Moves this session to a WebSocket, and waits for an echo, the only sign that the server has
    /// received the `5`.
    pub async fn take_over(&self) -> Peer {
        let mut websocket = self.join().await;
        for packet in ["2probe", "5", "4moved"] {
            websocket.say(packet).await;
        }
        for packet in ["3probe", "4moved"] {
            assert_eq!(websocket.frame().await, Frame::text(packet));
        }
        websocket
    }

    /// Polls, and posts `payload` while that poll waits. Returns both answers.
    ///
    /// Two connections have no order between them, and nothing shows when a poll has arrived. If
    /// the POST came first and ended the session, the poll gets 400. Then this is repeated with a
    /// new session of `open` and a longer head start for the poll.
    pub async fn post_while_polling<F: Future<Output = Self>>(
        open: impl Fn() -> F,
        payload: &str,
    ) -> (Self, Answer, Answer) {
        let mut head_start = Duration::from_millis(5);
        loop {
            let session = open().await;
            let (polled, posted) = tokio::join!(session.get(), async {
                tokio::time::sleep(head_start).await;
                session.post(payload).await
            });
            if polled.status != 400 || head_start > Duration::from_secs(2) {
                return (session, polled, posted);
            }
            head_start *= 4;
        }
    }
}
