//! A network that does what networks do, from a seed.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use engineio_proto::ConnId;
use engineio_proto::Frame;
use engineio_proto::server::Transmit;

/// Something under way.
#[derive(Debug)]
pub(crate) enum Parcel {
    ToServer(ConnId, Fact),
    ToClient(ConnId, Answer),
}

/// What the server's side of a connection sees.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    Request {
        method: &'static str,
        target: String,
        upgrade: bool,
        octets: bool,
    },
    Body(Bytes),
    Frame(Frame),
    /// The WebSocket was closed in order.
    Closed,
    Cut,
}

/// What the client's side of a connection sees.
#[derive(Debug)]
pub(crate) enum Answer {
    Transmit(Transmit),
    Cut,
}

/// Delays everything by a random time. What travels on one connection in one
/// direction stays in order; nothing else does.
#[derive(Debug)]
pub(crate) struct Link {
    random: u64,
    latency: u64,
    parcels: BTreeMap<(u64, u64), Parcel>,
    sent: u64,
    last_conn: u64,
    /// When the last parcel of a connection arrives, to the server and to the client.
    last: BTreeMap<(ConnId, bool), u64>,
    cut: BTreeSet<ConnId>,
}

impl Link {
    pub(crate) const fn new(seed: u64, latency: u64) -> Self {
        Self {
            random: seed,
            latency,
            parcels: BTreeMap::new(),
            sent: 0,
            last_conn: 0,
            last: BTreeMap::new(),
            cut: BTreeSet::new(),
        }
    }

    /// A number for a new connection.
    pub(crate) const fn connect(&mut self) -> ConnId {
        self.last_conn += 1;
        ConnId(self.last_conn)
    }

    /// Sets something under way, unless its connection is cut.
    pub(crate) fn send(&mut self, now: u64, parcel: Parcel) {
        let (conn, is_up) = parcel.route();
        if !self.cut.contains(&conn) {
            let last = self.last.get(&(conn, is_up)).copied().unwrap_or(0);
            let at = last.max(now + self.random() % (self.latency + 1));
            self.last.insert((conn, is_up), at);
            self.deliver_at(at, parcel);
        }
    }

    fn deliver_at(&mut self, at: u64, parcel: Parcel) {
        self.sent += 1;
        self.parcels.insert((at, self.sent), parcel);
    }

    /// Loses what is under way on a connection. Both ends find out, each in its time.
    /// Tells whether anything for the client was lost.
    pub(crate) fn cut(&mut self, now: u64, conn: ConnId) -> bool {
        if !self.cut.insert(conn) {
            return false;
        }
        let before = self.parcels.len();
        self.parcels.retain(|_, parcel| parcel.route() != (conn, true));
        let for_client = self.parcels.len();
        self.parcels.retain(|_, parcel| parcel.route() != (conn, false));
        let has_lost = self.parcels.len() < for_client;
        debug_assert!(before >= for_client);
        let (up, down) = (self.random(), self.random());
        self.deliver_at(now + up % (self.latency + 1), Parcel::ToServer(conn, Fact::Cut));
        self.deliver_at(now + down % (self.latency + 1), Parcel::ToClient(conn, Answer::Cut));
        has_lost
    }

    pub(crate) fn is_cut(&self, conn: ConnId) -> bool {
        self.cut.contains(&conn)
    }

    /// When the next parcel arrives.
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.parcels.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn next(&mut self) -> Option<Parcel> {
        self.parcels.pop_first().map(|(_, parcel)| parcel)
    }

    /// splitmix64
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Parcel {
    /// Its connection, and whether it goes to the server.
    const fn route(&self) -> (ConnId, bool) {
        match self {
            Self::ToServer(conn, _) => (*conn, true),
            Self::ToClient(conn, _) => (*conn, false),
        }
    }
}
