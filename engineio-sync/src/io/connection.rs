//! A connection: requests, or a WebSocket.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Waker};

use engineio_hub::{Data, Framed, Hub, RemoteAddr};
use engineio_proto::Instant;
use mio::Token;
use mio::event::Event;
use mio::net::TcpStream;

use super::engine::Settings;
use super::http_connection::HttpConnection;
use super::limits::Permit;
use super::mailbox::{Mailbox, TokenWaker};
use super::timers::Timer;
use crate::stream::Tcp;
use crate::websocket::{Next, carry};

pub(super) struct Connection<D: Data> {
    tcp: Tcp,
    permit: Permit,
    token_waker: Arc<TokenWaker>,
    waker: Waker,
    pub(super) timer: Timer,
    /// It waits for its next turn already.
    pub(super) has_yielded: bool,
    protocol: Protocol<D>,
}

enum Protocol<D: Data> {
    Http(HttpConnection<D>),
    WebSocket(Framed),
}

/// What a worker lends to the connection whose turn it is.
pub(super) struct Lent<'a, D: Data> {
    pub(super) hub: &'a Hub<D>,
    pub(super) settings: &'a Settings,
    pub(super) now: Instant,
    /// The server closes: no request is waited for any more.
    pub(super) is_stopping: bool,
    pub(super) scratch: &'a mut [u8],
}

impl<D: Data> Connection<D> {
    pub(super) fn new(
        socket: TcpStream,
        permit: Permit,
        token: Token,
        mailbox: &Arc<Mailbox>,
        until: Instant,
    ) -> Self {
        let token_waker = TokenWaker::new(token, mailbox);
        Self {
            tcp: Tcp::new(socket),
            permit,
            waker: Waker::from(Arc::clone(&token_waker)),
            token_waker,
            timer: Timer::default(),
            has_yielded: true,
            protocol: Protocol::Http(HttpConnection::new(until)),
        }
    }

    /// Takes note of what its socket has to say.
    pub(super) fn ready(&mut self, event: &Event) {
        self.tcp.ready(event);
        // The peer has taken something.
        if self.tcp.is_writable() && matches!(self.protocol, Protocol::WebSocket(_)) {
            self.timer.deadline = None;
        }
    }

    /// Does what can be done now.
    pub(super) fn turn(&mut self, lent: &mut Lent<'_, D>) -> Next {
        self.token_waker.reset();
        let cx = &mut Context::from_waker(&self.waker);
        if let Protocol::Http(http) = &mut self.protocol {
            let next = http.turn(&mut self.tcp, RemoteAddr(self.permit.peer), lent, cx);
            self.timer.deadline = http.deadline();
            if !http.has_switched() {
                return next;
            }
            let spent = HttpConnection::new(lent.now);
            let Some((mut framed, early)) = mem::replace(http, spent).into_websocket() else {
                return Next::End;
            };
            if !early.is_empty() {
                framed.received(&early);
            }
            self.timer.deadline = None;
            self.protocol = Protocol::WebSocket(framed);
        }
        let Protocol::WebSocket(framed) = &mut self.protocol else { return Next::End };
        let next = carry(&mut self.tcp, framed, lent.scratch, cx);
        // The session may live for as long as its peer talks, but the peer has to take bytes, too.
        let deadline = &mut self.timer.deadline;
        if self.tcp.is_writable() {
            *deadline = None;
            return next;
        }
        let until = *deadline.get_or_insert_with(|| lent.now + lent.settings.patience);
        if until <= lent.now { Next::End } else { next }
    }
}
