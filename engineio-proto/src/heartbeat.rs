//! Which side pings, when, and how long the answer may take. No other file knows.

use core::time::Duration;

use crate::packet::Packet;
use crate::tally::RoundTrip;
use crate::time::Instant;

/// One side's half of the heartbeat.
///
/// One side pings, one interval after the last pong, and waits one time-out for the next.
/// The other waits for pings, interval and time-out together. In revision 4 it is the
/// server that pings, in revision 3 the client.
///
/// While this side doesn't read, the wait stands still: a slow application must not make
/// the peer look dead. The peer's own wait goes on, so this side acts as if it had heard
/// the peer: it pings once more each interval, or sends the pong for the ping that
/// must have come. That pong leaves half a time-out after the ping was due: many peers reject
/// a pong for a ping that they haven't sent yet, and this side can't know when they did.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    /// When the next ping is due, from whichever side.
    ping_at: Instant,
    wait: Wait,
    /// Since when this side doesn't read.
    held_since: Option<Instant>,
    pub(crate) round_trip: RoundTrip,
}

#[derive(Debug)]
enum Wait {
    /// This side pings; between a pong and the next ping.
    Quiet,
    /// This side pings, and waits for the pong. `owes_ping`: a ping waits to leave.
    /// `is_extended`: another packet has already bought the peer more time; once per ping.
    /// `may_lie`: this side didn't read for some of the time, so that the pong may have lain
    /// unread.
    Pong { by: Instant, owes_ping: bool, is_extended: bool, may_lie: bool },
    /// The peer pings. `owed`: pings that have no pong yet.
    Ping { by: Instant, owed: u32 },
}

/// No heartbeat came from the peer in time.
pub(crate) struct Expired;

/// The peer's heartbeat goes in the wrong direction.
pub(crate) struct WrongDirection;

impl Heartbeat {
    /// `pings`: this side does. The other two are at least a millisecond, whatever a peer asks
    /// for: else a timer would be due again at once, for ever.
    pub(crate) fn new(pings: bool, interval: Duration, timeout: Duration, now: Instant) -> Self {
        let (interval, timeout) = (interval.max(SHORTEST_WAIT), timeout.max(SHORTEST_WAIT));
        let wait =
            if pings { Wait::Quiet } else { Wait::Ping { by: now + interval + timeout, owed: 0 } };
        let round_trip = RoundTrip::default();
        Self { interval, timeout, ping_at: now + interval, wait, held_since: None, round_trip }
    }

    /// When something has to happen.
    pub(crate) fn deadline(&self) -> Instant {
        match self.wait {
            Wait::Pong { by, .. } | Wait::Ping { by, .. } if self.held_since.is_none() => by,
            Wait::Quiet | Wait::Pong { .. } => self.ping_at,
            Wait::Ping { .. } => self.ping_at + self.timeout / 2,
        }
    }

    /// The deadline has come.
    pub(crate) fn expire(&mut self, now: Instant) -> Result<(), Expired> {
        match &mut self.wait {
            Wait::Quiet => {
                self.begin_ping(now);
                return Ok(());
            }
            Wait::Pong { .. } | Wait::Ping { .. } if self.held_since.is_none() => {
                return Err(Expired);
            }
            Wait::Pong { owes_ping, .. } => *owes_ping = true,
            Wait::Ping { owed, .. } => *owed = (*owed).max(1),
        }
        self.ping_at = now + self.interval;
        Ok(())
    }

    /// A ping has to leave, and its pong is awaited.
    fn begin_ping(&mut self, now: Instant) {
        // Counted from when the ping was due, so that the peer's last moment doesn't depend on the
        // load here; but a process that slept must let it speak first.
        let late = now.saturating_since(self.ping_at);
        let start = if late > self.timeout / 4 { now } else { self.ping_at };
        let by = start + self.timeout;
        let may_lie = self.held_since.is_some();
        self.wait = Wait::Pong { by, owes_ping: true, is_extended: false, may_lie };
        self.held_since = self.held_since.map(|_| start);
        self.ping_at = now + self.interval;
    }

