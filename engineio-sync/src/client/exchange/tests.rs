//! Answers, whole and in pieces.

use super::*;

const LIMIT: usize = 1000;

fn exchange(method: Method, url: &str, body: &'static str) -> ClientExchange {
    let request = Request::builder().method(method).uri(url).header("accept", "*/*");
    ClientExchange::new(request.body(body.into()).expect("legal"), LIMIT).expect("a request")
}

fn get() -> ClientExchange {
    let mut exchange = exchange(Method::GET, "http://host:81/path?query", "");
    exchange.sent(exchange.unsent().len());
    exchange
}

/// Gives it in two pieces, at every place, and byte by byte. The outcome is always the same.
fn told(bytes: &[u8]) -> Result<Told, Failure> {
    let whole = told_in_pieces([bytes]);
    let single = told_in_pieces(bytes.chunks(1));
    assert_eq!(whole.as_ref().map(known), single.as_ref().map(known));
    for place in 0..bytes.len() {
        let (first, second) = bytes.split_at(place);
        let halves = told_in_pieces([first, second]);
        assert_eq!(whole.as_ref().map(known), halves.as_ref().map(known), "at {place}");
    }
    whole
}

/// Status, body, what followed, and whether the connection can be used again.
type Told = Option<(u16, Vec<u8>, Vec<u8>, bool)>;

/// What doesn't depend on how far was read.
fn known(told: &Told) -> Option<(u16, &[u8])> {
    told.as_ref().map(|(status, body, ..)| (*status, &body[..]))
}

fn told_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Told, Failure> {
    let mut exchange = get();
    for piece in pieces {
        match exchange.receive(piece) {
            Ok(Some(Answer { parts, body, rest, may_reuse })) => {
                return Ok(Some((parts.status.as_u16(), body.to_vec(), rest, may_reuse)));
            }
            Ok(None) => {}
            Err(fault) => return Err(fault.failure()),
        }
    }
    Ok(None)
}

fn whole(status: u16, body: &str, rest: &str, may_reuse: bool) -> Result<Told, Failure> {
    Ok(Some((status, body.into(), rest.into(), may_reuse)))
}

#[test]
fn request_has_its_target_host_and_length() {
    for (method, url, body, text) in [
        (
            Method::GET,
            "http://host:81/path?query",
            "",
            "GET /path?query HTTP/1.1\r\nhost: host:81\r\naccept: */*\r\n\r\n",
        ),
        (
            Method::GET,
            "https://[::1]:443/",
            "",
            "GET / HTTP/1.1\r\nhost: [::1]\r\naccept: */*\r\n\r\n",
        ),
        (
            Method::POST,
            "http://host:80/x",
            "4hello",
            "POST /x HTTP/1.1\r\nhost: host\r\naccept: */*\r\ncontent-length: 6\r\n\r\n4hello",
        ),
        (
            Method::POST,
            "http://host/x",
            "",
            "POST /x HTTP/1.1\r\nhost: host\r\naccept: */*\r\ncontent-length: 0\r\n\r\n",
        ),
        (
            Method::CONNECT,
            "host:443",
            "",
            "CONNECT host:443 HTTP/1.1\r\nhost: host:443\r\naccept: */*\r\n\r\n",
        ),
    ] {
        let mut exchange = exchange(method, url, body);
        assert_eq!(String::from_utf8_lossy(exchange.unsent()), text);
        exchange.sent(5);
        assert_eq!(String::from_utf8_lossy(exchange.unsent()), text[5..]);
        exchange.sent(text.len());
        assert_eq!(exchange.unsent(), b"");
    }
}

#[test]
fn answers_of_every_length_are_read() {
    let length = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(told(length), whole(200, "hello", "", true));
    let none = b"HTTP/1.1 204 No Content\r\n\r\n";
    assert_eq!(told(none), whole(204, "", "", true));
    let zero = b"HTTP/1.1 302 Found\nLocation: /\nContent-Length: 0\n\n";
    assert_eq!(told(zero), whole(302, "", "", true));
    let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
        3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n";
    assert_eq!(told(chunks), whole(200, "hello", "", true));
    let closing = b"HTTP/1.1 400 X\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
    assert_eq!(told(closing), whole(400, "no", "", false));
    let old = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
    assert_eq!(told(old), whole(200, "ok", "", false));
}

