//! A connection: requests, or a WebSocket.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Waker};

use engineio_hub::{Framed, Hub, RemoteAddr};
use engineio_proto::Instant;
use mio::Token;
use mio::event::Event;
use mio::net::TcpStream;

use super::inbox::{Bell, Inbox};
use super::limits::Permit;
use super::requests::{Requests, Turn};
use super::settings::Settings;
use super::timers::Timer;
use crate::stream::Tcp;
use crate::websocket::{Carried, carry};

pub(super) struct Connection<D: Send + Sync + 'static> {
    tcp: Tcp,
    permit: Permit,
    bell: Arc<Bell>,
    waker: Waker,
    pub(super) timer: Timer,
    /// It waits for its next turn already.
    pub(super) has_yielded: bool,
    protocol: Protocol<D>,
}

enum Protocol<D: Send + Sync + 'static> {
    Http(Requests<D>),
    WebSocket(Framed),
}

/// What a worker lends to the connection whose turn it is.
pub(super) struct Carrying<'a, D: Send + Sync + 'static> {
    pub(super) hub: &'a Arc<Hub<D>>,
    pub(super) settings: &'a Settings,
    pub(super) now: Instant,
    /// The server closes: no request is waited for any more.
    pub(super) is_stopping: bool,
    pub(super) scratch: &'a mut [u8],
}

impl<D: Send + Sync + 'static> Connection<D> {
    pub(super) fn new(
        socket: TcpStream,
        permit: Permit,
        token: Token,
        inbox: &Arc<Inbox>,
        until: Instant,
    ) -> Self {
        let bell = Bell::new(token, inbox);
        Self {
            tcp: Tcp::new(socket),
            permit,
            waker: Waker::from(Arc::clone(&bell)),
            bell,
            timer: Timer::default(),
            has_yielded: true,
            protocol: Protocol::Http(Requests::new(until)),
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
    pub(super) fn turn(&mut self, carrying: &mut Carrying<'_, D>) -> Carried {
        self.bell.reset();
        let cx = &mut Context::from_waker(&self.waker);
        loop {
            match &mut self.protocol {
                Protocol::Http(requests) => {
                    let peer = RemoteAddr(self.permit.peer);
                    let turn = requests.turn(&mut self.tcp, peer, carrying, cx);
                    self.timer.deadline = requests.deadline();
                    match turn {
                        Turn::Waiting => return Carried::Waiting,
                        Turn::Yielded => return Carried::Yielded,
                        Turn::Ended => return Carried::Ended,
                        Turn::Switched => {
                            let spent = Requests::new(carrying.now);
                            let switched = mem::replace(requests, spent).into_websocket();
                            let Some((mut framed, early)) = switched else {
                                return Carried::Ended;
                            };
                            if !early.is_empty() {
                                framed.received(&early);
                            }
                            self.timer.deadline = None;
                            self.protocol = Protocol::WebSocket(framed);
                        }
                    }
                }
                Protocol::WebSocket(framed) => {
                    let carried = carry(&mut self.tcp, framed, carrying.scratch, cx);
                    // The session may live for as long as its peer talks, but the peer has to
                    // take bytes, too.
                    let deadline = &mut self.timer.deadline;
                    if self.tcp.is_writable() {
                        *deadline = None;
                        return carried;
                    }
                    let patience = carrying.settings.patience;
                    let until = *deadline.get_or_insert_with(|| carrying.now + patience);
                    return if until <= carrying.now { Carried::Ended } else { carried };
                }
            }
        }
    }
}
