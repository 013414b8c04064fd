//! It makes no difference how the network cuts the bytes.

use bytestring::ByteString;
use engineio_hub::websocket::{Fault, Received, WebSocket};
use engineio_proto::Frame;
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::Socket;
use crate::client::{BINARY, CLOSE, CONTINUE, FINAL, PING, PONG, TEXT, masked};

/// One thing that a client sends.
#[derive(Clone, Debug)]
enum Sent {
    Text { text: String, cuts: Vec<Index>, between: Vec<u8> },
    Binary { bytes: Vec<u8>, cuts: Vec<Index> },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn sent() -> impl Strategy<Value = Sent> {
    let cuts = || vec(any::<Index>(), 0..4);
    prop_oneof![
        ("\\PC{0,40}", cuts(), vec(any::<u8>(), 0..8))
            .prop_map(|(text, cuts, between)| Sent::Text { text, cuts, between }),
        (vec(any::<u8>(), 0..3000), cuts()).prop_map(|(bytes, cuts)| Sent::Binary { bytes, cuts }),
        vec(any::<u8>(), 0..=125).prop_map(Sent::Ping),
        vec(any::<u8>(), 0..=125).prop_map(Sent::Pong),
    ]
}

/// The bytes on the wire, and what must be received and sent.
#[derive(Default)]
struct Script {
    wire: Vec<u8>,
    incoming: Vec<Received>,
    outgoing: Vec<u8>,
    masks: u32,
}

impl Script {
    fn new(all: &[Sent]) -> Self {
        let mut script = Self::default();
        all.iter().for_each(|sent| script.add(sent));
        script
    }

    fn add(&mut self, sent: &Sent) {
        match sent {
            Sent::Text { text, cuts, between } => {
                self.fragments(TEXT, text.as_bytes(), cuts, Some(between));
                self.incoming.push(Received::Frame(Frame::text(ByteString::from(text.as_str()))));
            }
            Sent::Binary { bytes, cuts } => {
                self.fragments(BINARY, bytes, cuts, None);
                self.incoming.push(Received::Frame(Frame::binary(bytes.clone().into())));
            }
            Sent::Ping(data) => self.ping(data),
            Sent::Pong(data) => self.frame(FINAL | PONG, data),
        }
    }

    fn fragments(&mut self, opcode: u8, bytes: &[u8], cuts: &[Index], between: Option<&[u8]>) {
        let mut cuts = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect::<Vec<_>>();
        cuts.sort_unstable();
        let mut opcode = opcode;
        let mut start = 0;
        for end in cuts {
            self.frame(opcode, &bytes[start..end]);
            between.into_iter().for_each(|data| self.ping(data));
            opcode = CONTINUE;
            start = end;
        }
        self.frame(FINAL | opcode, &bytes[start..]);
    }

    fn ping(&mut self, data: &[u8]) {
        self.frame(FINAL | PING, data);
        self.outgoing.extend([FINAL | PONG, data.len() as u8]);
        self.outgoing.extend(data);
    }

    fn frame(&mut self, first: u8, payload: &[u8]) {
        self.masks = self.masks.wrapping_mul(0x9e37_79b9).wrapping_add(0x7f4a_7c15);
        self.wire.extend(masked(first, self.masks.to_be_bytes(), payload));
    }
}

/// Everything that results from these chunks.
fn run<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Received>, Option<Fault>, Vec<u8>) {
    let mut socket = Socket::new(WebSocket::server(5_000));
    let mut all = Vec::new();
    let mut fault = None;
    for chunk in chunks {
        socket.receive(chunk);
        loop {
            match socket.poll_received() {
                Ok(Some(incoming)) => all.push(incoming),
                Ok(None) => break,
                Err(error) => {
                    fault = Some(error);
                    break;
                }
            }
        }
    }
    (all, fault, socket.write_all())
}

/// Everything that results from this wire, of which each read brings no more than `most`. What can
/// be is read to the message's own memory.
fn run_into_room(mut wire: &[u8], most: usize) -> Vec<Received> {
    let mut socket = WebSocket::server(MAX_LONG);
    let mut all = Vec::new();
    while !wire.is_empty() {
        let mut chunk: &[u8] = &[];
        if let Some(room) = socket.room(most) {
            let (read, rest) = wire.split_at(room.len().min(most));
            room[..read.len()].copy_from_slice(read);
            wire = rest;
            if !socket.fill(read.len()) {
                continue;
            }
        } else {
            (chunk, wire) = wire.split_at(most.min(wire.len()));
        }
        while let Some(received) = socket.receive(&mut chunk).unwrap() {
            all.push(received);
        }
    }
    all
}

const MAX_LONG: usize = 200_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn long_messages_that_are_read_to_their_own_memory_come_as_they_were_sent(
        all in vec((0..MAX_LONG, vec(any::<Index>(), 0..3), any::<u8>()), 1..4),
        most in 1000..70_000_usize,
    ) {
        let mut script = Script::default();
        for (length, cuts, seed) in all {
            let bytes = (0..length).map(|at| (at as u8).wrapping_mul(31) ^ seed).collect::<Vec<_>>();
            script.fragments(BINARY, &bytes, &cuts, Some(b"between"));
            script.incoming.push(Received::Frame(Frame::binary(bytes.into())));
        }
        prop_assert!(run_into_room(&script.wire, most) == script.incoming);
    }
}

proptest! {
    #[test]
    fn all_that_was_sent_comes_in_however_it_is_cut(
        all in vec(sent(), 0..12),
        close in proptest::option::of(3000..5000_u16),
        cut in 1..2000_usize,
    ) {
        let mut script = Script::new(&all);
        if let Some(code) = close {
            script.frame(FINAL | CLOSE, &code.to_be_bytes());
            script.incoming.push(Received::Closed(Some(code)));
            script.outgoing.extend([FINAL | CLOSE, 2]);
            script.outgoing.extend(code.to_be_bytes());
        }
        let expected = (script.incoming, None, script.outgoing);
        prop_assert_eq!(&run([&script.wire[..]]), &expected);
        prop_assert_eq!(&run(script.wire.chunks(1)), &expected);
        prop_assert_eq!(&run(script.wire.chunks(cut)), &expected);
    }

    #[test]
    fn a_damaged_wire_gives_the_same_however_it_is_cut(
        all in vec(sent(), 1..6),
        damage in vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut wire = Script::new(&all).wire;
        for (index, byte) in damage {
            *index.get_mut(&mut wire) = byte;
        }
        prop_assert_eq!(run([&wire[..]]), run(wire.chunks(1)));
    }

    #[test]
    fn noise_gives_the_same_however_it_is_cut(wire in vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(run([&wire[..]]), run(wire.chunks(1)));
    }
}
