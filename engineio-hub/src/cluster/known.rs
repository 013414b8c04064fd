//! What a directory has said, for a while.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::PoisonError;
use std::task::Poll;
use std::time::Duration;

use engineio_proto::{Instant, NodeTag};
use http::Uri;

use super::directory::Directory;
use crate::sync::{Mutex, MutexGuard};

/// The last answers of a directory.
#[derive(Default)]
pub(super) struct Known(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    by_node: HashMap<NodeTag, Answer>,
    /// When old answers are looked for again, if there is no room.
    next_sweep: Instant,
}

#[derive(Clone)]
struct Answer {
    place: Option<Uri>,
    /// When it has to be asked for again.
    until: Instant,
}

impl Known {
    /// Says where a node is, and asks the directory if that isn't known or no longer sure.
    pub(super) async fn locate(
        &self,
        directory: &dyn Directory,
        node: NodeTag,
        now: impl Fn() -> Instant,
        patience: impl Future<Output = ()>,
    ) -> Option<Uri> {
        let last = match self.recall(node, now()) {
            Recalled::Sure(place) => return place,
            Recalled::Stale(place) => place,
        };
        let (mut asking, mut patience) = (directory.locate(&node), pin!(patience));
        let answered = poll_fn(|cx| match asking.as_mut().poll(cx) {
            Poll::Ready(place) => Poll::Ready(Some(place)),
            Poll::Pending => patience.as_mut().poll(cx).map(|()| None),
        })
        .await;
        match answered {
            Some(place) => {
                self.note(node, place.clone(), now());
                place
            }
            None => last,
        }
    }

    /// What is known of a node. Of those who find out that an answer is old, one asks; to the others
    /// it is good for one second more.
    fn recall(&self, node: NodeTag, now: Instant) -> Recalled {
        let mut answers = self.lock();
        match answers.by_node.get_mut(&node) {
            Some(answer) if now < answer.until => Recalled::Sure(answer.place.clone()),
            Some(answer) => {
                answer.until = now + A_NO;
                Recalled::Stale(answer.place.clone())
            }
            None => Recalled::Stale(None),
        }
    }

    fn note(&self, node: NodeTag, place: Option<Uri>, now: Instant) {
        let mut answers = self.lock();
        let until = now + if place.is_some() { A_PLACE } else { A_NO };
        if answers.has_room_for(node, place.is_some(), now) {
            answers.by_node.insert(node, Answer { place, until });
        }
    }

    /// Nothing under this lock can panic.
    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers {
    /// Makes room, if it has to. Clients make up tags, which must not push out nodes.
    fn has_room_for(&mut self, node: NodeTag, is_place: bool, now: Instant) -> bool {
        let is_full = |answers: &Self| answers.by_node.len() >= MOST;
        if is_full(self) && !self.by_node.contains_key(&node) {
            if now >= self.next_sweep {
                self.next_sweep = now + A_NO;
                self.by_node.retain(|_, answer| now < answer.until);
            }
            if is_full(self) && is_place {
                self.by_node.retain(|_, answer| answer.place.is_some());
            }
            return !is_full(self);
        }
        true
    }
}

enum Recalled {
    Sure(Option<Uri>),
    /// The last answer, if there was one. It is time to ask again.
    Stale(Option<Uri>),
}

/// How long a place is believed.
const A_PLACE: Duration = Duration::from_secs(5);

/// How long it is believed that there is no such node.
const A_NO: Duration = Duration::from_secs(1);

/// How many answers are kept.
const MOST: usize = 4096;
