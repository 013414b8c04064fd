//! A connection: requests, or a WebSocket.

use std::sync::Arc;
use std::task::{Context, Waker};

use engineio_hub::listener::Permit;
use engineio_hub::{Data, Framed, RemoteAddr};
use engineio_proto::Instant;
use mio::Token;
use mio::event::Event;

use super::engine::Tools;
use super::handle::Accepted;
use super::http_connection::HttpConnection;
use super::timers::Timer;
use crate::stream::Tcp;
use crate::wake::{TokenWaker, WakeQueue};
use crate::websocket::{Turn, poll_websocket};

pub(super) struct Connection<D: Data> {
    tcp: Tcp,
    peer: RemoteAddr,
    _permit: Permit,
    token_waker: Arc<TokenWaker>,
    waker: Waker,
    pub(super) timer: Timer,
    /// It already waits for its next turn.
    pub(super) has_yielded: bool,
    protocol: Protocol<D>,
}

enum Protocol<D: Data> {
    Http(HttpConnection<D>),
    WebSocket(Framed),
}

impl<D: Data> Connection<D> {
    /// A new connection, which may take until then for the head of its first request.
    pub(super) fn new(
        accepted: Accepted,
        token: Token,
        wakes: &Arc<WakeQueue>,
        until: Instant,
    ) -> Self {
        let token_waker = TokenWaker::new(token, wakes);
        Self {
            tcp: Tcp::new(accepted.socket),
            peer: accepted.peer,
            _permit: accepted.permit,
            waker: Waker::from(Arc::clone(&token_waker)),
            token_waker,
            timer: Timer::default(),
            has_yielded: true,
            protocol: Protocol::Http(HttpConnection::new(until)),
        }
    }

    /// Notes an event of its socket.
    pub(super) fn ready(&mut self, event: &Event) {
        self.tcp.ready(event);
        // The peer has taken something.
        if self.tcp.is_writable() && matches!(self.protocol, Protocol::WebSocket(_)) {
            self.timer.deadline = None;
        }
    }

    /// Does what can be done now.
    pub(super) fn turn(&mut self, tools: &mut Tools<'_, D>) -> Turn {
        self.token_waker.reset();
        let cx = &mut Context::from_waker(&self.waker);
        loop {
            match &mut self.protocol {
                Protocol::Http(requests) => {
                    let turn = requests.turn(&mut self.tcp, self.peer, tools, cx);
                    let Some((mut framed, early)) = requests.take_websocket() else {
                        self.timer.deadline = requests.deadline();
                        return turn;
                    };
                    if !early.is_empty() {
                        framed.received(&early);
                    }
                    self.timer.deadline = None;
                    self.protocol = Protocol::WebSocket(framed);
                }
                Protocol::WebSocket(framed) => {
                    let turn = poll_websocket(&mut self.tcp, framed, tools.scratch, cx);
                    // The session lives as long as its peer talks, but the peer has to take
                    // bytes, too.
                    let deadline = &mut self.timer.deadline;
                    if self.tcp.is_writable() {
                        *deadline = None;
                        return turn;
                    }
                    let patience = tools.settings.patience;
                    let until = *deadline.get_or_insert_with(|| tools.now + patience);
                    return if until <= tools.now { Turn::Ended } else { turn };
                }
            }
        }
    }
}
