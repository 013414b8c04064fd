//! Limits on the number of connections.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engineio_proto::server::ConnectionFault;

use crate::server::RemoteAddr;

/// Counts the connections of a server, and those of each address.
#[derive(Debug)]
pub struct Limits {
    max: usize,
    max_per_address: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// Empty if there is no limit for an address.
    by_network: HashMap<Network, usize>,
}

/// A place for one connection. Dropping it frees the place, so keep it as long as the socket.
#[derive(Debug)]
#[must_use = "dropping it frees the place"]
pub struct Permit {
    limits: Arc<Limits>,
    /// `None`: not counted.
    network: Option<Network>,
}

/// What counts as one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Network {
    V4(u32),
    /// The first half, since whoever has one address of it has them all (RFC 6177).
    V6(u64),
}

impl Network {
    fn of(peer: RemoteAddr) -> Self {
        match peer.0.ip().to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.to_bits()),
            IpAddr::V6(ip) => Self::V6((ip.to_bits() >> 64) as u64),
        }
    }
}

impl Limits {
    /// At most `max` connections in all, and `max_per_address` of one IPv4 address or one /64 of
    /// IPv6.
    pub fn new(max: usize, max_per_address: usize) -> Arc<Self> {
        Arc::new(Self { max, max_per_address, counts: Mutex::default() })
    }

    /// A place for a connection from this peer.
    ///
    /// # Errors
    ///
    /// If none is free. Tell [`Hub::refuse_connection`](crate::Hub::refuse_connection), write
    /// [`TURNED_AWAY`](super::TURNED_AWAY) as far as that is possible at once, and drop the
    /// connection.
    pub fn admit(self: &Arc<Self>, peer: RemoteAddr) -> Result<Permit, ConnectionFault> {
        let network = (self.max_per_address < usize::MAX).then(|| Network::of(peer));
        let mut counts = self.lock();
        if counts.all >= self.max {
            return Err(ConnectionFault::TooMany);
        }
        if let Some(network) = network {
            let count = counts.by_network.get(&network).copied().unwrap_or(0);
            if count >= self.max_per_address {
                return Err(ConnectionFault::TooManyFromAddress);
            }
            counts.by_network.insert(network, count.saturating_add(1));
        }
        counts.all = counts.all.saturating_add(1);
        drop(counts);
        Ok(Permit { limits: Arc::clone(self), network })
    }

    /// How many connections are open.
    pub fn count(&self) -> usize {
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
        let Some(network) = self.network else { return };
        if let Entry::Occupied(mut count) = counts.by_network.entry(network) {
            *count.get_mut() = count.get().saturating_sub(1);
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(ip: &str) -> RemoteAddr {
        RemoteAddr((ip.parse::<IpAddr>().unwrap(), 80).into())
    }

    #[test]
    fn network_of_ipv6_counts_as_one_address() {
        let limits = Limits::new(usize::MAX, 1);
        let first = limits.admit(peer("2001:db8::1")).unwrap();
        for other in ["2001:db8::2", "2001:db8::ffff:0:0:1"] {
            let refused = limits.admit(peer(other)).unwrap_err();
            assert_eq!(refused, ConnectionFault::TooManyFromAddress);
        }
        let _neighbour = limits.admit(peer("2001:db8:0:1::1")).unwrap();
        assert_eq!(limits.count(), 2);
        drop(first);
        assert!(limits.admit(peer("2001:db8::2")).is_ok());
    }

    #[test]
    fn address_of_ipv4_within_ipv6_is_the_same_address() {
        let limits = Limits::new(usize::MAX, 1);
        let _first = limits.admit(peer("192.0.2.1")).unwrap();
        assert!(limits.admit(peer("::ffff:192.0.2.1")).is_err());
        assert!(limits.admit(peer("::ffff:192.0.2.2")).is_ok());
    }

    #[test]
    fn addresses_that_are_gone_leave_nothing_behind() {
        let limits = Limits::new(usize::MAX, 2);
        let permits = ["192.0.2.1", "192.0.2.1", "192.0.2.2"].map(|ip| limits.admit(peer(ip)));
        assert!(permits.iter().all(Result::is_ok));
        drop(permits);
        assert!(limits.lock().by_network.is_empty());
        assert_eq!(limits.count(), 0);
    }
}
