//! Events that wait for the application.

use alloc::collections::VecDeque;
use core::mem;

use crate::outbox::weight;
use crate::packet::Message;
use crate::queue::Queue;
use crate::tally::Tally;

/// An event of either side.
pub(crate) trait Event {
    fn of(message: Message) -> Self;
    fn message(&self) -> Option<&Message>;
}

/// A queue of events, with the weight of its messages in bytes.
#[derive(Debug)]
pub(crate) struct Inbox<E> {
    queue: Queue<E>,
    /// The weight of the messages that wait, and of those that are lent.
    bytes: usize,
    /// The weight of the messages that the application was given together.
    lent: usize,
    pub(crate) received: Tally,
    high_water: usize,
    limit: usize,
    /// The application took a message and hasn't come back for the next.
    is_application_busy: bool,
}

impl<E: Event> Inbox<E> {
    pub(crate) const fn new(high_water: usize, limit: usize) -> Self {
        Self {
            queue: Queue::new(),
            bytes: 0,
            lent: 0,
            received: Tally::NONE,
            high_water,
            limit,
            is_application_busy: false,
        }
    }

    #[inline]
    pub(crate) fn push_message(&mut self, message: Message) {
        self.bytes = self.bytes.saturating_add(weight(&message));
        self.received.count(message.len());
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
        event
    }

    /// Moves the events that wait to the end of `events`, at most [`MOST_LENT`] of them. Their
    /// messages count as waiting until the next event is asked for.
    pub(crate) fn lend(&mut self, events: &mut VecDeque<E>) {
        self.take_back();
        let count = self.queue.len().min(MOST_LENT);
        self.lent = self.queue.iter().take(count).filter_map(E::message).map(weight).sum();
        // With a message that it took by itself just before, it is at work even if these have none.
        self.is_application_busy = count > 0 && (self.is_application_busy || self.lent > 0);
        if count > 0 {
            self.queue.move_to(events, count);
        } else if events.is_empty() {
            // One ring is enough while nothing happens.
            self.queue.reuse(mem::take(events));
        }
    }

    /// Takes back events that were lent, as the next ones.
    pub(crate) fn put_back(&mut self, events: &mut VecDeque<E>) {
        let bytes = events.iter().filter_map(E::message).map(weight).sum();
        self.lent = self.lent.saturating_sub(bytes);
        while let Some(event) = events.pop_back() {
            self.queue.push_front(event);
        }
    }

    /// The application has dealt with what it was lent.
    fn take_back(&mut self) {
        self.bytes = self.bytes.saturating_sub(mem::take(&mut self.lent));
    }

    /// Drops the messages that wait.
    pub(crate) fn drop_messages(&mut self) {
        self.queue.retain(|event| event.message().is_none());
        self.queue.shrink_to_fit();
        self.bytes = self.lent;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The weight of the messages that wait, and of those that are lent.
    #[inline]
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
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

/// How many events are lent at once.
const MOST_LENT: usize = 64;
