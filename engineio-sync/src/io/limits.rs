//! Limits on the number of connections.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts the connections of a server, and those of each address.
#[derive(Debug)]
pub(crate) struct Limits {
    max: usize,
    max_per_address: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place for one connection. Dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Permit {
    pub(super) peer: SocketAddr,
    limits: Arc<Limits>,
}

impl Limits {
    pub(crate) fn new(max: usize, max_per_address: usize) -> Arc<Self> {
        Arc::new(Self { max, max_per_address, counts: Mutex::default() })
    }

    /// A place for a connection from this peer, if one is free.
    pub(super) fn admit(self: &Arc<Self>, peer: SocketAddr) -> Option<Permit> {
        let mut counts = self.lock();
        if counts.all >= self.max {
            return None;
        }
        let address = peer.ip().to_canonical();
        if counts.by_address.get(&address).is_some_and(|count| *count >= self.max_per_address) {
            return None;
        }
        let of_address = counts.by_address.entry(address).or_default();
        *of_address = of_address.saturating_add(1);
        counts.all = counts.all.saturating_add(1);
        drop(counts);
        Some(Permit { peer, limits: Arc::clone(self) })
    }

    /// How many connections are open.
    pub(crate) fn count(&self) -> usize {
        self.lock().all
    }

    /// Nothing that can panic is done under this lock.
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.limits.lock();
        counts.all = counts.all.saturating_sub(1);
        if let Entry::Occupied(mut of_address) =
            counts.by_address.entry(self.peer.ip().to_canonical())
        {
            *of_address.get_mut() = of_address.get().saturating_sub(1);
            if *of_address.get() == 0 {
                of_address.remove();
            }
        }
    }
}
