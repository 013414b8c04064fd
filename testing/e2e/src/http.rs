//! One HTTP/1.1 request on one connection: enough to show an answer as it is, with nothing repaired
//! or retried.

use crate::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer with its whole body.
#[derive(Clone, Debug)]
pub struct Response {
    /// For example 200.
    pub status: u16,
    /// Names in lower case, in the order of the wire.
    pub headers: Vec<(String, String)>,
    /// Without its transfer coding.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.body).expect("a body of UTF-8")
    }

    /// Fails the test unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "body: {:?}", String::from_utf8_lossy(&self.body));
        self
    }
}

/// Sends a GET and reads the answer.
pub async fn get(authority: &str, target: &str) -> Response {
    request(authority, "GET", target, b"").await
}

/// Sends one request on a fresh connection and reads the answer up to the end of that connection.
pub async fn request(authority: &str, method: &str, target: &str, body: &[u8]) -> Response {
    let bytes = within(&format!("{method} {target}"), async {
        let mut stream = TcpStream::connect(authority).await.expect("the server listens");
        let head = format!(
            "{method} {target} HTTP/1.1\r\n\
             Host: {authority}\r\n\
             Content-Type: text/plain;charset=UTF-8\r\n\
             Content-Length: {}\r\n\
             Connection: close\r\n\r\n",
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        stream.write_all(&request).await.expect("the server reads the request");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("an answer, not a reset");
        bytes
    })
    .await;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Response {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        other => panic!("no whole answer ({other:?}): {:?}", String::from_utf8_lossy(bytes)),
    };
    let mut response = Response {
        status: head.code.expect("a status"),
        headers: head
            .headers
            .iter()
            .map(|header| {
                (header.name.to_lowercase(), String::from_utf8_lossy(header.value).into_owned())
            })
            .collect(),
        body: Vec::new(),
    };
    let body = &bytes[length..];
    response.body = if response.header("transfer-encoding") == Some("chunked") {
        join_chunks(body)
    } else {
        if let Some(length) = response.header("content-length") {
            assert_eq!(length.parse(), Ok(body.len()), "the length that was announced");
        }
        body.to_vec()
    };
    response
}

fn join_chunks(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(bytes)
        else {
            panic!("a chunk without its size: {:?}", String::from_utf8_lossy(bytes));
        };
        if size == 0 {
            return body;
        }
        let end = start + usize::try_from(size).expect("a chunk that fits into memory");
        body.extend_from_slice(bytes.get(start..end).expect("a whole chunk"));
        bytes = bytes.get(end + 2..).expect("a line end after each chunk");
    }
}
