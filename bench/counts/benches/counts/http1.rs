//! Requests over HTTP/1.1, from bytes to bytes.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use engineio_hub::http1::{ServerConnection, Settings};
use engineio_hub::{Hub, LONGEST_READ, Wire, Write};
use gungraun::{library_benchmark, library_benchmark_group};

use crate::TIMES;
use crate::hub::{EchoHandler, new_hub};

library_benchmark_group!(
    name = requests;
    benchmarks = handshake_and_close, post_and_poll
);

/// The headers of a client that says no more than it must.
const SHORT: &str = "Host: example.org\r\n";

/// The headers of a browser.
const BROWSER: &str = "Host: example.org\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0\r\n\
    Accept: */*\r\n\
    Accept-Language: en-US,en;q=0.9\r\n\
    Accept-Encoding: identity\r\n\
    Connection: keep-alive\r\n\
    Referer: http://example.org/\r\n\
    Origin: http://example.org\r\n\
    Sec-Fetch-Dest: empty\r\n\
    Sec-Fetch-Mode: cors\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef\r\n";

/// A connection to a server that echoes, and requests for it.
struct Client {
    connection: ServerConnection,
    scratch: Vec<u8>,
    answer: Vec<u8>,
    open: Vec<u8>,
    post: Vec<u8>,
    poll: Vec<u8>,
    /// Where the session's identifier is, in the answer that opens it and in the two requests.
    sid: [usize; 3],
    /// Without it the server would be gone.
    _hub: Hub,
}

impl Client {
    fn new(headers: &str, body: &str) -> Self {
        let hub = new_hub();
        hub.handle(EchoHandler);
        let settings = Arc::new(Settings::new(Duration::from_secs(45)));
        let target = "/engine.io/?EIO=4&transport=polling";
        let get = |target: &str| format!("GET {target} HTTP/1.1\r\n{headers}\r\n");
        let of_a_session = format!("{target}&sid={SID}");
        let length = body.len();
        let post = format!(
            "POST {of_a_session} HTTP/1.1\r\n{headers}Content-Type: text/plain;charset=UTF-8\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        let mut client = Self {
            connection: ServerConnection::new(&hub, &settings, None),
            scratch: vec![0; LONGEST_READ],
            answer: Vec::new(),
            open: get(target).into(),
            post: post.into(),
            poll: get(&of_a_session).into(),
            sid: [0; 3],
            _hub: hub,
        };
        ask(&mut client.connection, &mut client.scratch, &client.open, &mut client.answer);
        client.sid = [
            behind(&client.answer, b"\"sid\":\""),
            behind(&client.post, b"&sid="),
            behind(&client.poll, b"&sid="),
        ];
        client
    }

    /// Opens a session, for the requests that follow.
    fn open(&mut self) {
        ask(&mut self.connection, &mut self.scratch, &self.open, &mut self.answer);
        let [in_answer, in_post, in_poll] = self.sid;
        let sid = &self.answer[in_answer..in_answer + SID.len()];
        self.post[in_post..in_post + SID.len()].copy_from_slice(sid);
        self.poll[in_poll..in_poll + SID.len()].copy_from_slice(sid);
    }

    fn post(&mut self) {
        ask(&mut self.connection, &mut self.scratch, &self.post, &mut self.answer);
        assert!(self.answer.ends_with(b"ok"));
    }

    fn poll(&mut self) {
        ask(&mut self.connection, &mut self.scratch, &self.poll, &mut self.answer);
        assert!(self.answer.ends_with(b"x"));
    }
}

/// As long as those of the server.
const SID: &str = "0123456789abcdef012345";

/// Where in these bytes a part ends.
fn behind(bytes: &[u8], part: &[u8]) -> usize {
    let place = bytes.windows(part.len()).position(|window| window == part);
    place.expect("it is there") + part.len()
}

/// Sends a request, and takes the answer, as a binding does.
fn ask(
    connection: &mut ServerConnection,
    scratch: &mut [u8],
    mut request: &[u8],
    answer: &mut Vec<u8>,
) {
    answer.clear();
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        while let Poll::Ready(write) = connection.poll_write(cx) {
            let Write::Bytes([first, second]) = write else { panic!("it ended") };
            answer.extend_from_slice(first);
            answer.extend_from_slice(second);
            let written = first.len() + second.len();
            connection.written(written);
        }
        assert!(connection.poll_abort().is_pending());
        let read = |_: &mut Context<'_>, buffer: &mut [u8]| {
            if request.is_empty() {
                return Poll::Pending;
            }
            buffer[..request.len()].copy_from_slice(request);
            let count = request.len();
            request = &[];
            Poll::Ready(Ok::<_, ()>(count))
        };
        if connection.poll_receive(cx, scratch, read).is_pending() {
            return;
        }
        connection.is_turn_over();
    }
}

fn closing(headers: &str) -> Client {
    let mut client = Client::new(headers, "1");
    client.open();
    client.post();
    client
}

#[library_benchmark(setup = closing)]
#[bench::short(SHORT)]
#[bench::browser(BROWSER)]
fn handshake_and_close(mut client: Client) -> Client {
    for _ in 0..TIMES {
        client.open();
        client.post();
    }
    client
}

fn talking(headers: &str) -> Client {
    let packet = format!("4{}", "x".repeat(64));
    let mut client = Client::new(headers, &vec![packet; 10].join("\u{1e}"));
    client.open();
    client
}

#[library_benchmark(setup = talking)]
#[bench::short(SHORT)]
#[bench::browser(BROWSER)]
fn post_and_poll(mut client: Client) -> Client {
    for _ in 0..TIMES {
        client.post();
        client.poll();
    }
    client
}
