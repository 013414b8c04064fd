//! Who waits for what of one session.

use std::task::Waker;

use engineio_proto::server::{ConnId, Session};

/// The tasks that wait for a session. Small: a session has few connections, one
/// reader, and rarely more than a few senders that wait.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    seats: Vec<SeatWaiter>,
    reader: Option<Waker>,
    handles: Vec<HandleWaiter>,
    next_handle: u64,
}

#[derive(Debug)]
struct SeatWaiter {
    conn: ConnId,
    waker: Waker,
    interest: Interest,
}

/// What a connection waits for, beside the end of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interest {
    transmit: bool,
    input: bool,
}

impl Interest {
    /// Nothing else: what it has to write is enough for now.
    pub(crate) const END: Self = Self { transmit: false, input: false };
    /// Something to write.
    pub(crate) const TRANSMIT: Self = Self { transmit: true, input: false };
    /// Leave to read on.
    pub(crate) const INPUT: Self = Self { transmit: false, input: true };
}

#[derive(Debug)]
struct HandleWaiter {
    id: WaitId,
    wait: Wait,
    waker: Waker,
}

/// Names a waiting future of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitId(u64);

/// What a handle waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// That the session takes messages.
    Writable,
    /// That messages up to this position have left.
    HandedOver(u64),
    /// That it ends.
    Closed,
}

impl Wait {
    /// Whether there is nothing left to wait for.
    pub(crate) fn is_over(self, session: &Session) -> bool {
        match self {
            Self::Writable => session.is_writable() || session.is_closing(),
            Self::HandedOver(position) => session.handed_over() >= position || session.is_closed(),
            Self::Closed => session.is_closed(),
        }
    }
}

impl Waiters {
    /// The connection waits, for this too.
    pub(crate) fn seat(&mut self, conn: ConnId, waker: &Waker, interest: Interest) {
        match self.seats.iter_mut().find(|seat| seat.conn == conn) {
            Some(seat) => {
                seat.interest.transmit |= interest.transmit;
                seat.interest.input |= interest.input;
                seat.waker.clone_from(waker);
            }
            None => self.seats.push(SeatWaiter { conn, waker: waker.clone(), interest }),
        }
    }

    /// The connection doesn't wait any more: it is awake, or gone.
    pub(crate) fn forget_seat(&mut self, conn: ConnId) -> Option<Waker> {
        let place = self.seats.iter().position(|seat| seat.conn == conn)?;
        Some(self.seats.swap_remove(place).waker)
    }

    /// The application waits for an event.
    pub(crate) fn reader(&mut self, waker: &Waker) {
        match &mut self.reader {
            Some(reader) => reader.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// A handle waits. Gives the name under which it can wait on, or stop.
    pub(crate) fn handle(&mut self, id: Option<WaitId>, wait: Wait, waker: &Waker) -> WaitId {
        let known = self.handles.iter_mut().find(|waiter| Some(waiter.id) == id);
        if let Some(waiter) = known {
            waiter.wait = wait;
            waiter.waker.clone_from(waker);
            return waiter.id;
        }
        let id = id.unwrap_or_else(|| {
            self.next_handle += 1;
            WaitId(self.next_handle)
        });
        self.handles.push(HandleWaiter { id, wait, waker: waker.clone() });
        id
    }

    /// A handle doesn't wait any more.
    pub(crate) fn forget_handle(&mut self, id: WaitId) -> Option<Waker> {
        let place = self.handles.iter().position(|waiter| waiter.id == id)?;
        Some(self.handles.swap_remove(place).waker)
    }

    /// Moves those who can go on into `awake`.
    pub(crate) fn take_ready(&mut self, session: &Session, awake: &mut Awake) {
        let mut place = 0;
        while let Some(seat) = self.seats.get(place) {
            let is_ready = session.is_closed()
                || (seat.interest.transmit && session.has_transmit(seat.conn))
                || (seat.interest.input && session.wants_input(seat.conn));
            if is_ready {
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

/// Tasks to wake once no lock is held. The usual few need no allocation.
#[derive(Debug, Default)]
pub(crate) struct Awake {
    few: [Option<Waker>; 3],
    more: Vec<Waker>,
}

impl Awake {
    pub(crate) fn push(&mut self, waker: Waker) {
        match self.few.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(waker),
            None => self.more.push(waker),
        }
    }

    pub(crate) fn wake(self) {
        self.few.into_iter().flatten().chain(self.more).for_each(Waker::wake);
    }
}
