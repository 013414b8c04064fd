//! What is subscribed to, and what comes.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::cluster::{Deliver, Subscription};
use redis::aio::ConnectionManager;
use redis::{PushInfo, PushKind, Value};
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;

/// The subscriptions of this node.
pub(crate) struct Subscriptions {
    wanted: Mutex<Wanted>,
    /// They have changed.
    changed: Notify,
    incoming: mpsc::Sender<(String, Bytes)>,
    /// The bytes of all that came and wasn't delivered.
    bytes: AtomicUsize,
}

#[derive(Default)]
struct Wanted {
    last: u64,
    by_channel: HashMap<String, Vec<(u64, Arc<Deliver>)>>,
    /// The channels that may be new in it, or no longer in it. To look through all of them for that
    /// would take long where each user has a group.
    touched: HashSet<String>,
}

pub(crate) type Incoming = mpsc::Receiver<(String, Bytes)>;

impl Subscriptions {
    pub(crate) fn new() -> (Self, Incoming) {
        let (incoming, waiting) = mpsc::channel(MOST_MESSAGES);
        let (wanted, changed, bytes) = (Mutex::default(), Notify::new(), AtomicUsize::new(0));
        (Self { wanted, changed, incoming, bytes }, waiting)
    }

    pub(crate) fn add(self: &Arc<Self>, channel: String, deliver: Deliver) -> Subscription {
        let mut wanted = self.wanted();
        wanted.last += 1;
        let id = wanted.last;
        let all = wanted.by_channel.entry(channel.clone()).or_default();
        all.push((id, Arc::new(deliver)));
        if all.len() == 1 {
            wanted.touched.insert(channel.clone());
        }
        drop(wanted);
        self.changed.notify_one();
        let all = Arc::downgrade(self);
        Subscription::new(move || {
            if let Some(all) = all.upgrade() {
                all.remove(&channel, id);
            }
        })
    }

    fn remove(&self, channel: &str, id: u64) {
        let mut wanted = self.wanted();
        let mut removed = None;
        if let Some(all) = wanted.by_channel.get_mut(channel) {
            let at = all.iter().position(|(known, _)| *known == id);
            removed = at.map(|at| all.swap_remove(at));
            if all.is_empty() {
                wanted.by_channel.remove(channel);
                wanted.touched.insert(channel.to_owned());
            }
        }
        drop(wanted);
        drop(removed);
        self.changed.notify_one();
    }

    /// Takes what the connection got, without waiting. What comes faster than it can be delivered
    /// is dropped when the queue is full.
    pub(crate) fn pushed(&self, push: PushInfo) -> Result<(), redis::aio::SendError> {
        if push.kind != PushKind::Message {
            return Ok(());
        }
        let Ok([Value::BulkString(channel), Value::BulkString(payload)]) =
            <[Value; 2]>::try_from(push.data)
        else {
            return Ok(());
        };
        let Ok(channel) = String::from_utf8(channel) else { return Ok(()) };
        let length = payload.len();
        if self.bytes.fetch_add(length, Relaxed) > MOST_BYTES
            || self.incoming.try_send((channel, payload.into())).is_err()
        {
            self.bytes.fetch_sub(length, Relaxed);
        }
        Ok(())
    }

    /// The channels to subscribe to, and those whose subscriptions have to end.
    fn changes(&self, standing: &HashSet<String>) -> (Vec<String>, Vec<String>) {
        let (mut new, mut old) = (Vec::new(), Vec::new());
        let mut wanted = self.wanted();
        for channel in mem::take(&mut wanted.touched) {
            match (wanted.by_channel.contains_key(&channel), standing.contains(&channel)) {
                (true, false) => new.push(channel),
                (false, true) => old.push(channel),
                (true, true) | (false, false) => {}
            }
        }
        (new, old)
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Delivers what comes, in order.
pub(crate) async fn deliver_all(subscriptions: Arc<Subscriptions>, mut incoming: Incoming) {
    while let Some((channel, payload)) = incoming.recv().await {
        let wanted = subscriptions.wanted().by_channel.get(&channel).cloned();
        subscriptions.bytes.fetch_sub(payload.len(), Relaxed);
        wanted.iter().flatten().for_each(|(_, deliver)| deliver(payload.clone()));
    }
}

/// Subscribes to what is wanted, and ends what isn't any more. A subscription that stands is
/// repeated by the connection when it has to be made again.
pub(crate) async fn follow(subscriptions: Arc<Subscriptions>, mut connection: ConnectionManager) {
    let mut standing = HashSet::new();
    loop {
        let (new, old) = subscriptions.changes(&standing);
        let mut failed = Vec::new();
        for some in new.chunks(AT_A_TIME) {
            match connection.subscribe(some).await {
                Ok(()) => standing.extend(some.iter().cloned()),
                Err(_) => failed.extend_from_slice(some),
            }
        }
        for some in old.chunks(AT_A_TIME) {
            match connection.unsubscribe(some).await {
                Ok(()) => some.iter().for_each(|channel| {
                    standing.remove(channel);
                }),
                Err(_) => failed.extend_from_slice(some),
            }
        }
        if failed.is_empty() {
            subscriptions.changed.notified().await;
        } else {
            subscriptions.wanted().touched.extend(failed);
            // Redis is away, and the connection is about to be made again.
            sleep(PAUSE).await;
        }
    }
}

const MOST_MESSAGES: usize = 16_384;
const MOST_BYTES: usize = 64 << 20;
const AT_A_TIME: usize = 256;
const PAUSE: Duration = Duration::from_millis(300);
