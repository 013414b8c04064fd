//! What a server publishes to its bus.

use std::collections::VecDeque;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use engineio_proto::Outgoing;

use super::bus::{Bus, BusError, Deliver, Subscription};
use super::parcel::Unnumbered;
use super::sequence::Numbers;
use crate::sync::{Mutex, MutexGuard};

/// The bus of a server, and what is about to leave for it.
pub(crate) struct Publisher {
    bus: Box<dyn Bus>,
    /// Names this process among the nodes, so that it knows its own messages.
    node: String,
    leaving: Mutex<Leaving>,
}

/// Messages are numbered in the order in which they are queued, and one thread at a time takes
/// them to the bus, without this lock.
#[derive(Default)]
struct Leaving {
    numbers: Numbers,
    queue: VecDeque<(String, Bytes)>,
    is_publishing: bool,
}

impl Publisher {
    pub(crate) fn new(bus: impl Bus) -> Self {
        let mut random = [0; 8];
        // Without randomness there will be no sessions, either.
        let _ = getrandom::fill(&mut random);
        let mut node = String::new();
        for byte in random {
            // A string takes everything.
            let _ = write!(node, "{byte:02x}");
        }
        Self { bus: Box::new(bus), node, leaving: Mutex::default() }
    }

    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// Publishes to a subject. Calls `lost` for each message that doesn't leave.
    pub(crate) fn publish(&self, subject: String, outgoing: &Outgoing, lost: impl Fn(&BusError)) {
        let message = Unnumbered::new(&self.node, outgoing);
        let mut leaving = self.leaving();
        let number = leaving.numbers.next(&subject);
        leaving.queue.push_back((subject, message.numbered(number)));
        if leaving.is_publishing {
            return;
        }
        leaving.is_publishing = true;
        while let Some((subject, payload)) = leaving.queue.pop_front() {
            drop(leaving);
            let publish = || self.bus.publish(&subject, payload);
            // The panic hook reports a panic.
            let published = catch_unwind(AssertUnwindSafe(publish));
            if let Err(why) = published.unwrap_or(Err(BusError::Closed)) {
                lost(&why);
            }
            leaving = self.leaving();
        }
        leaving.is_publishing = false;
    }

    pub(crate) fn subscribe(&self, subject: &str, deliver: Deliver) -> Subscription {
        let subscribe = || self.bus.subscribe(subject, deliver);
        // The panic hook reports a panic.
        let subscribed = catch_unwind(AssertUnwindSafe(subscribe));
        subscribed.unwrap_or_else(|_| Subscription::new(|| {}))
    }

    /// Nothing under this lock can panic.
    fn leaving(&self) -> MutexGuard<'_, Leaving> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The subject of a group. `None`: its name is too long for that.
pub(crate) fn subject_of(name: &str) -> Option<String> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let mut subject = String::from("g.");
    if name.is_empty() {
        subject.push('=');
    }
    URL_SAFE_NO_PAD.encode_string(name, &mut subject);
    Some(subject)
}

/// The subject of all sessions.
pub(crate) const EVERYONE: &str = "all";

/// The longest name of a group that spans nodes. Servers of NATS take lines of 4 KiB.
pub(crate) const LONGEST_NAME: usize = 512;
