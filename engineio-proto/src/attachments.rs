//! What a driver keeps with messages that go to several sessions.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::any::Any;

/// Something of the driver's that travels with a message, such as its compressed form: whatever is
/// made of a message once, for all sessions that it is sent to. The sessions never look at it.
pub type Attachment = Arc<dyn Any + Send + Sync>;

/// The attachments of the messages in an outbox. Nearly always there are none.
#[derive(Debug, Default)]
pub(crate) struct Attachments(Option<Box<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    /// With the position of its message.
    waiting: VecDeque<(u64, Attachment)>,
    /// Of the message that left last.
    last: Option<Attachment>,
}

impl Attachments {
    /// Attaches to the message at this position, which is behind all with an attachment.
    pub(crate) fn push(&mut self, position: u64, attachment: Attachment) {
        self.0.get_or_insert_default().waiting.push_back((position, attachment));
    }

    /// The message at this position leaves.
    #[inline]
    pub(crate) fn leave(&mut self, position: u64) {
        if self.0.is_some() {
            self.take_out(position);
        }
    }

    #[cold]
    fn take_out(&mut self, position: u64) {
        let Some(queue) = &mut self.0 else { return };
        queue.last = None;
        // Messages may have been dropped before they left.
        while queue.waiting.front().is_some_and(|(at, _)| *at <= position) {
            let attached = queue.waiting.pop_front();
            queue.last = attached.filter(|(at, _)| *at == position).map(|(_, it)| it);
        }
        if queue.waiting.is_empty() && queue.last.is_none() {
            self.0 = None;
        }
    }

    /// Takes what was attached to the message that left last.
    pub(crate) fn take_last(&mut self) -> Option<Attachment> {
        let queue = self.0.as_mut()?;
        let last = queue.last.take();
        if queue.waiting.is_empty() {
            self.0 = None;
        }
        last
    }
}
