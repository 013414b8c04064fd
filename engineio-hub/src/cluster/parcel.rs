//! The bytes of a message between nodes.
//!
//! ```text
//! @node=k3J9aQ2xLm seq=00000000000000000042 volatile key=7 plain lengths=6,4
//! 4hello..
//! ```
//!
//! A line of words that begins with `@`, and then frames as a WebSocket of revision 3 has them: `4`
//! and text, or the byte 4 and bytes. A message without the line is one frame. Words that aren't
//! known are skipped.

use bytes::{Buf, Bytes};
use bytestring::ByteString;
use engineio_proto::{Message, Outgoing};

/// A message that came.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// Who published it, and how many of that node's there were to this subject with it.
    pub(crate) origin: Option<(String, u64)>,
    pub(crate) outgoing: Outgoing,
}

/// The bytes of a message whose number isn't known yet.
pub(crate) struct Unnumbered {
    bytes: Vec<u8>,
    /// Where the number goes.
    number_at: usize,
}

impl Unnumbered {
    pub(crate) fn new(node: &str, outgoing: &Outgoing) -> Self {
        let messages = outgoing.messages();
        let length: usize = messages.iter().map(|message| message.len() + 1).sum();
        let mut bytes = Vec::with_capacity(length + 64 + 8 * messages.len());
        bytes.extend_from_slice(format!("@node={node} seq=").as_bytes());
        let number_at = bytes.len();
        bytes.extend_from_slice(&[b'0'; DIGITS]);
        if outgoing.is_volatile() {
            bytes.extend_from_slice(b" volatile");
        }
        if let Some(key) = outgoing.key() {
            bytes.extend_from_slice(format!(" key={key}").as_bytes());
        }
        if !outgoing.is_compressible() {
            bytes.extend_from_slice(b" plain");
        }
        if messages.len() != 1 {
            let lengths: Vec<_> = messages.iter().map(|it| (it.len() + 1).to_string()).collect();
            bytes.extend_from_slice(format!(" lengths={}", lengths.join(",")).as_bytes());
        }
        bytes.push(b'\n');
        for message in messages {
            bytes.push(if matches!(message, Message::Text(_)) { TEXT } else { BINARY });
            bytes.extend_from_slice(message.as_bytes());
        }
        Self { bytes, number_at }
    }

    pub(crate) fn numbered(mut self, number: u64) -> Bytes {
        let digits = format!("{number:0DIGITS$}");
        let place = self.bytes.get_mut(self.number_at..self.number_at + DIGITS);
        if let Some(place) = place.filter(|place| place.len() == digits.len()) {
            place.copy_from_slice(digits.as_bytes());
        }
        self.bytes.into()
    }
}

impl Parcel {
    /// `None`: it is illegal.
    pub(crate) fn read(mut payload: Bytes) -> Option<Self> {
        if payload.first() != Some(&b'@') {
            return Some(Self { origin: None, outgoing: frame(payload)?.into() });
        }
        let end = payload.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(payload.get(1..end)?).ok()?;
        let (mut node, mut number, mut lengths, mut key) = (None, None, None, None);
        let (mut is_volatile, mut is_plain) = (false, false);
        for word in line.split(' ') {
            match word.split_once('=') {
                Some(("node", name)) if !name.is_empty() && name.len() <= LONGEST_NAME => {
                    node = Some(name.to_owned());
                }
                Some(("seq", it)) => number = Some(it.parse().ok()?),
                Some(("key", it)) => key = Some(it.parse().ok()?),
                Some(("lengths", it)) => {
                    let all = it.split(',').filter(|it| !it.is_empty()).map(|it| it.parse().ok());
                    lengths = Some(all.collect::<Option<Vec<usize>>>()?);
                }
                _ => {
                    is_volatile |= word == "volatile";
                    is_plain |= word == "plain";
                }
            }
        }
        payload.advance(end + 1);
        let mut outgoing = match lengths {
            None => frame(payload)?.into(),
            Some(lengths) => Outgoing::batch(frames(payload, &lengths)?),
        };
        if is_volatile {
            outgoing = outgoing.volatile();
        }
        if let Some(key) = key {
            outgoing = outgoing.keep_latest(key);
        }
        Some(Self { origin: node.zip(number), outgoing: outgoing.compress(!is_plain) })
    }
}

fn frames(mut payload: Bytes, lengths: &[usize]) -> Option<Vec<Message>> {
    let mut messages = Vec::new();
    for length in lengths {
        if *length > payload.len() {
            return None;
        }
        let mut one = payload.clone();
        one.truncate(*length);
        payload.advance(*length);
        messages.push(frame(one)?);
    }
    payload.is_empty().then_some(messages)
}

/// The message of a frame.
fn frame(mut payload: Bytes) -> Option<Message> {
    let first = *payload.first()?;
    payload.advance(1);
    match first {
        TEXT => Some(Message::Text(ByteString::try_from(payload).ok()?)),
        BINARY => Some(Message::Binary(payload)),
        _ => None,
    }
}

const TEXT: u8 = b'4';
const BINARY: u8 = 4;

/// As many as the largest number has.
const DIGITS: usize = 20;

/// No line is longer, but for one of a batch of thousands.
const LONGEST_LINE: usize = 64 << 10;

const LONGEST_NAME: usize = 64;
