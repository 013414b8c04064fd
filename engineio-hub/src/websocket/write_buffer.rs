//! The way out: frames are formatted into one buffer, and large payloads are left where they are.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;

use bytes::{Buf as _, Bytes};
use engineio_proto::Frame;
use tungstenite::protocol::frame::coding::Control;

use super::deflate::Form;
use super::header::{self, Kind};
use super::{buffer::Buffer, mask, reader::ControlPayload};

/// The limit for unsent bytes, 64 KiB: pass the next message to
/// [`WebSocket::send`](super::WebSocket::send) only while fewer are unsent. Answers to pings wait
/// for that, too.
pub const WRITE_AHEAD: usize = 64 * 1024;

pub(super) struct WriteBuffer {
    /// A client has to mask each frame with a new, unpredictable key (RFC 6455, 5.3).
    masks: bool,
    /// Comes before `last`.
    first: Option<Box<Shared>>,
    last: Buffer,
    /// The answer to the newest ping, while there is too much unsent to queue it. Leaving out the
    /// answers to older pings is allowed (RFC 6455, 5.5.3), so a peer that pings without reading
    /// costs no memory.
    late_pong: Option<Box<ControlPayload>>,
    /// A close frame is the last frame.
    closed: bool,
}

/// Payloads that are written from where they are, and what comes between them.
#[derive(Default)]
struct Shared {
    parts: VecDeque<Part>,
    /// The bytes in all of them.
    len: usize,
}

enum Part {
    Copied(Buffer),
    Shared(Bytes),
}

impl WriteBuffer {
    pub(super) fn new(masks: bool) -> Self {
        Self { masks, first: None, last: Buffer::default(), late_pong: None, closed: false }
    }

    pub(super) fn send(&mut self, frame: Frame) {
        let kind = Kind::data(frame.is_text());
        let [prefix, payload] = frame.parts();
        if payload.len() < LARGE || self.masks {
            self.usual_frame(kind, [prefix, payload]);
        } else if !self.closed {
            self.header(kind, prefix.len() + payload.len(), None, prefix.len())
                .extend_from_slice(prefix);
            self.share(frame.into_payload());
        }
    }

    /// Queues a payload from where it is.
    fn share(&mut self, payload: Bytes) {
        let before = Part::Copied(mem::take(&mut self.last));
        let first = self.first.get_or_insert_with(take_spare);
        for part in [before, Part::Shared(payload)] {
            first.len += part.as_slice().len();
            first.parts.push_back(part);
        }
    }

    /// Queues a message whose payload is compressed already.
    pub(super) fn send_compressed(&mut self, is_text: bool, form: &Form<'_>) {
        let kind = Kind::data(is_text).compressed();
        match form {
            Form::Shared(payload) if payload.len() >= LARGE && !self.masks => {
                if !self.closed {
                    self.header(kind, payload.len(), None, 0);
                    self.share(Bytes::clone(payload));
                }
            }
            Form::Shared(payload) => self.frame(kind, [payload, &[]]),
            Form::Lent(payload) => self.frame(kind, [payload, &[]]),
        }
    }

    pub(super) fn pong(&mut self, data: Box<ControlPayload>) {
        if self.len() < WRITE_AHEAD {
            self.frame(Kind::control(Control::Pong), [data.as_bytes(), &[]]);
        } else {
            self.late_pong = Some(data);
        }
    }

    pub(super) fn close(&mut self, code: Option<u16>) {
        let code = code.map(u16::to_be_bytes);
        let code = code.as_ref().map_or(&[][..], |code| code);
        self.frame(Kind::control(Control::Close), [code, &[]]);
        self.late_pong = None;
        self.closed = true;
    }

    /// How many bytes are unsent.
    pub(super) fn len(&self) -> usize {
        self.first.as_ref().map_or(0, |first| first.len) + self.last.len()
    }

