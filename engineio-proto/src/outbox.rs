//! Messages that wait to leave.

use alloc::vec::Vec;
use core::{fmt, slice};

use crate::attachments::{Attachment, Attachments};
use crate::codec::{self, MOST_RESERVED, Payload, PayloadSize};
use crate::packet::{Message, Packet};
use crate::queue::Queue;
use crate::tally::Tally;

/// What an application sends: a message, or a batch that is queued whole or not at all.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    messages: Messages,
    /// 0 without one. rustc (1.95) would place an `Option` before the messages, and moves would read
    /// pieces of both at once, for which a processor waits until both are written.
    key: u64,
    has_key: bool,
    is_volatile: bool,
    is_compressible: bool,
}

/// One message needs no allocation.
#[derive(Clone, PartialEq, Eq)]
enum Messages {
    One(Message),
    Many(Vec<Message>),
}

impl Outgoing {
    /// A batch: its messages are queued together, without another sender's message between
    /// them.
    pub fn batch(messages: impl IntoIterator<Item = Message>) -> Self {
        Self::new(Messages::Many(messages.into_iter().collect()))
    }

    /// Its messages, in order.
    pub fn messages(&self) -> &[Message] {
        match &self.messages {
            Messages::One(message) => slice::from_ref(message),
            Messages::Many(messages) => messages,
        }
    }

    /// Whether it is dropped where there is no room: [`volatile`](Self::volatile).
    pub const fn is_volatile(&self) -> bool {
        self.is_volatile
    }

    /// The key of messages that it replaces: [`keep_latest`](Self::keep_latest).
    pub const fn key(&self) -> Option<u64> {
        if self.has_key { Some(self.key) } else { None }
    }

    /// Whether it may be compressed: [`compress`](Self::compress).
    pub const fn is_compressible(&self) -> bool {
        self.is_compressible
    }

    #[inline]
    const fn new(messages: Messages) -> Self {
        Self { messages, key: 0, has_key: false, is_volatile: false, is_compressible: true }
    }

    /// Drops the message instead of failing if the session isn't writable.
    #[must_use]
    pub const fn volatile(mut self) -> Self {
        self.is_volatile = true;
        self
    }

    /// Replaces messages of the same key that still wait in the outbox. Such a message is
    /// taken even if the session isn't writable.
    #[must_use]
    pub const fn keep_latest(mut self, key: u64) -> Self {
        self.key = key;
        self.has_key = true;
        self
    }

    /// Whether the message may be compressed: over a WebSocket the message alone, over polling the
    /// answer that it is in. Default yes; an answer is compressed if any of its packets may be.
    #[must_use]
    pub const fn compress(mut self, compress: bool) -> Self {
        self.is_compressible = compress;
        self
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut outgoing = f.debug_struct("Outgoing");
        match &self.messages {
            Messages::One(message) => outgoing.field("message", message),
            Messages::Many(messages) => outgoing
                .field("messages", &messages.len())
                .field("bytes", &messages.iter().map(Message::len).sum::<usize>()),
        };
        outgoing
            .field("volatile", &self.is_volatile)
            .field("compress", &self.is_compressible)
            .field("key", &self.key())
            .finish()
    }
}

impl<M: Into<Message>> From<M> for Outgoing {
    #[inline]
    fn from(message: M) -> Self {
        Self::new(Messages::One(message.into()))
    }
}

/// A message that was not queued. The error gives it back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The outbox is full: send again when the session is writable.
    #[error("the outbox is full")]
    Full(Outgoing),
    /// The session is closing or closed.
    #[error("the session is closed")]
    Closed(Outgoing),
    /// A message is longer than the server accepts according to its handshake. The limit is in
    /// bytes and includes the framing of the message.
    #[error("a message is longer than the {1} bytes that the server accepts")]
    TooLarge(Outgoing, usize),
}

impl SendError {
    /// The message that was not queued.
    pub fn into_outgoing(self) -> Outgoing {
        match self {
            Self::Full(outgoing) | Self::Closed(outgoing) | Self::TooLarge(outgoing, _) => outgoing,
        }
    }
}

/// A queue in order of sending, with its weight in bytes.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Queue<Entry>,
    /// The `weight` of all entries together.
    bytes: usize,
    /// How many messages were ever queued.
    accepted: u64,
    /// The position up to which they have left.
    handed_over: u64,
    pub(crate) sent: Tally,
    attachments: Attachments,
    high_water: usize,
    low_water: usize,
    is_writable: bool,
}

#[derive(Debug)]
struct Entry {
    message: Message,
    /// How many messages were queued up to this one.
    position: u64,
    is_compressible: bool,
    key: Option<u64>,
}

impl Outbox {
    #[inline]
    pub(crate) fn new(high_water: usize, low_water: usize) -> Self {
        Self {
            queue: Queue::new(),
            bytes: 0,
            accepted: 0,
            handed_over: 0,
            sent: Tally::NONE,
            attachments: Attachments::default(),
            high_water,
            low_water,
            is_writable: true,
        }
    }

