//! One cell of a client's table of states by inputs.

use engineio_proto::CloseCode;
use engineio_proto::ConnId;

use super::{ClientScenario, ClientScene, Failure, Frame, Message, REVISIONS, client};

/// Walks one state: each input, and its outcome in both revisions.
pub(crate) fn walk(state: impl Fn(ClientScenario) -> ClientScene, lines: &[(Input, &str)]) {
    for (input, expected) in lines {
        for revision in REVISIONS {
            let mut scene = state(client().revision(revision));
            input.happens_in(&mut scene);
            assert_eq!(scene.outcome(), *expected, "{input:?} in revision {revision:?}");
        }
    }
}

/// One thing that happens to a session: to `g1`, `p1` and `w1`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input {
    /// The answer to the GET is an open packet, with a WebSocket to move to.
    OpenAnswer,
    /// The answer to the GET is a message.
    Answer,
    /// The answer to the GET is a message, `1`, and another message.
    Goodbye,
    IllegalAnswer,
    RefusedGet,
    GetFails(Failure),
    Ok,
    RefusedPost,
    PostFails(Failure),
    Upgraded,
    RefusedWebSocket,
    OpenFrame,
    Frame(&'static str),
    FramesFail(Failure),
    ConnectTimeout,
    UpgradeTimeout,
    /// Neither ping nor pong comes.
    Silence,
    CloseTimeout,
    Send,
    Close,
    Abort,
    /// Facts about a connection that never was.
    Stranger,
}

impl Input {
    fn happens_in(self, scene: &mut ClientScene) {
        match self {
            Self::OpenAnswer => scene.answer("g1", &[&scene.open_packet("\"websocket\"")]),
            Self::Answer => scene.answer("g1", &["4a"]),
            Self::Goodbye => scene.answer("g1", &["4a", "1", "4b"]),
            Self::IllegalAnswer => scene.answer("g1", &["4a", "x"]),
            Self::RefusedGet => scene.refuse("g1", 400, ""),
            Self::GetFails(why) => scene.fail("g1", why),
            Self::Ok => scene.ok("p1"),
            Self::RefusedPost => scene.refuse("p1", 400, ""),
            Self::PostFails(why) => scene.fail("p1", why),
            Self::Upgraded => scene.upgraded("w1"),
            Self::RefusedWebSocket => scene.refuse("w1", 400, ""),
            Self::OpenFrame => scene.frame("w1", &scene.open_packet("\"websocket\"")),
            Self::Frame(text) => scene.frame("w1", text),
            Self::FramesFail(why) => scene.fail("w1", why),
            Self::ConnectTimeout => elapse(scene, 20_000),
            Self::UpgradeTimeout | Self::CloseTimeout => elapse(scene, 10_000),
            // In revision 3 the ping of the client leaves first.
            Self::Silence => {
                scene.wait(25_000);
                scene.outcome();
                elapse(scene, 20_000);
            }
            Self::Send => {
                let sent = scene.session.send(Message::from("b"));
                assert_eq!(sent.is_err(), scene.session.is_closing(), "{sent:?}");
            }
            Self::Close => scene.close(),
            Self::Abort => scene.session.abort(scene.time()),
            Self::Stranger => {
                let stranger = ConnId(99);
                scene.input(super::ClientInput::Upgraded(stranger));
                scene.input(super::ClientInput::Frame(stranger, Frame::text("1".into())));
                for why in FAILURES {
                    scene.input(super::ClientInput::Failed(stranger, why));
                }
            }
        }
    }
}

/// So many milliseconds from now something happens, and not a millisecond before.
fn elapse(scene: &mut ClientScene, millis: u64) {
    scene.wait(millis - 1);
    let is_idle = !scene.session.has_connect() && !scene.session.is_closed();
    assert!(is_idle || scene.due().is_none(), "it came early");
    scene.wait(1);
}

const FAILURES: [Failure; 5] = [
    Failure::Gone,
    Failure::Closed(CloseCode::NORMAL),
    Failure::TooLarge,
    Failure::Malformed,
    Failure::TimedOut,
];
