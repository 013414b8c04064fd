//! A connection: a socket, and what speaks over it.

use std::sync::Arc;
use std::task::{Context, Waker};

use engineio_hub::http1::ServerConnection;
use engineio_hub::listener::Permit;
use engineio_hub::{Data, Framed};
use engineio_proto::Instant;
use mio::Token;
use mio::event::Event;

use super::engine::Tools;
use super::handle::Accepted;
use super::timers::Timer;
use crate::carry::{Turn, carry};
use crate::stream::Tcp;
use crate::wake::{TokenWaker, WakeQueue};

pub(super) struct Connection<D: Data> {
    tcp: Tcp,
    protocol: Protocol<D>,
    /// When its peer has to have taken some bytes, at the latest.
    stuck_until: Option<Instant>,
    pub(super) timer: Timer,
    /// It already waits for its next turn.
    pub(super) has_yielded: bool,
    token_waker: Arc<TokenWaker>,
    waker: Waker,
    _permit: Permit,
}

enum Protocol<D: Data> {
    Http(ServerConnection<D>),
    WebSocket(Framed),
}

impl<D: Data> Connection<D> {
    pub(super) fn new(
        accepted: Accepted,
        http: ServerConnection<D>,
        token: Token,
        wakes: &Arc<WakeQueue>,
    ) -> Self {
        let token_waker = TokenWaker::new(token, wakes);
        Self {
            tcp: Tcp::new(accepted.socket),
            protocol: Protocol::Http(http),
            stuck_until: None,
            timer: Timer::default(),
            has_yielded: true,
            waker: Waker::from(Arc::clone(&token_waker)),
            token_waker,
            _permit: accepted.permit,
        }
    }

    /// Notes an event of its socket.
    pub(super) fn ready(&mut self, event: &Event) {
        self.tcp.ready(event);
        if self.tcp.is_writable() {
            // The peer has taken something.
            self.stuck_until = None;
        }
    }

    /// Does what can be done now.
    pub(super) fn turn(&mut self, tools: &mut Tools<'_>) -> Turn {
        self.token_waker.reset();
        let turn = self.carry(tools);
        if self.tcp.is_writable() {
            self.stuck_until = None;
            self.timer.deadline = match &self.protocol {
                Protocol::Http(http) => http.deadline(),
                Protocol::WebSocket(_) => None,
            };
            return turn;
        }
        // A session lives as long as its peer talks, but the peer has to take bytes, too.
        let until = *self.stuck_until.get_or_insert_with(|| tools.now + tools.patience);
        self.timer.deadline = Some(until);
        if until <= tools.now { Turn::Ended } else { turn }
    }

    fn carry(&mut self, tools: &mut Tools<'_>) -> Turn {
        let cx = &mut Context::from_waker(&self.waker);
        loop {
            match &mut self.protocol {
                Protocol::Http(http) => {
                    if tools.is_stopping {
                        http.stop();
                    }
                    let turn = carry(&mut self.tcp, http, tools.scratch, cx);
                    match http.take_websocket() {
                        Some(framed) => self.protocol = Protocol::WebSocket(framed),
                        None => return turn,
                    }
                }
                Protocol::WebSocket(framed) => {
                    return carry(&mut self.tcp, framed, tools.scratch, cx);
                }
            }
        }
    }
}
