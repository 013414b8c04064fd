//! A client of HTTP/2 by hand (RFC 9113), which allocates nothing that stays.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;

/// Of settings.
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

pub(super) struct Connection(TcpStream);

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
        let mut connection = Self(stream);
        connection.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("the server reads");
        connection.write(SETTINGS, 0, 0, &[]);
        connection.read_until(|kind, _, flags, _| kind == SETTINGS && flags != ACK);
        connection.write(SETTINGS, ACK, 0, &[]);
        connection
    }

    /// Opens a session on this stream, and reads its open packet.
    pub(super) fn open_websocket(&mut self, id: u32) {
        let mut block = Vec::new();
        for (name, value) in [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "http"),
            (":authority", "test"),
            (":path", "/engine.io/?EIO=4&transport=websocket"),
            ("sec-websocket-version", "13"),
        ] {
            // A literal that isn't indexed (RFC 7541, section 6.2.2).
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).expect("a short text"));
                block.extend(text.as_bytes());
            }
        }
        self.write(HEADERS, END_HEADERS, id, &block);
        // The open packet is the only thing with braces.
        self.read_until(|kind, of, _, payload| kind == DATA && of == id && payload.ends_with(b"}"));
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.0
    }

    fn write(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        let [_, length @ ..] = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
        let mut frame = [&length[..], &[kind, flags], &id.to_be_bytes()].concat();
        frame.extend(payload);
        self.0.write_all(&frame).expect("the server reads");
    }

    /// Reads frames up to one that fits: of this type, stream, flags and payload.
    fn read_until(&mut self, fits: impl Fn(u8, u32, u8, &[u8]) -> bool) {
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).expect("a frame");
            let [l0, l1, l2, kind, flags, id @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, l0, l1, l2]) as usize];
            self.0.read_exact(&mut payload).expect("a whole frame");
            if fits(kind, u32::from_be_bytes(id), flags, &payload) {
                return;
            }
        }
    }
}
