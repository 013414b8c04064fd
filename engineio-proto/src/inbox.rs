//! Events that wait for the application.

use alloc::collections::VecDeque;
use core::mem;

use crate::outbox::weight;
use crate::packet::Message;

/// An event of either side.
pub(crate) trait Event {
    fn of(message: Message) -> Self;
    fn message(&self) -> Option<&Message>;
}

/// A queue of events, with the weight of its messages in bytes.
#[derive(Debug)]
pub(crate) struct Inbox<E> {
    queue: VecDeque<E>,
    /// The weight of the messages that wait, and of those that are lent.
    bytes: usize,
    /// The weight of the messages that the application was given together.
    lent: usize,
    high_water: usize,
    limit: usize,
    /// The application took a message and hasn't come back for the next.
    is_application_busy: bool,
}

impl<E: Event> Inbox<E> {
    pub(crate) const fn new(high_water: usize, limit: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            lent: 0,
            high_water,
            limit,
            is_application_busy: false,
        }
    }

    pub(crate) fn push_message(&mut self, message: Message) {
        self.bytes = self.bytes.saturating_add(weight(&message));
        self.queue.push_back(E::of(message));
    }

    pub(crate) fn push(&mut self, event: E) {
        self.queue.push_back(event);
    }

    pub(crate) fn pop(&mut self) -> Option<E> {
        self.take_back();
        let event = self.queue.pop_front();
        let message = event.as_ref().and_then(E::message);
        self.is_application_busy = message.is_some();
        if let Some(message) = message {
            self.bytes = self.bytes.saturating_sub(weight(message));
        }
        if self.queue.is_empty() && self.queue.capacity() > KEPT_CAPACITY {
            self.queue = VecDeque::new();
        }
        event
    }

    /// Lends the events that wait, at most [`MOST_LENT`] of them, for an empty queue. They count as
    /// waiting until the next call of this kind.
    pub(crate) fn lend(&mut self, empty: &mut VecDeque<E>) {
        self.take_back();
        if empty.capacity() > KEPT_CAPACITY {
            *empty = VecDeque::new();
        }
        if self.queue.len() <= MOST_LENT {
            mem::swap(&mut self.queue, empty);
        } else {
            empty.extend(self.queue.drain(..MOST_LENT));
        }
        let mut messages = empty.iter().filter_map(E::message).peekable();
        self.is_application_busy = messages.peek().is_some();
        self.lent = messages.map(weight).sum();
        if empty.is_empty() {
            // One queue is enough while nothing happens.
            *empty = VecDeque::new();
        }
    }

    /// The application has dealt with what it was lent.
    fn take_back(&mut self) {
        self.bytes = self.bytes.saturating_sub(mem::take(&mut self.lent));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether the application is still at the messages that came: some wait, or it
    /// hasn't come back since it took the last one.
    pub(crate) fn is_in_work(&self) -> bool {
        self.is_application_busy || self.bytes > 0
    }

    /// Whether more may be taken in.
    pub(crate) const fn has_room(&self) -> bool {
        self.bytes < self.high_water
    }

    /// Whether nothing more may be taken in, even if the peer suffers from it.
    pub(crate) const fn is_at_limit(&self) -> bool {
        self.bytes >= self.limit
    }
}

const KEPT_CAPACITY: usize = 32;

/// How many events are lent at once.
const MOST_LENT: usize = 64;