    /// Queues all of it and gives the position of its last message.
    #[inline(always)]
    pub(crate) fn push(&mut self, outgoing: Outgoing) -> Result<u64, SendError> {
        let key = outgoing.key();
        if let Some(key) = key {
            self.drop_key(key);
        } else if !self.is_writable {
            return if outgoing.is_volatile {
                Ok(self.accepted)
            } else {
                Err(SendError::Full(outgoing))
            };
        }
        let Outgoing { messages, is_compressible, .. } = outgoing;
        match messages {
            Messages::One(message) => self.push_one(message, is_compressible, key),
            Messages::Many(messages) => {
                messages.into_iter().for_each(|each| self.push_one(each, is_compressible, key));
            }
        }
        if self.bytes >= self.high_water {
            self.is_writable = false;
        }
        Ok(self.accepted)
    }

    #[inline(always)]
    fn push_one(&mut self, message: Message, is_compressible: bool, key: Option<u64>) {
        self.accepted += 1;
        self.bytes = self.bytes.saturating_add(weight(&message));
        self.queue.push_back(Entry { message, position: self.accepted, is_compressible, key });
    }

    /// Attaches this to the message at this position, the newest of those with an attachment.
    pub(crate) fn attach(&mut self, position: u64, attachment: Attachment) {
        if position > self.handed_over {
            self.attachments.push(position, attachment);
        }
    }

    /// Takes what was attached to the message that left last.
    pub(crate) fn take_attachment(&mut self) -> Option<Attachment> {
        self.attachments.take_last()
    }

    fn drop_key(&mut self, key: u64) {
        self.queue.retain(|entry| entry.key != Some(key));
        self.bytes = self.queue.iter().map(|entry| weight(&entry.message)).sum();
        self.note_departure();
    }

    /// The next message, and whether it may be compressed.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<(Message, bool)> {
        let Entry { message, position, is_compressible, .. } = self.queue.pop_front()?;
        self.left(position, message.len());
        Some((message, is_compressible))
    }

    /// The message at this position, of this length, has left.
    #[inline]
    fn left(&mut self, position: u64, length: usize) {
        self.attachments.leave(position);
        self.bytes = self.bytes.saturating_sub(weight_of(length));
        self.sent.count(length);
        self.note_departure();
    }

    #[inline]
    fn note_departure(&mut self) {
        self.handed_over = self.queue.front().map_or(self.accepted, |entry| entry.position - 1);
        if self.bytes <= self.low_water {
            self.is_writable = true;
        }
    }

    /// Moves messages up to this position into `batch` as long as they fit, and tells
    /// whether any of them may be compressed.
    pub(crate) fn fill(&mut self, batch: &mut Batch, last: u64) -> bool {
        let mut is_compressible = false;
        batch.reserve(self.queue.len());
        while self.queue.front().is_some_and(|entry| entry.position <= last)
            && let Some(entry) = self.queue.pop_front()
        {
            let length = entry.message.len();
            if let Err(Packet::Message(message)) = batch.offer(Packet::Message(entry.message)) {
                self.queue.push_front(Entry { message, ..entry });
                break;
            }
            is_compressible |= entry.is_compressible;
            self.left(entry.position, length);
        }
        is_compressible
    }

    /// Whether a batch with nothing else in it would be full without further messages.
    pub(crate) fn fills_a_batch(&self, max_bytes: usize, max_packets: usize) -> bool {
        self.queue.len() >= max_packets || self.bytes >= max_bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) const fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// How many messages have left, counted like the positions that `push` gives.
    pub(crate) const fn handed_over(&self) -> u64 {
        self.handed_over
    }

    /// How many messages were ever queued: the newest one's position.
    pub(crate) const fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Bytes that wait to leave, with a small charge per message.
    #[inline]
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Drops the messages that wait: they have not left, and never will.
    pub(crate) fn clear(&mut self) {
        self.queue = Queue::new();
        self.attachments = Attachments::default();
        self.bytes = 0;
    }
}

/// The packets of one payload, within limits. The first always fits.
pub(crate) struct Batch {
    /// By itself, as there is often no other.
    first: Option<Packet>,
    others: Vec<Packet>,
    size: PayloadSize,
    max_bytes: usize,
    max_packets: usize,
}

impl Batch {
    #[inline]
    pub(crate) const fn new(size: PayloadSize, max_bytes: usize, max_packets: usize) -> Self {
        Self { first: None, others: Vec::new(), size, max_bytes, max_packets }
    }

    /// Makes room for so many packets, of which not all may fit. The second makes room for four.
    fn reserve(&mut self, count: usize) {
        if count > 4 {
            self.others.reserve(count.min(self.max_packets).min(MOST_RESERVED));
        }
    }

    /// Takes the packet, or gives it back if it is one too many.
    pub(crate) fn offer(&mut self, packet: Packet) -> Result<(), Packet> {
        let size = self.size.with(&packet);
        if self.first.is_none() {
            self.first = Some(packet);
        } else if size.packets() <= self.max_packets && size.bytes() <= self.max_bytes {
            self.others.push(packet);
        } else {
            return Err(packet);
        }
        self.size = size;
        Ok(())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.first.iter().chain(&self.others)
    }

    /// Its packets as one payload.
    pub(crate) fn encode(&self) -> Payload {
        codec::encode_measured(self.first.as_ref(), &self.others, self.size)
    }
}

/// The weight of a waiting message: its payload and its place in the queue, so that
/// empty messages aren't free.
#[inline]
pub(crate) fn weight(message: &Message) -> usize {
    weight_of(message.len())
}

/// The weight of a message of this length.
const fn weight_of(length: usize) -> usize {
    length + size_of::<Entry>()
}
