//! HTTP/1.1 by hand.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};

use super::Peer;

/// An answer with its whole body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// For example 200.
    pub status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    /// Without its transfer coding.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of UTF-8")
    }

    /// Fails the test unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The sid of the open packet at the front of the body.
    pub fn sid(&self) -> String {
        open(self.text())
    }
}

/// The sid of an open packet.
#[must_use]
pub fn open(packet: &str) -> String {
    let (_, rest) = packet.split_once(r#"0{"sid":""#).expect("an open packet");
    rest.split_once('"').expect("a sid").0.to_owned()
}

/// The bytes of a GET.
#[must_use]
pub fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n")
}

/// The bytes of a POST.
#[must_use]
pub fn post(target: &str, body: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: test\r\nContent-Type: text/plain\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Sends a request and reads its answer. The connection can be reused.
    pub async fn request(&mut self, request: impl AsRef<[u8]>) -> Answer {
        self.send(request).await;
        self.answer().await
    }

    /// Sends a GET and reads its answer.
    pub async fn get(&mut self, target: &str) -> Answer {
        self.request(get(target)).await
    }

    /// Sends a POST and reads its answer.
    pub async fn post(&mut self, target: &str, body: &str) -> Answer {
        self.request(post(target, body)).await
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.take(1).await);
        }
        let head = String::from_utf8(head).expect("a head of UTF-8");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Answer { status: status.expect("a status"), headers, body: Vec::new() };
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().expect("a length");
            answer.body = self.take(length).await.to_vec();
        } else if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = self.chunks().await;
        }
        answer
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.extend(self.take(1).await);
            }
            let length = str::from_utf8(&line).ok().map(|line| line.trim_end().split(';'));
            let length = length.and_then(|mut line| usize::from_str_radix(line.next()?, 16).ok());
            let length = length.unwrap_or_else(|| panic!("a chunk without its length: {line:?}"));
            body.extend(self.take(length).await);
            assert_eq!(&self.take(2).await[..], b"\r\n", "no line ends behind a chunk");
            if length == 0 {
                return body;
            }
        }
    }
}

/// Sends one request on a fresh connection, and reads its answer and the end of that connection.
pub async fn request(authority: &str, method: &str, target: &str, body: &str) -> Answer {
    let mut peer = Peer::connect(authority).await;
    let length = body.len();
    peer.send(format!(
        "{method} {target} HTTP/1.1\r\nHost: {authority}\r\n\
         Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    ))
    .await;
    let mut answer = peer.answer().await;
    let rest = peer.take_rest().await;
    if answer.header("content-length").or_else(|| answer.header("transfer-encoding")).is_none() {
        answer.body = rest.to_vec();
    } else {
        assert_eq!(rest.len(), 0, "{answer:?} and then {rest:?}");
    }
    answer
}

/// Opens a session over polling on a new connection. Returns the connection, and the target of the
/// session's requests.
pub async fn session(address: SocketAddr) -> (Peer, String) {
    let mut peer = Peer::connect(address).await;
    let target = "/engine.io/?EIO=4&transport=polling";
    let sid = peer.get(target).await.expect(200).sid();
    (peer, format!("{target}&sid={sid}"))
}

/// Sends requests on a new connection, and awaits their answers. A server serves connections in the
/// order in which data arrives, so by then it has received what others sent before. One answer shows
/// that on one thread; a server with several may be late on another.
pub async fn settle(address: SocketAddr) {
    let mut peer = Peer::connect(address).await;
    for _ in 0..8 {
        peer.get("/engine.io/?EIO=4&transport=none").await.expect(400);
    }
}
