//! The tasks that wait for a session.

use std::mem;
use std::num::NonZeroU64;
use std::task::Waker;

use engineio_proto::ConnId;
use engineio_proto::{AnySession, FramedSession};

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
    spent: Vec<Waker>,
}

#[derive(Debug)]
struct SeatWaiter {
    conn: ConnId,
    waker: Waker,
    interest: Interest,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interest {
    transmit: bool,
    input: bool,
    end: bool,
}

impl Interest {
    /// Nothing, as it is awake.
    const NOTHING: Self = Self { transmit: false, input: false, end: false };
    /// The end of the session or of the connection. It has enough to write for now.
    pub(crate) const END: Self = Self { end: true, ..Self::NOTHING };
    /// Something to write.
    pub(crate) const TRANSMIT: Self = Self { transmit: true, ..Self::NOTHING };
    /// Permission to read on.
    pub(crate) const INPUT: Self = Self { input: true, ..Self::NOTHING };
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
                seat.interest.transmit |= interest.transmit;
                seat.interest.input |= interest.input;
                seat.interest.end |= interest.end;
                renew(&mut seat.waker, waker, &mut self.spent);
            }
            None => self.seats.push(SeatWaiter { conn, waker: waker.clone(), interest }),
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

    /// Moves all waiters into `awake`.
    pub(crate) fn take_all(&mut self, awake: &mut Awake) {
        let all = mem::take(self);
        awake.spent = all.spent;
        awake.has_seat = !all.seats.is_empty();
        all.seats.into_iter().for_each(|seat| awake.push(seat.waker));
        all.reader.into_iter().for_each(|reader| awake.push(reader));
        all.handles.into_iter().for_each(|waiter| awake.push(waiter.waker));
    }

    /// Whether no task waits for anything, and no waker is to be dropped.
    pub(crate) fn is_quiet(&self) -> bool {
        self.reader.is_none()
            && self.handles.is_empty()
            && self.spent.is_empty()
            && self.seats.iter().all(|seat| seat.interest == Interest::NOTHING)
    }

    /// Moves the waiters that can go on into `awake`, and the wakers to drop.
    pub(crate) fn take_ready(&mut self, session: &impl AnySession, awake: &mut Awake) {
        awake.spent = mem::take(&mut self.spent);
        let mut place = 0;
        while let Some(seat) = self.seats.get(place) {
            let is_ready = (seat.interest.transmit && session.has_transmit(seat.conn))
                || (seat.interest.input && session.wants_input(seat.conn))
                || (seat.interest.end && is_ending(session, seat.conn));
            if is_ready {
                awake.has_seat = true;
                awake.push(self.seats.swap_remove(place).waker);
            } else {
                place += 1;
            }
        }
        if session.has_event() {
            self.reader.take().into_iter().for_each(|reader| awake.push(reader));
        }
        let mut place = 0;
        while let Some(waiter) = self.handles.get(place) {
            if waiter.wait.is_over(session) {
                awake.push(self.handles.swap_remove(place).waker);
            } else {
                place += 1;
            }
        }
    }
}

/// Whether only its end is left for the connection.
pub(crate) fn is_ending(session: &(impl FramedSession + ?Sized), conn: ConnId) -> bool {
    session.is_closed() || session.is_hung_up(conn)
}

/// Replaces a waker, unless the new one wakes the same task.
fn renew(waker: &mut Waker, new: &Waker, spent: &mut Vec<Waker>) {
    if !waker.will_wake(new) {
        spent.push(mem::replace(waker, new.clone()));
    }
}

/// Tasks to wake when no lock is held. The usual few need no allocation.
#[derive(Debug, Default)]
pub(crate) struct Awake {
    few: [Option<Waker>; 2],
    more: Vec<Waker>,
    /// Wakers that are only dropped.
    spent: Vec<Waker>,
    has_seat: bool,
}

impl Awake {
    /// Whether a connection is among them.
    pub(crate) const fn has_seat(&self) -> bool {
        self.has_seat
    }

    pub(crate) fn push(&mut self, waker: Waker) {
        match self.few.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(waker),
            None => self.more.push(waker),
        }
    }

    pub(crate) fn wake(self) {
        let Self { few, more, .. } = self;
        for waker in few {
            // The places are filled in order.
            let Some(waker) = waker else { return };
            waker.wake();
        }
        more.into_iter().for_each(Waker::wake);
    }
}
