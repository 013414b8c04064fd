//! The session of a client behind its lock, shared by its driver and its handles.

use std::sync::Arc;
use std::task::Waker;

use engineio_proto::client::Session;
use engineio_proto::{ClientConfig, ConnId, Instant, Sid};

use crate::clock::Clock;
use crate::shared::alarm::Alarm;
use crate::shared::carried::{Carried, CarriedTurn};
use crate::shared::session::{Locked, Pace, Shared, Side, Turn};
use crate::sync::MutexGuard;

/// The session of a client.
pub(crate) type ClientSession = Shared<ClientSide>;

/// The parts of a session that never change.
pub(crate) struct ClientSide {
    pub(super) config: Arc<ClientConfig>,
    clock: Box<dyn Clock>,
}

/// What the hub keeps beside the session, under the session's lock.
#[derive(Default)]
pub(crate) struct State {
    /// The task that does the I/O, while it sleeps.
    pub(super) driver: Option<Waker>,
    /// The session's deadline that the driver knows of.
    pub(super) known_timeout: Option<Instant>,
    /// Requests under way: at most a GET, a POST, a WebSocket, and another WebSocket that was given
    /// up.
    pub(super) conns: Vec<ConnId>,
    /// WebSockets that only have to flush, and how long they may take.
    pub(super) lingers: Vec<(Instant, Arc<Alarm>)>,
}

impl Side for ClientSide {
    type Session = Session;
    type State = State;

    /// The driver, if it has to be woken.
    type Rest = Option<Waker>;

    fn now(&self) -> Option<Instant> {
        Some(self.clock.now())
    }

    fn is_gone(&self) -> bool {
        false
    }

    fn end_turn(&self, locked: &mut Locked<Self>) -> Option<Waker> {
        let Locked { session, state, .. } = locked;
        state.driver.as_ref()?;
        let is_for_driver = session.has_connect()
            || session.poll_timeout() < state.known_timeout
            || state.conns.iter().any(|conn| session.is_hung_up(*conn));
        state.driver.take_if(|_| is_for_driver)
    }

    fn finish(_shared: &Arc<ClientSession>, driver: Option<Waker>) {
        driver.into_iter().for_each(Waker::wake);
    }

    fn poisoned(_shared: &Arc<ClientSession>, _locked: MutexGuard<'_, Locked<Self>>) {}
}

impl ClientSession {
    pub(super) fn connect(config: Arc<ClientConfig>, clock: impl Clock) -> Arc<Self> {
        // Without a seed the session works as well, but the `t` of its requests is predictable.
        let seed = getrandom::u64().unwrap_or_default();
        let session = Session::connect(&config, clock.now(), seed);
        Self::new(ClientSide { config, clock: Box::new(clock) }, session, State::default())
    }
}

impl State {
    /// Expires connections that have had their time to flush.
    pub(super) fn expire_lingers(&mut self, now: Instant) {
        self.lingers.retain(|(until, linger)| {
            if *until <= now {
                linger.ring();
            }
            *until > now
        });
    }
}

/// The session that a client's WebSocket belongs to.
impl Carried for Arc<ClientSession> {
    fn turn(&self, _pace: Pace, act: &mut dyn FnMut(CarriedTurn<'_>)) -> bool {
        let turned = Shared::turn(self, |turn| {
            let Turn { now, session, waiters, .. } = turn;
            act(CarriedTurn { now: *now, session: *session, waiters });
        });
        turned.is_some()
    }

    fn exchange(&self, _conn: ConnId, act: &mut dyn FnMut(CarriedTurn<'_>)) {
        Carried::turn(self, Pace::Full, act);
    }

    fn seat_wakes(&self) -> u32 {
        Shared::seat_wakes(self)
    }

    fn begin_linger(&self, _unsent: usize) -> Arc<Alarm> {
        let linger = Arc::new(Alarm::default());
        Shared::turn(self, |turn| {
            let until = turn.now + self.side.config.linger();
            turn.state.lingers.push((until, Arc::clone(&linger)));
        });
        linger
    }

    fn sid(&self) -> Option<Sid> {
        self.look(|session| session.sid().cloned()).flatten()
    }
}
