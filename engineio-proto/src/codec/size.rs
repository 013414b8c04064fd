//! How large a payload will be, before it is made.

use super::framing::Framing;
use super::packet::{Item, is_binary};
use super::payload::BinaryEncoding;
use crate::packet::Packet;
use crate::revision::Revision;

/// The exact size of the payload that [`encode_payload`](crate::encode_payload)
/// makes of some packets.
///
/// It is a small value that is added to: ask what the size would be
/// [`with`](Self::with) one packet more, and keep the answer if that still fits.
///
/// ```
/// use engineio_proto::{BinaryEncoding, Packet, PayloadSize, Revision};
///
/// let waiting = [Packet::Noop, Packet::Message("hello".into()), Packet::Message("world".into())];
/// let mut size = PayloadSize::new(Revision::V4, BinaryEncoding::Raw);
/// for packet in &waiting {
///     let more = size.with(packet);
///     if more.bytes() > 10 {
///         break;
///     }
///     size = more;
/// }
/// assert_eq!(size.packets(), 2);
/// assert_eq!(size.bytes(), "6\u{1e}4hello".len());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PayloadSize {
    revision: Revision,
    binary: BinaryEncoding,
    packets: usize,
    /// The first binary packet changes the framing of all, so both sizes are kept.
    has_binary: bool,
    as_text: usize,
    as_binary: usize,
}

impl PayloadSize {
    /// The size of no packets, with the arguments that `encode_payload` will get.
    pub const fn new(revision: Revision, binary: BinaryEncoding) -> Self {
        let binary = if revision.has_binary_payloads() { binary } else { BinaryEncoding::Base64 };
        Self { revision, binary, packets: 0, has_binary: false, as_text: 0, as_binary: 0 }
    }

    /// The size with `packet` behind the others. A size too large to represent
    /// stays at the largest there is.
    #[must_use = "the size itself does not change"]
    pub fn with(self, packet: &Packet) -> Self {
        let grow = |bytes: usize, framing: Framing| {
            let item = Item::new(self.revision, packet, framing.binary());
            bytes.saturating_add(framing.added(&item, bytes))
        };
        Self {
            packets: self.packets + 1,
            has_binary: self.has_binary || is_binary(packet),
            as_text: grow(self.as_text, self.text_framing()),
            as_binary: match self.binary {
                BinaryEncoding::Raw => grow(self.as_binary, Framing::Marked),
                BinaryEncoding::Base64 => 0,
            },
            ..self
        }
    }

    /// The size in bytes.
    pub const fn bytes(&self) -> usize {
        match self.framing() {
            Framing::Marked => self.as_binary,
            Framing::Separated | Framing::Counted => self.as_text,
        }
    }

    /// How many packets it is the size of.
    pub const fn packets(&self) -> usize {
        self.packets
    }

    pub(super) const fn revision(&self) -> Revision {
        self.revision
    }

    pub(super) const fn framing(&self) -> Framing {
        match self.binary {
            BinaryEncoding::Raw if self.has_binary => Framing::Marked,
            BinaryEncoding::Raw | BinaryEncoding::Base64 => self.text_framing(),
        }
    }

    const fn text_framing(&self) -> Framing {
        match self.revision {
            Revision::V3 => Framing::Counted,
            Revision::V4 => Framing::Separated,
        }
    }
}