#[test]
fn body_without_a_length_lasts_to_the_end_of_the_connection() {
    let mut exchange = get();
    let head = b"HTTP/1.1 200 OK\r\n\r\nhel";
    assert!(exchange.receive(head).expect("sound").is_none());
    assert!(exchange.receive(b"lo").expect("sound").is_none());
    let answer = exchange.end().expect("an answer");
    assert_eq!((&answer.body[..], answer.may_reuse), (&b"hello"[..], false));
}

#[test]
fn interim_answers_are_passed_over() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n\
        HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    assert_eq!(told(bytes), whole(200, "ok", "", true));
}

#[test]
fn what_follows_is_handed_on() {
    let switched = b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n\x81\x01a";
    let rest = b"\x81\x01a".to_vec();
    assert_eq!(told_in_pieces([&switched[..]]), Ok(Some((101, Vec::new(), rest, false))));
    let more = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP";
    assert_eq!(told_in_pieces([&more[..]]), whole(200, "ok", "HTTP", false));
}

#[test]
fn answer_to_a_connect_is_its_head() {
    for (bytes, status) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"[..], 200),
        (b"HTTP/1.1 407 X\r\nContent-Length: 9\r\n\r\n", 407),
    ] {
        let mut exchange = exchange(Method::CONNECT, "host:443", "");
        let answer = exchange.receive(bytes).expect("sound").expect("an answer");
        assert_eq!(answer.parts.status.as_u16(), status);
        assert_eq!(answer.body, "");
    }
}

#[test]
fn answer_before_the_end_of_the_request_ends_the_connection() {
    let mut exchange = exchange(Method::POST, "http://host/", "4hello");
    exchange.sent(5);
    let bytes = b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n";
    let answer = exchange.receive(bytes).expect("sound").expect("an answer");
    assert!(!answer.may_reuse);
}

#[test]
fn what_is_no_answer_is_malformed() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 099 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: \x01\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ] {
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(told(bytes), Err(Failure::Malformed), "{text}");
    }
}

#[test]
fn nothing_grows_without_bounds() {
    let endless = |start: &str, more: &str| {
        let mut exchange = get();
        let mut outcome = exchange.receive(start.as_bytes()).map(drop);
        for _ in 0..100_000 {
            if let Err(fault) = outcome {
                assert!(exchange.received.capacity() < 4 * LONGEST_HEAD);
                return fault.failure();
            }
            outcome = exchange.receive(more.as_bytes()).map(drop);
        }
        panic!("{start}{more}");
    };
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (start, more, failure) in [
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n", Failure::Malformed),
        ("HTTP/1.1 200 OK\r\na: ", "b", Failure::Malformed),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", Failure::Malformed),
        ("HTTP/1.1 200 OK\r\n\r\n", "body", Failure::TooLarge),
        (chunked, "1\r\nx\r\n", Failure::TooLarge),
        (chunked, "0", Failure::Malformed),
        (&format!("{chunked}0\r\n"), "a: b\r\n", Failure::Malformed),
        (&format!("{chunked}0\r\na: "), "b", Failure::Malformed),
    ] {
        assert_eq!(endless(start, more), failure, "{start}{more}");
    }
}

#[test]
fn length_over_the_limit_is_refused_before_the_body() {
    let told = told_in_pieces([&b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"[..]]);
    assert_eq!(told, Err(Failure::TooLarge));
}

#[test]
fn end_inside_of_an_answer_is_a_cut() {
    for bytes in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    ] {
        let mut exchange = get();
        assert!(exchange.receive(bytes.as_bytes()).expect("sound").is_none());
        assert!(matches!(exchange.end(), Err(Fault::Cut)), "{bytes}");
    }
}
