//! The ways to consume a server. One excludes the others.

use std::future::Future;
use std::sync::Arc;

use engineio_proto::server::Refusal;

use super::admission::Admission;
use super::audience::{Audience, Told};
use super::events::Events;
use super::handler::Handler;
use super::handshake::Handshake;
use super::hub::Hub;
use super::login::{Login, decide, decide_later};
use super::reception::{Arrival, Mode, Pickup};
use crate::data::Data;

impl Hub {
    /// Accepts all clients, and returns their events as one stream.
    ///
    /// A server is consumed in one way only. If it is consumed in another way already, the stream
    /// ends at once, and the observer is told.
    pub fn events(&self) -> Events {
        self.events_with(|_| Ok(()))
    }
}

impl<D: Data> Hub<D> {
    /// Returns the events of all sessions as one stream, behind a login. The login returns the data
    /// to keep with the session, or a refusal, for each handshake. It must not block. If it panics,
    /// the client gets 500.
    ///
    /// If the server is consumed in another way already, the stream ends at once, and the
    /// observer is told.
    pub fn events_with(
        &self,
        login: impl Fn(&Handshake) -> Result<D, Refusal> + Send + Sync + 'static,
    ) -> Events<D> {
        self.events_behind(Login::Now(Box::new(login)))
    }

    /// As [`events_with`](Self::events_with), with a login that may wait, for
    /// [`accept_timeout`](engineio_proto::ServerConfig::accept_timeout) at most. The client's
    /// request polls the future, and drops it when the client leaves.
    pub fn events_with_async<F>(
        &self,
        login: impl Fn(Handshake) -> F + Send + Sync + 'static,
    ) -> Events<D>
    where
        F: Future<Output = Result<D, Refusal>> + Send + 'static,
    {
        self.events_behind(Login::Later(Box::new(move |handshake| Box::pin(login(handshake)))))
    }

    /// As [`events_with`](Self::events_with), with a login that may block: the caller that asks for
    /// the next event runs it.
    pub fn events_with_blocking(
        &self,
        login: impl Fn(&Handshake) -> Result<D, Refusal> + Send + Sync + 'static,
    ) -> Events<D> {
        if self.set_mode(Mode::PickedUp(Pickup::Events), "events()") {
            Events::new(&self.running, Some(Box::new(login)))
        } else {
            Events::without(&self.running)
        }
    }

    /// Calls a handler for all sessions.
    ///
    /// If the server is consumed in another way already, the handler is dropped, and the observer
    /// is told.
    pub fn handle(&self, handler: impl Handler<D>) {
        let handler = Arc::new(handler);
        let connecting = Arc::clone(&handler);
        let login = Login::Now(Box::new(move |handshake| connecting.connect(handshake)));
        let audience = Audience::Handler(Told::default());
        if self.set_mode(Mode::Login(Arc::new(login), audience), "handle()") {
            self.running.set_handler(handler);
            // Sessions may have been opened before the handler was set: the driver tells it of
            // them.
            self.running.core.deadlines.wake();
        }
    }

    fn events_behind(&self, login: Login<D>) -> Events<D> {
        let audience = Audience::Events(Told::default());
        if self.set_mode(Mode::Login(Arc::new(login), audience), "events()") {
            Events::new(&self.running, None)
        } else {
            Events::without(&self.running)
        }
    }

    /// Sets how the server is consumed. `false`: it is consumed in another way already.
    fn set_mode(&self, mode: Mode<D>, what: &str) -> bool {
        let login = match &mode {
            Mode::Login(login, audience) => Some((Arc::clone(login), *audience)),
            Mode::Undecided | Mode::PickedUp(_) | Mode::Closed => None,
        };
        let Some(waiting) = self.running.reception.set_mode(mode) else {
            if !self.is_closing() {
                self.misused(what);
            }
            return false;
        };
        for arrival in waiting {
            if let Some((login, audience)) = &login {
                self.log_in(arrival, login, *audience);
            }
        }
        true
    }

    /// Lets a login decide about a handshake.
    pub(super) fn log_in(&self, arrival: Arrival<D>, login: &Login<D>, audience: Audience) {
        let Arrival { pending, handshake } = arrival;
        let admission = Admission::new(&self.running, Arc::clone(&pending));
        match login {
            Login::Now(login) => admission.conclude(decide(login, &handshake), audience),
            Login::Later(login) => {
                let decision = decide_later(login, handshake);
                pending.set_login(Box::pin(async move {
                    admission.conclude(decision.await, audience);
                }));
            }
        }
    }
}
