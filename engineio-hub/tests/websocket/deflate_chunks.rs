//! It makes no difference how the network cuts compressed messages, or how a client fragments them.

use engineio_hub::websocket::{Fault, Received};
use engineio_proto::Frame;
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::client::{BINARY, CONTINUE, FINAL, PING, TEXT, frame};
use crate::compressed::{deflated, json};
use crate::deflate::{HELLO, server};

const RSV1: u8 = 0x40;

/// A message, how it is compressed if it is, and where it is cut into frames.
#[derive(Clone, Debug)]
struct Sent {
    payload: Vec<u8>,
    is_text: bool,
    level: Option<u32>,
    cuts: Vec<Index>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let payload = prop_oneof![
        "\\PC{0,60}".prop_map(|text| (text.into_bytes(), true)),
        (0..4_000_usize).prop_map(|length| (json(length).into_bytes(), true)),
        vec(any::<u8>(), 0..2_000).prop_map(|bytes| (bytes, false)),
    ];
    let level = proptest::option::of(0..10_u32);
    (payload, level, vec(any::<Index>(), 0..4)).prop_map(|((payload, is_text), level, cuts)| Sent {
        payload,
        is_text,
        level,
        cuts,
    })
}

impl Sent {
    fn received(&self) -> Received {
        let payload = self.payload.clone().into();
        Received::Frame(if self.is_text {
            Frame::try_text(payload).unwrap()
        } else {
            Frame::binary(payload)
        })
    }

    fn write(&self, wire: &mut Vec<u8>) {
        let opcode = if self.is_text { TEXT } else { BINARY };
        let (mut first, payload) = match self.level {
            Some(level) => (RSV1 | opcode, deflated(&self.payload, level)),
            None => (opcode, self.payload.clone()),
        };
        let mut cuts = self.cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect::<Vec<_>>();
        cuts.sort_unstable();
        let mut start = 0;
        for end in cuts {
            wire.extend(frame(first, &payload[start..end]));
            wire.extend(frame(FINAL | PING, b"between"));
            (first, start) = (CONTINUE, end);
        }
        wire.extend(frame(FINAL | first, &payload[start..]));
    }
}

/// Everything that results from these chunks.
fn run<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Received>, Option<Fault>, Vec<u8>) {
    let mut socket = server(5_000);
    let (mut all, mut fault) = (Vec::new(), None);
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

proptest! {
    // Compressing takes its time in a build without optimizations.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn compressed_messages_come_in_however_they_are_cut(
        all in vec(sent(), 1..8),
        cut in 1..2_000_usize,
    ) {
        let mut wire = Vec::new();
        all.iter().for_each(|sent| sent.write(&mut wire));
        let expected = all.iter().map(Sent::received).collect::<Vec<_>>();
        let (received, fault, answers) = run([&wire[..]]);
        prop_assert_eq!((&received, &fault), (&expected, &None));
        let whole = (received, fault, answers);
        prop_assert_eq!(&run(wire.chunks(1)), &whole);
        prop_assert_eq!(&run(wire.chunks(cut)), &whole);
    }

    #[test]
    fn damaged_data_gives_the_same_however_it_is_cut(
        all in vec(sent(), 1..4),
        damage in vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut wire = frame(FINAL | RSV1 | TEXT, HELLO);
        all.iter().for_each(|sent| sent.write(&mut wire));
        for (index, byte) in damage {
            *index.get_mut(&mut wire) = byte;
        }
        prop_assert_eq!(run([&wire[..]]), run(wire.chunks(1)));
    }
}
