//! How many clients may come in a second, and how many of one address may stay.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};

use engineio_proto::server::Unavailable;
use engineio_proto::{Instant, ServerConfig};

use super::handshake::RemoteAddr;
use crate::listener::{Limits, Permit};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Lets handshakes in, or not.
pub(crate) struct Entrance {
    /// `None`: an address may have any number of sessions.
    by_address: Option<Arc<Limits>>,
    per_second: u32,
    /// When the next handshake would come at this rate, in nanoseconds.
    next: AtomicU64,
}

/// The place of a client among those of its address, if they are counted. Dropping it frees the
/// place.
pub(crate) struct Slot(Option<Box<Mutex<Option<Permit>>>>);

impl Entrance {
    pub(crate) fn new(config: &ServerConfig) -> Self {
        let most = config.max_sessions_per_address();
        let by_address = (most < usize::MAX).then(|| Limits::new(usize::MAX, most));
        let per_second = config.max_handshakes_per_second();
        Self { by_address, per_second, next: AtomicU64::new(0) }
    }

    /// A place for one more client. Clients without a known address aren't counted.
    pub(crate) fn admit(
        &self,
        now: impl FnOnce() -> Instant,
        address: Option<IpAddr>,
    ) -> Result<Slot, Unavailable> {
        let slot = match self.by_address.as_ref().zip(address) {
            None => Slot(None),
            Some((limits, ip)) => {
                let permit = limits.admit(RemoteAddr(SocketAddr::new(ip, 0)));
                let permit = permit.map_err(|_| Unavailable::TooManyFromAddress)?;
                Slot(Some(Box::new(Mutex::new(Some(permit)))))
            }
        };
        if self.is_in_time(now) { Ok(slot) } else { Err(Unavailable::TooFast) }
    }

    /// Whether one more handshake keeps to the rate. What wasn't used of the last second may come
    /// at once.
    fn is_in_time(&self, now: impl FnOnce() -> Instant) -> bool {
        if self.per_second == u32::MAX {
            return true;
        }
        let Some(apart) = SECOND.checked_div(self.per_second.into()) else { return false };
        let now = u64::try_from(now().since_zero().as_nanos()).unwrap_or(u64::MAX);
        let note = |next: u64| {
            let next = next.max(now);
            (next.saturating_add(apart) <= now.saturating_add(SECOND))
                .then(|| next.saturating_add(apart))
        };
        self.next.fetch_update(SeqCst, SeqCst, note).is_ok()
    }
}

impl Slot {
    /// Gives the place to another slot.
    pub(crate) fn hand_over(&self) -> Self {
        Self(self.take().map(|permit| Box::new(Mutex::new(Some(permit)))))
    }

    /// Frees the place before the slot is dropped.
    pub(crate) fn free(&self) {
        drop(self.take());
    }

    /// Nothing under this lock can panic.
    fn take(&self) -> Option<Permit> {
        self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

const SECOND: u64 = 1_000_000_000;
