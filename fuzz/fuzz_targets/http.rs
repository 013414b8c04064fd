// No panic; requests are found the same in one chunk as byte by byte; behind a fault nothing is
// found; a head is read in place if and only if it is found whole and sound; a body of a stated length
// is as long as that; the `http` crate takes each head that is read.
#![no_main]

use bytes::{Buf, BytesMut};
use engineio_hub::http1::internal::{Body, Fault, HeadReader, ReadHead};
use http::uri::PathAndQuery;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|wire: &[u8]| {
    let whole = run([wire]);
    assert_eq!(whole, run(wire.chunks(1)));
    for request in &whole.0 {
        assert!(
            request
                .stated
                .is_none_or(|length| request.is_cut || request.body.len() as u64 == length)
        );
    }
});

#[derive(Debug, PartialEq, Eq)]
struct Request {
    head: String,
    /// The length that its head names.
    stated: Option<u64>,
    body: Vec<u8>,
    /// The input ended before it did, or it isn't HTTP any more.
    is_cut: bool,
}

/// The requests, and how it ends.
fn run<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Request>, Option<Fault>) {
    let (mut input, mut heads) = (BytesMut::new(), HeadReader::default());
    let mut requests: Vec<Request> = Vec::new();
    let mut body: Option<Body> = None;
    for chunk in chunks {
        input.extend_from_slice(chunk);
        loop {
            let taken = match (&mut body, requests.last_mut()) {
                (Some(coming), Some(request)) => match coming.take(&mut input) {
                    Ok(Some(part)) => {
                        request.body.extend_from_slice(&part);
                        continue;
                    }
                    Ok(None) if coming.is_ended() => {
                        request.is_cut = false;
                        body = None;
                        continue;
                    }
                    Ok(None) => break,
                    Err(fault) => Err(fault),
                },
                _ => heads.find(&mut input),
            };
            let in_place = ReadHead::whole(&input, |head, len| (head.target().to_owned(), len));
            let head = match taken {
                Ok(None) => {
                    assert_eq!(in_place, None);
                    break;
                }
                Ok(Some(len)) => ReadHead::new(&input[..len]).map(|head| (len, head)),
                Err(fault) => Err(fault),
            };
            let found = head.as_ref().ok().map(|(len, head)| (head.target().to_owned(), *len));
            assert!(body.is_some() || in_place == found);
            match head {
                Ok((len, head)) => {
                    body = Some(head.body());
                    requests.push(Request::begin(&head, &input[..len]));
                    input.advance(len);
                }
                Err(fault) => return (requests, Some(fault)),
            }
        }
    }
    (requests, None)
}

impl Request {
    fn begin(head: &ReadHead<'_>, bytes: &[u8]) -> Self {
        let kept = head.keep();
        let parts = kept.get();
        let (is_kept_alive, expects_continue) = (head.is_kept_alive(), head.expects_continue());
        let mut text =
            format!("{} {} {is_kept_alive} {expects_continue}\n", parts.method, parts.uri);
        for (name, value) in &parts.headers {
            text += &format!("{name}:{}\n", value.as_bytes().escape_ascii());
        }
        // A line each, between the request's own and the empty one.
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(parts.headers.len() + 2, lines, "{}", bytes.escape_ascii());
        assert!(bytes.starts_with(parts.method.as_str().as_bytes()));
        assert_eq!(head.target(), parts.uri.path_and_query().map_or("/", PathAndQuery::as_str));
        let stated = if let Body::Sized(length) = head.body() { Some(length) } else { None };
        Self { head: text, stated, body: Vec::new(), is_cut: true }
    }
}
