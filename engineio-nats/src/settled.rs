//! Whether NATS knows all nodes that live.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::Client;
use tokio::time::Instant;

/// When this node's connection was lost, those of others may have been as well. Until they are back,
/// NATS says of nodes that live that there are none.
pub(crate) struct Settled(Mutex<State>);

struct State {
    /// How often the connection was made.
    connects: u64,
    unsure_until: Option<Instant>,
}

impl Settled {
    pub(crate) fn new(client: &Client) -> Self {
        Self(Mutex::new(State { connects: connects(client), unsure_until: None }))
    }

    pub(crate) fn is_sure(&self, client: &Client) -> bool {
        let (connects, now) = (connects(client), Instant::now());
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if connects != state.connects {
            *state = State { connects, unsure_until: Some(now + RETURN) };
        }
        state.unsure_until.is_none_or(|until| now >= until)
    }
}

fn connects(client: &Client) -> u64 {
    client.statistics().connects.load(Relaxed)
}

/// How long the others may take. Their clients try again every 4 s at least.
const RETURN: Duration = Duration::from_secs(10);
