//! The tasks that wait for a session.

use std::mem;
use std::num::NonZeroU64;
use std::task::Waker;

use engineio_proto::ConnId;
use engineio_proto::{AnySession, FramedSession};

use super::wakers::Wakers;

/// The tasks that wait for a session. Small: a session has few connections, one
/// reader, and rarely more than a few senders that wait.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    seats: Vec<SeatWaiter>,
    reader: Option<Waker>,
    handles: Vec<HandleWaiter>,
    newest_handle: u64,
    /// Dropping a waker may drop things that take the session's lock, so these are dropped after it
    /// is released.
    spent: Wakers,
}

#[derive(Debug)]
struct SeatWaiter {
    conn: ConnId,
    waker: Waker,
    interest: Interest,
}

/// What a connection waits for, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interest(u8);

impl Interest {
    /// Nothing, as it is awake.
    const NOTHING: Self = Self(0);
    /// The end of the session or of the connection. It has enough to write for now.
    pub(crate) const END: Self = Self(1);
    /// Something to write.
    pub(crate) const TRANSMIT: Self = Self(2);
    /// Permission to read on.
    pub(crate) const INPUT: Self = Self(4);

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

#[derive(Debug)]
struct HandleWaiter {
    id: WaitId,
    wait: Wait,
    waker: Waker,
}

/// Identifies a waiting future of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitId(NonZeroU64);

/// What a handle waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The session has room for messages.
    Writable,
    /// Messages up to this position have left.
    HandedOver(u64),
    /// The session has ended.
    Closed,
}

impl Wait {
    /// Whether the wait is over.
    pub(crate) fn is_over(self, session: &impl AnySession) -> bool {
        match self {
            Self::Writable => session.is_writable() || session.is_closing(),
            Self::HandedOver(position) => session.handed_over() >= position || session.is_closed(),
            Self::Closed => session.is_closed(),
        }
    }
}

impl Waiters {
    /// Registers a connection that waits, for this too.
    pub(crate) fn seat(&mut self, conn: ConnId, waker: &Waker, interest: Interest) {
        match self.seats.iter_mut().find(|seat| seat.conn == conn) {
            Some(seat) => {
                seat.interest.0 |= interest.0;
                renew(&mut seat.waker, waker, &mut self.spent);
            }
            None => {
                // Nearly always the only one.
                self.seats.reserve_exact(1);
                self.seats.push(SeatWaiter { conn, waker: waker.clone(), interest });
            }
        }
    }

