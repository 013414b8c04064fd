//! The session of a client behind its lock, shared by its driver and its handles.

use std::sync::{Arc, Mutex};
use std::task::Waker;

use engineio_proto::ClientConfig;
use engineio_proto::ConnId;
use engineio_proto::client::Session;
use engineio_proto::{Instant, Sid};

use super::driver::Driver;
use super::handles::Client;
use super::request::Remote;
use crate::clock::Clock;
use crate::server::deadlines::Expire;
use crate::shared::line::{Framing, Line, Turned, Wire};
use crate::shared::linger::Linger;
use crate::shared::waiters::{Awake, Waiters};

/// A session with a server that is about to be reached.
pub fn connect(config: ClientConfig, remote: Remote, clock: impl Clock) -> (Client, Driver) {
    // The session works as well without: then the `t` of its requests can be foreseen.
    let seed = getrandom::u64().unwrap_or_default();
    let config = Arc::new(config);
    let session = Session::connect(&config, clock.now(), seed);
    let link = Arc::new(Link {
        clock: Box::new(clock),
        inner: Mutex::new(Inner {
            session,
            waiters: Waiters::default(),
            driver: None,
            conns: Vec::new(),
            lingers: Vec::new(),
        }),
    });
    (Client::new(Arc::clone(&link)), Driver::new(link, config, remote))
}

pub(super) struct Link {
    clock: Box<dyn Clock>,
    inner: Mutex<Inner>,
}

pub(super) struct Inner {
    pub(super) session: Session,
    waiters: Waiters,
    /// The task that does the I/O, while it sleeps.
    pub(super) driver: Option<Waker>,
    /// What is under way. At most a GET, a POST and a WebSocket, and another one that is given
    /// up.
    pub(super) conns: Vec<ConnId>,
    /// WebSockets that have nothing but their last words left, and how long they may take.
    pub(super) lingers: Vec<(Instant, Arc<Linger>)>,
}

impl Link {
    /// Takes a turn. Whoever can go on then is woken when the lock is gone, the driver too if
    /// there is something for it. `None`: a panic poisoned the lock, and the session counts as
    /// closed.
    pub(super) fn turn<R>(&self, act: impl FnOnce(Instant, &mut Inner) -> R) -> Option<R> {
        let now = self.clock.now();
        let mut inner = self.inner.lock().ok()?;
        inner.session.handle_timeout(now);
        let before = inner.session.poll_timeout();
        let result = act(now, &mut inner);
        let mut awake = Awake::default();
        let Inner { session, waiters, driver, conns, .. } = &mut *inner;
        waiters.take_ready(session, &mut awake);
        let is_for_driver = session.has_connect()
            || session.poll_timeout() < before
            || conns.iter().any(|conn| session.is_hung_up(*conn));
        let driver = driver.take_if(|_| is_for_driver);
        drop(inner);
        awake.wake();
        driver.into_iter().for_each(Waker::wake);
        Some(result)
    }

    /// Looks at the session without changing it.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Session) -> R) -> Option<R> {
        Some(look(&self.inner.lock().ok()?.session))
    }
}

impl Line for Arc<Link> {
    type End = Session;

    fn with<R>(&self, act: impl FnOnce(Turned<'_, Session>) -> R) -> Option<R> {
        self.turn(|now, Inner { session, waiters, .. }| act(Turned { now, session, waiters }))
    }
}

/// The session that a client's WebSocket belongs to.
pub(super) struct ClientWire {
    pub(super) link: Arc<Link>,
    pub(super) config: Arc<ClientConfig>,
}

impl Wire for ClientWire {
    fn turn(&self, act: &mut dyn FnMut(Turned<'_, dyn Framing + '_>)) -> bool {
        let turned = self.link.with(|Turned { now, session, waiters }| {
            act(Turned { now, session, waiters });
        });
        turned.is_some()
    }

    fn begin_linger(&self) -> Arc<Linger> {
        let linger = Arc::new(Linger::default());
        self.link.turn(|now, inner| {
            inner.lingers.push((now + self.config.linger(), Arc::clone(&linger)));
        });
        linger
    }

    fn sid(&self) -> Option<Sid> {
        self.link.look(|session| session.sid().cloned()).flatten()
    }
}

/// Lets time pass for connections that have nothing but their last words left.
pub(super) fn expire_lingers(now: Instant, lingers: &mut Vec<(Instant, Arc<Linger>)>) {
    lingers.retain(|(until, linger)| {
        if *until <= now {
            linger.expire(now);
        }
        *until > now
    });
}