    /// Any packet came: the peer is alive, even if its pong is stuck behind other data.
    /// Counts once per ping.
    #[inline]
    pub(crate) fn heard(&mut self, now: Instant) {
        if let Wait::Pong { by, is_extended: is_extended @ false, .. } = &mut self.wait {
            *is_extended = true;
            *by = (*by).max(now + self.timeout);
            self.held_since = self.held_since.map(|_| now);
        }
    }

    /// A ping came.
    pub(crate) fn ping(&mut self, now: Instant) -> Result<(), WrongDirection> {
        let Wait::Ping { by, owed } = &mut self.wait else { return Err(WrongDirection) };
        self.ping_at = now + self.interval;
        *by = self.ping_at + self.timeout;
        *owed = owed.saturating_add(1);
        self.held_since = self.held_since.map(|_| now);
        Ok(())
    }

    /// A pong came. An unsolicited one changes nothing.
    pub(crate) fn pong(&mut self, now: Instant) -> Result<(), WrongDirection> {
        match self.wait {
            Wait::Quiet => Ok(()),
            Wait::Pong { may_lie, .. } => {
                self.round_trip.pong_came(now);
                self.wait = Wait::Quiet;
                // The peer counts from the last ping. If the pong has lain here, an interval from
                // now may be too late for it.
                if !may_lie {
                    self.ping_at = now + self.interval;
                } else if self.ping_at <= now {
                    // It came due while the pong lay here.
                    self.begin_ping(now);
                }
                Ok(())
            }
            Wait::Ping { .. } => Err(WrongDirection),
        }
    }

    /// Whether a ping or a pong waits to leave.
    #[inline]
    pub(crate) const fn has_packet(&self) -> bool {
        matches!(self.wait, Wait::Pong { owes_ping: true, .. } | Wait::Ping { owed: 1.., .. })
    }

    /// The ping or pong that waits to leave.
    #[inline]
    pub(crate) fn packet(&self) -> Option<Packet> {
        match self.wait {
            Wait::Pong { owes_ping: true, .. } => Some(Packet::Ping(Default::default())),
            Wait::Ping { owed: 1.., .. } => Some(Packet::Pong(Default::default())),
            Wait::Quiet | Wait::Pong { .. } | Wait::Ping { .. } => None,
        }
    }

    /// What [`packet`](Self::packet) gave has left.
    pub(crate) fn note_sent(&mut self, now: Instant) {
        match &mut self.wait {
            Wait::Quiet => {}
            Wait::Pong { owes_ping, .. } => {
                *owes_ping = false;
                self.round_trip.ping_left(now);
            }
            Wait::Ping { by, owed } => {
                *owed = owed.saturating_sub(1);
                // The peer pings again an interval after this pong, also after one that it didn't
                // wait for.
                *by = (*by).max(now + self.interval + self.timeout);
                self.held_since = self.held_since.map(|_| now);
            }
        }
    }

    /// Whether this side doesn't read from the peer.
    pub(crate) const fn is_held(&self) -> bool {
        self.held_since.is_some()
    }

    /// This side stops reading from the peer, or starts again.
    pub(crate) fn hold(&mut self, is_held: bool, now: Instant) {
        match (self.held_since, is_held) {
            (None, true) => {
                self.held_since = Some(now);
                if let Wait::Pong { may_lie, .. } = &mut self.wait {
                    *may_lie = true;
                }
                if self.deadline() <= now {
                    // It is late already, and may be among the data that isn't read.
                    let _ = self.expire(now);
                }
            }
            (Some(since), false) => {
                self.held_since = None;
                let lost = now.saturating_since(since);
                if let Wait::Pong { by, .. } | Wait::Ping { by, .. } = &mut self.wait {
                    *by = *by + lost;
                }
            }
            (None, false) | (Some(_), true) => {}
        }
    }
}

const SHORTEST_WAIT: Duration = Duration::from_millis(1);
