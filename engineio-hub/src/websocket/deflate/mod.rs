//! Compression of messages: permessage-deflate (RFC 7692).
//!
//! Without context takeover, ever: each message is compressed alone. So a WebSocket needs no state
//! of its own for it, where a pair of contexts would be a hundred times its other memory, and a
//! message for many is compressed once. A thread has one pair of contexts for all its WebSockets.

mod compress;
mod inflate;
mod negotiate;

use std::sync::OnceLock;

use bytes::Bytes;
use engineio_proto::{Frame, Message};

pub(super) use self::inflate::{inflate, longest};

pub use self::negotiate::InvalidAnswer;

/// How the messages of one WebSocket are compressed, as its two ends have agreed: by
/// permessage-deflate (RFC 7692), each message alone.
///
/// | | |
/// |---|---|
/// | a server | [`accept`](Self::accept)s what a request offers, and sends the [`answer`](Self::answer) |
/// | a client | [`offer`](Self::offer)s it, and looks at what was [`agreed`](Self::agreed) on |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    threshold: u32,
    /// The `server_max_window_bits` of the answer, which bind what a server sends.
    server_max_window_bits: Option<u8>,
    is_server: bool,
}

/// The compressed forms of a message that goes to several sessions, made with the first frames.
#[derive(Debug)]
pub(crate) struct SharedForm {
    is_text: bool,
    /// Without a type before the payload, and with one. `None`: it isn't shorter.
    forms: [OnceLock<Option<Bytes>>; 2],
}

impl SharedForm {
    pub(crate) const fn of(message: &Message) -> Self {
        Self { is_text: message.is_text(), forms: [OnceLock::new(), OnceLock::new()] }
    }

    /// The place of this frame's form. None for base64 in a text, which isn't the payload as it was
    /// sent. Of a message that is binary, the revisions differ in whether its type is before it.
    fn place(&self, frame: &Frame) -> Option<&OnceLock<Option<Bytes>>> {
        let [prefix, _] = frame.parts();
        self.forms.get(prefix.len()).filter(|_| self.is_text == frame.is_text())
    }
}

impl Deflate {
    /// Whether this frame is to be compressed.
    #[inline]
    pub(super) fn wants(&self, frame: &Frame) -> bool {
        frame.is_compressible() && frame.len() >= self.threshold as usize
    }

    /// The binary logarithm of how far back the compressed data may refer.
    fn window_bits(&self) -> u8 {
        self.server_max_window_bits.filter(|_| self.is_server).unwrap_or(MAX_WINDOW_BITS)
    }

    /// Gives `send` the frame's compressed form, or none if that isn't shorter.
    pub(super) fn compress<R>(
        &self,
        frame: &Frame,
        shared: Option<&SharedForm>,
        send: impl FnOnce(Option<&Form<'_>>) -> R,
    ) -> R {
        let bits = self.window_bits();
        // Nothing can refer back further than its own length.
        let is_usual = bits == MAX_WINDOW_BITS || frame.len() >> bits == 0;
        match shared.filter(|_| is_usual).and_then(|shared| shared.place(frame)) {
            Some(place) => {
                let form = place.get_or_init(|| {
                    compress::compress(frame.parts(), MAX_WINDOW_BITS, |it| {
                        it.map(Bytes::copy_from_slice)
                    })
                });
                send(form.as_ref().map(Form::Shared).as_ref())
            }
            None => {
                let bits = if is_usual { MAX_WINDOW_BITS } else { bits };
                compress::compress(frame.parts(), bits, |it| send(it.map(Form::Lent).as_ref()))
            }
        }
    }
}

/// A compressed payload.
pub(super) enum Form<'a> {
    Shared(&'a Bytes),
    Lent(&'a [u8]),
}

/// RFC 7692, section 7.1.2.
const MAX_WINDOW_BITS: u8 = 15;

/// What ends each compressed message, and isn't sent (RFC 7692, section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
