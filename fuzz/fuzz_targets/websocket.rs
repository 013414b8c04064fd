// No panic; whatever arrives is understood and answered the same in one chunk as byte by byte;
// no message is longer than the limit; and tungstenite's own reading finds the same in it. With
// compression, whatever was inflated is sent, and read by a client as it was.
#![no_main]

use std::io::{self, ErrorKind, Read, Write};

use engineio_hub::websocket::{Deflate, Fault, Received, WebSocket};
use engineio_proto::Frame;
use http::HeaderMap;
use http::header::SEC_WEBSOCKET_EXTENSIONS;
use libfuzzer_sys::fuzz_target;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

const MAX_PAYLOAD: usize = 1_000;

fuzz_target!(|wire: &[u8]| {
    compressed(wire);
    let whole = run(WebSocket::server(MAX_PAYLOAD), [wire]);
    assert_eq!(whole, run(WebSocket::server(MAX_PAYLOAD), wire.chunks(1)));
    let (received, fault, _) = whole;
    for incoming in &received {
        assert!(!matches!(incoming, Received::Frame(frame) if frame.len() > MAX_PAYLOAD));
    }
    let (expected, expected_fault) = match &fault {
        // The number of fragments is ours to bound.
        Some(Fault::TooManyFragments) => return,
        // A fault may show before the frame is whole.
        Some(_) => model(&[wire, &[0; MAX_PAYLOAD + 200]].concat()),
        None => model(wire),
    };
    if matches!(expected_fault, Some(Error::Utf8(_))) {
        // It checks each fragment of a text, and not the whole at the end.
        assert!(received.starts_with(&expected));
    } else {
        assert_eq!(received, expected);
        assert_eq!(fault.is_some(), expected_fault.is_some());
    }
});

/// The same with compression, in both directions.
fn compressed(wire: &[u8]) {
    let offer = HeaderMap::from_iter([(SEC_WEBSOCKET_EXTENSIONS, Deflate::offer())]);
    let deflate = Deflate::accept(&offer, 0).expect("a legal offer");
    let answer = HeaderMap::from_iter([(SEC_WEBSOCKET_EXTENSIONS, deflate.answer())]);
    let theirs = Deflate::agreed(&answer, 0).expect("a legal answer");
    let server = || WebSocket::server(MAX_PAYLOAD).compressed(Some(deflate));
    let whole = run(server(), [wire]);
    assert_eq!(whole, run(server(), wire.chunks(1)));
    let (mut server, mut client) = (server(), WebSocket::client(MAX_PAYLOAD).compressed(theirs));
    for received in whole.0 {
        let Received::Frame(frame) = received else { continue };
        assert!(frame.len() <= MAX_PAYLOAD);
        server.send(frame.clone().compress(true));
        let sent = server.unsent().concat();
        server.sent(sent.len());
        assert_eq!(client.receive(&mut &sent[..]), Ok(Some(Received::Frame(frame))));
    }
}

/// What comes in, how it ends, and what goes out.
fn run<'a>(
    mut socket: WebSocket,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Received>, Option<Fault>, Vec<u8>) {
    let (mut all, mut fault) = (Vec::new(), None);
    for mut chunk in chunks {
        loop {
            match socket.receive(&mut chunk) {
                Ok(Some(incoming)) => all.push(incoming),
                Ok(None) => break,
                Err(why) => {
                    fault = Some(why);
                    break;
                }
            }
        }
        assert!(chunk.is_empty() || fault.is_some());
    }
    let mut sent = Vec::new();
    while socket.unsent_len() > 0 {
        let part = socket.unsent().concat();
        socket.sent(part.len());
        sent.extend(part);
    }
    (all, fault, sent)
}

/// What tungstenite finds in it.
fn model(wire: &[u8]) -> (Vec<Received>, Option<Error>) {
    let config = WebSocketConfig::default()
        .read_buffer_size(1024)
        .max_message_size(Some(MAX_PAYLOAD))
        .max_frame_size(Some(MAX_PAYLOAD));
    let mut context = WebSocketContext::new(Role::Server, Some(config));
    let mut wire = Wire(wire);
    let mut all = Vec::new();
    loop {
        let received = match context.read(&mut wire) {
            Ok(Message::Text(text)) => Frame::try_text(text.into()).expect("text"),
            Ok(Message::Binary(bytes)) => Frame::binary(bytes),
            Ok(Message::Close(close)) => {
                all.push(Received::Closed(close.map(|close| close.code.into())));
                return (all, None);
            }
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => continue,
            Err(Error::Io(_)) => return (all, None),
            Err(error) => return (all, Some(error)),
        };
        all.push(Received::Frame(received));
    }
}

struct Wire<'a>(&'a [u8]);

impl Read for Wire<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
