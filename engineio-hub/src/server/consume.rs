//! The ways to consume a server. One excludes the others.

use std::future::Future;
use std::sync::Arc;

use engineio_proto::server::Refusal;

use super::admission::Admission;
use super::events::Events;
use super::handler::Handler;
use super::handshake::Handshake;
use super::hub::Hub;
use super::login::{Login, decide, decide_later};
use super::reception::{Arrival, Mode, Pickup};
use super::session::{Audience, Told};
use crate::data::Data;

impl Hub {
    /// Accepts all clients, and gives what they do as one stream.
    ///
    /// A server is consumed in one way: if there is another one already, the stream ends at once,
    /// and the observer is told.
    pub fn events(&self) -> Events {
        self.events_with(|_| Ok(()))
    }
}

impl<D: Data> Hub<D> {
    /// Gives what clients do as one stream, behind a login: for each handshake it gives the data
    /// to keep with the session, or the refusal. It must not block. One that panics refuses its
    /// client with 500.
    ///
    /// If the server is consumed in another way already, the stream ends at once, and the
    /// observer is told.
    pub fn events_with(
        &self,
        login: impl Fn(&Handshake) -> Result<D, Refusal> + Send + Sync + 'static,
    ) -> Events<D> {
        self.events_behind(Login::Now(Box::new(login)))
    }

    /// As [`events_with`](Self::events_with), with a login that may take its time, for
    /// [`accept_timeout`](engineio_proto::ServerConfig::accept_timeout) at most. The future is
    /// polled by the request of the client, and dropped when the client leaves.
    pub fn events_with_async<F>(
        &self,
        login: impl Fn(Handshake) -> F + Send + Sync + 'static,
    ) -> Events<D>
    where
        F: Future<Output = Result<D, Refusal>> + Send + 'static,
    {
        self.events_behind(Login::Later(Box::new(move |handshake| Box::pin(login(handshake)))))
    }

    /// As [`events_with`](Self::events_with), with a login that may block: it is called by
    /// whoever asks for the next event.
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

    /// Has a handler called for all sessions.
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
            // There may be sessions that nobody has told it of.
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

    /// Consumes the server so from now on. `false`: it is consumed in another way.
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