    /// Notes that the connection is awake: it needn't be woken for what it will see anyway.
    pub(crate) fn rouse_seat(&mut self, conn: ConnId) {
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.conn == conn) {
            seat.interest = Interest::NOTHING;
        }
    }

    /// Registers a connection again that was [roused](Self::rouse_seat), with the waker it had.
    /// Returns whether there is one.
    pub(crate) fn resume_seat(&mut self, conn: ConnId, interest: Interest) -> bool {
        let seat = self.seats.iter_mut().find(|seat| seat.conn == conn);
        seat.map(|seat| seat.interest = interest).is_some()
    }

    /// Removes a connection.
    pub(crate) fn forget_seat(&mut self, conn: ConnId) {
        if let Some(place) = self.seats.iter().position(|seat| seat.conn == conn) {
            self.spent.push(self.seats.swap_remove(place).waker);
        }
    }

    /// Registers the application's task that waits for an event.
    pub(crate) fn reader(&mut self, waker: &Waker) {
        match &mut self.reader {
            Some(reader) => renew(reader, waker, &mut self.spent),
            none => *none = Some(waker.clone()),
        }
    }

    /// Removes the application's task that waits for an event.
    pub(crate) fn forget_reader(&mut self) {
        self.reader.take().into_iter().for_each(|reader| self.spent.push(reader));
    }

    /// Registers a handle that waits. Returns the identifier with which it can wait on, or stop.
    pub(crate) fn handle(&mut self, id: Option<WaitId>, wait: Wait, waker: &Waker) -> WaitId {
        let known = self.handles.iter_mut().find(|waiter| Some(waiter.id) == id);
        if let Some(waiter) = known {
            waiter.wait = wait;
            renew(&mut waiter.waker, waker, &mut self.spent);
            return waiter.id;
        }
        let id = id.unwrap_or_else(|| {
            self.newest_handle = self.newest_handle.saturating_add(1);
            WaitId(NonZeroU64::MIN.saturating_add(self.newest_handle))
        });
        self.handles.push(HandleWaiter { id, wait, waker: waker.clone() });
        id
    }

    /// Removes a handle.
    pub(crate) fn forget_handle(&mut self, id: WaitId) {
        if let Some(place) = self.handles.iter().position(|waiter| waiter.id == id) {
            self.spent.push(self.handles.swap_remove(place).waker);
        }
    }

    /// Takes out all waiters.
    pub(crate) fn take_all(&mut self) -> Awake {
        let all = mem::take(self);
        let mut awake = Awake { spent: all.spent, ..Awake::default() };
        awake.has_seat = !all.seats.is_empty();
        awake.has_reader = all.reader.is_some();
        let seats = all.seats.into_iter().map(|seat| seat.waker);
        let handles = all.handles.into_iter().map(|waiter| waiter.waker);
        seats.chain(all.reader).chain(handles).for_each(|waker| awake.ready.push(waker));
        awake
    }

    /// Whether no task waits for anything, and no waker is to be dropped.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.reader.is_none()
            && self.handles.is_empty()
            && self.spent.is_empty()
            && self.seats.iter().all(|seat| seat.interest == Interest::NOTHING)
    }

    /// Whether any waiters can go on, or wakers are to be dropped. Most turns end with none: nobody
    /// waits for what they changed.
    #[inline]
    pub(crate) fn ready(&self, session: &impl AnySession) -> Option<Ready> {
        let seat = self.seats.iter().position(|seat| seat.is_ready(session));
        let is_any = seat.is_some()
            || !self.spent.is_empty()
            || (self.reader.is_some() && session.has_event())
            || self.handles.iter().any(|waiter| waiter.wait.is_over(session));
        is_any.then_some(Ready { seat })
    }

    /// Takes out the waiters that can go on, and the wakers to drop.
    pub(crate) fn take_ready(&mut self, session: &impl AnySession, ready: Ready) -> Awake {
        let mut awake = Awake { spent: mem::take(&mut self.spent), ..Awake::default() };
        if let Some(mut place) = ready.seat {
            awake.has_seat = true;
            awake.ready.push(self.seats.swap_remove(place).waker);
            while let Some(seat) = self.seats.get(place) {
                if seat.is_ready(session) {
                    awake.ready.push(self.seats.swap_remove(place).waker);
                } else {
                    place += 1;
                }
            }
        }
        if self.reader.is_some() && session.has_event() {
            awake.has_reader = true;
            self.reader.take().into_iter().for_each(|reader| awake.ready.push(reader));
        }
        let mut place = 0;
        while let Some(waiter) = self.handles.get(place) {
            if waiter.wait.is_over(session) {
                awake.ready.push(self.handles.swap_remove(place).waker);
            } else {
                place += 1;
            }
        }
        awake
    }
}

/// Says that some can go on, or that wakers are to be dropped.
pub(crate) struct Ready {
    /// The place of the first connection among them.
    seat: Option<usize>,
}

impl SeatWaiter {
    /// Whether the connection can go on.
    #[inline]
    fn is_ready(&self, session: &impl AnySession) -> bool {
        if self.interest == Interest::TRANSMIT {
            session.has_transmit(self.conn)
        } else {
            self.has_cause(session)
        }
    }

    /// As [`is_ready`](Self::is_ready), whatever it waits for. Not inlined, or the compiler hoists what
    /// only this needs ahead of the usual case.
    #[inline(never)]
    fn has_cause(&self, session: &impl AnySession) -> bool {
        let Self { conn, interest, .. } = *self;
        (interest.has(Interest::TRANSMIT) && session.has_transmit(conn))
            || (interest.has(Interest::INPUT) && session.wants_input(conn))
            || (interest.has(Interest::END) && is_ending(session, conn))
    }
}

/// Whether only its end is left for the connection.
pub(crate) fn is_ending(session: &(impl FramedSession + ?Sized), conn: ConnId) -> bool {
    session.is_closed() || session.is_hung_up(conn)
}

/// Replaces a waker, unless the new one wakes the same task.
fn renew(waker: &mut Waker, new: &Waker, spent: &mut Wakers) {
    if !waker.will_wake(new) {
        spent.push(mem::replace(waker, new.clone()));
    }
}

/// Tasks to wake when no lock is held.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Awake {
    ready: Wakers,
    /// These are only dropped.
    spent: Wakers,
    has_seat: bool,
    has_reader: bool,
}

impl Awake {
    /// Whether a connection is among them.
    #[inline]
    pub(crate) const fn has_seat(&self) -> bool {
        self.has_seat
    }

    /// Whether the application's task that waits for an event is among them.
    #[inline]
    pub(crate) const fn has_reader(&self) -> bool {
        self.has_reader
    }

    pub(crate) fn wake(self) {
        let Self { ready, spent, .. } = self;
        ready.wake();
        drop(spent);
    }
}