    /// The first unsent bytes, in two parts. The second is empty where there are no more.
    pub(super) fn unsent(&self) -> [&[u8]; 2] {
        let last = self.last.as_slice();
        let Some(first) = &self.first else { return [last, &[]] };
        match (first.parts.front(), first.parts.get(1)) {
            (None, _) => [last, &[]],
            (Some(first), None) => [first.as_slice(), last],
            (Some(first), Some(second)) => [first.as_slice(), second.as_slice()],
        }
    }

    pub(super) fn sent(&mut self, mut written: usize) {
        if let Some(first) = &mut self.first {
            written -= first.take_out(written);
            if first.len == 0 {
                self.first.take().into_iter().for_each(keep_spare);
            }
        }
        if self.first.is_none() {
            self.last.take_out(written);
        }
        if self.len() < WRITE_AHEAD
            && let Some(data) = self.late_pong.take()
        {
            self.pong(data);
        }
    }

    /// Queues one complete frame, so that no other can interrupt it.
    #[inline(never)]
    fn frame(&mut self, kind: Kind, payload: [&[u8]; 2]) {
        self.usual_frame(kind, payload);
    }

    /// As [`frame`](Self::frame), inlined for the path that most messages take.
    #[inline(always)]
    fn usual_frame(&mut self, kind: Kind, payload: [&[u8]; 2]) {
        if self.closed {
            return;
        }
        let length = payload.iter().map(|part| part.len()).sum::<usize>();
        let mut mask = self.new_mask();
        let end = self.header(kind, length, mask, length);
        for part in payload {
            match (part, &mut mask) {
                (part, Some(key)) => {
                    mask::extend(end, *key, part);
                    key.rotate_left(part.len() % 4);
                }
                // The usual prefix, which isn't worth a call.
                ([byte], None) => end.push(*byte),
                (part, None) => end.extend_from_slice(part),
            }
        }
    }

    /// A key for the next frame, if it needs one.
    #[inline]
    fn new_mask(&self) -> Option<[u8; 4]> {
        self.masks.then(random_key)
    }

    /// Queues the header of a frame of this length, of which so many bytes go into this buffer.
    #[inline(always)]
    fn header(
        &mut self,
        kind: Kind,
        length: usize,
        mask: Option<[u8; 4]>,
        here: usize,
    ) -> &mut Vec<u8> {
        let end = self.last.reserve(header::LONGEST + here);
        header::write(kind, length, mask, end);
        end
    }
}

impl Part {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Copied(buffer) => buffer.as_slice(),
            Self::Shared(payload) => payload,
        }
    }
}

/// A key to mask a frame with.
#[inline(never)]
fn random_key() -> [u8; 4] {
    // Without randomness there is no safe key, and a server has to refuse what isn't masked.
    getrandom::u32().unwrap_or_default().to_ne_bytes()
}

thread_local! {
    /// The list of a buffer that became empty, for the next one of this thread.
    static SPARE: Cell<Option<Box<Shared>>> = const { Cell::new(None) };
}

fn take_spare() -> Box<Shared> {
    SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
}

fn keep_spare(list: Box<Shared>) {
    if list.parts.capacity() <= MOST_SPARE {
        // While the thread ends there is no place for it.
        let _ = SPARE.try_with(|spare| spare.set(Some(list)));
    }
}

impl Shared {
    /// Takes out `count` bytes, or all of them if there are fewer, and tells how many.
    fn take_out(&mut self, count: usize) -> usize {
        let mut left = count.min(self.len);
        let taken = left;
        self.len -= taken;
        while let Some(part) = self.parts.front_mut() {
            let here = left.min(part.as_slice().len());
            match part {
                Part::Copied(buffer) => buffer.take_out(here),
                Part::Shared(payload) => payload.advance(here),
            }
            left -= here;
            if !part.as_slice().is_empty() {
                break;
            }
            self.parts.pop_front();
        }
        taken
    }
}

/// How long a list may be for a thread to keep it.
const MOST_SPARE: usize = 8;

/// A payload of this length is written from where it is. Below, copying it costs less.
const LARGE: usize = 4096;
