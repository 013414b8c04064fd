//! A network that does what networks do, from a seed.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use bytestring::ByteString;
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
    /// What is sent on these gets lost, and nobody finds out.
    dead: BTreeSet<ConnId>,
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
            dead: BTreeSet::new(),
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
        if !self.cut.contains(&conn) && !self.dead.contains(&conn) {
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

    /// Loses what is under way on a connection, and whatever is sent on it later.
    pub(crate) fn kill(&mut self, conn: ConnId) {
        self.dead.insert(conn);
        self.parcels.retain(|_, parcel| parcel.route().0 != conn);
    }

    /// Delivers a request a second time, as if on a connection of its own. The answer to that gets
    /// lost. Tells whether there is a request under way.
    pub(crate) fn duplicate(&mut self, now: u64, which: usize) -> bool {
        let is_request = |parcel: &&Parcel| {
            matches!(parcel, Parcel::ToServer(_, Fact::Request { .. } | Fact::Body(_)))
        };
        let mut conns: Vec<_> =
            self.parcels.values().filter(is_request).map(|parcel| parcel.route().0).collect();
        conns.dedup();
        let Some(&original) = conns.get(which % conns.len().max(1)) else { return false };
        let copy = ConnId(u64::MAX - self.sent);
        let again: Vec<_> = self
            .parcels
            .values()
            .filter(|parcel| parcel.route().0 == original)
            .filter_map(|parcel| match parcel {
                Parcel::ToServer(_, fact) => Some(fact.clone()),
                Parcel::ToClient(..) => None,
            })
            .collect();
        if !matches!(again.first(), Some(Fact::Request { .. })) {
            return false;
        }
        again.into_iter().for_each(|fact| self.send(now, Parcel::ToServer(copy, fact)));
        true
    }

    /// Changes a byte of something under way, or cuts it off there. Tells whether it could.
    pub(crate) fn corrupt(&mut self, which: usize, place: u8, byte: u8) -> bool {
        let count = self.parcels.len().max(1);
        let Some(parcel) = self.parcels.values_mut().nth(which % count) else { return false };
        match parcel {
            Parcel::ToServer(_, Fact::Body(bytes)) => *bytes = damaged(bytes, place, byte).into(),
            Parcel::ToServer(_, Fact::Frame(frame))
            | Parcel::ToClient(_, Answer::Transmit(Transmit::Frame(frame))) => {
                *frame = damaged_frame(frame, place, byte);
            }
            Parcel::ToClient(_, Answer::Transmit(Transmit::Respond(response))) => {
                response.body = damaged(&response.body, place, byte).into();
            }
            Parcel::ToServer(..) | Parcel::ToClient(..) => return false,
        }
        true
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

fn damaged(bytes: &[u8], place: u8, byte: u8) -> Vec<u8> {
    let place = usize::from(place) % bytes.len().max(1);
    let mut bytes = bytes.to_vec();
    if byte == 0 {
        bytes.truncate(place);
    }
    bytes.get_mut(place).into_iter().for_each(|at| *at = byte);
    bytes
}

fn damaged_frame(frame: &Frame, place: u8, byte: u8) -> Frame {
    let bytes = Bytes::from(damaged(&frame.parts().concat(), place, byte));
    match ByteString::try_from(bytes.clone()) {
        Ok(text) if frame.is_text() => Frame::text(text),
        _ => Frame::binary(bytes),
    }
}
