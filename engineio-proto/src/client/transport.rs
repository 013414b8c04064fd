//! The states of a client's session and everything that moves it from one to another.
//!
//! | | Opening | Polling | Probing | Framed | Closed |
//! |---|---|---|---|---|---|
//! | starts | the first transport | a GET whenever there is none, a POST when something waits | the same, and the WebSocket; from `3probe` on nothing | | |
//! | answer to a GET | open packet: → Polling; else the next transport | its packets; a refusal: → Closed | the same; the last one from `3probe` on: → Framed | | |
//! | answer to a POST | | a refusal: → Closed; of the last one: → Closed | the same | | |
//! | 101 | waits for the open packet | | `2probe` | | hang-up |
//! | WebSocket refused | the next transport | | → Polling | | |
//! | frame | open packet: → Framed; else the next transport | | `3probe`: no more requests; else → Polling | its packet; illegal: → Closed | |
//! | packet `1` | | → Closed | → Closed | awaits the close frame for a moment, → Closed | |
//! | GET or POST failed | the next transport | → Closed | → Closed | | |
//! | WebSocket failed | the next transport | | → Polling | → Closed | |
//! | time-out | the next transport | | → Polling | | |
//! | heartbeat out | | → Closed | → Closed | → Closed | |
//! | `close` | goes on, then as open | the rest and `1` in POSTs, → Closed | → Polling, and so on | the rest, `1`, 1000, → Closed | nothing |
//!
//! "The next transport" is the next of [`transports`](crate::ClientConfig::transports); after the
//! last one it means → Closed.

use alloc::vec::Vec;

use super::close::ClientCloseReason;
use super::core::Core;
use super::framed::Framed;
use super::io::{Connect, Event, Transmit};
use super::opening::{Opened, Opening};
use super::polling::Polling;
use super::timers::Timer;
use crate::close::CloseCode;
use crate::codec::{BinaryEncoding, HandshakeData, PayloadSize};
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::heartbeat::Heartbeat;
use crate::http::Response;
use crate::packet::{Message, Packet};
use crate::revision::Revision;
use crate::time::{Instant, sooner};
use crate::transport::Transport;

/// Where the session is.
#[derive(Debug)]
pub(super) enum State {
    Opening(Opening),
    Open(Open),
    Closed(Closed),
}

/// A session that the server has opened.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) handshake: HandshakeData,
    heartbeat: Heartbeat,
    channel: Channel,
}

/// The transport that carries the packets.
#[derive(Debug)]
enum Channel {
    Polling(Polling),
    Framed(Framed),
}

/// A session that is over.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) reason: ClientCloseReason,
    /// None if it never was open.
    pub(super) handshake: Option<HandshakeData>,
}

/// Inputs of an open session. An error is the reason why it ends.
impl Open {
    /// The server opens a session.
    pub(super) fn new(core: &Core, opened: &Opened) -> Self {
        let handshake = opened.handshake.clone();
        let channel = match opened.socket {
            Some(conn) => Channel::Framed(Framed::opened(conn)),
            None => Channel::Polling(Polling::new(core, &handshake)),
        };
        let heartbeat = Heartbeat::new(
            !core.common.revision.server_pings(),
            handshake.ping_interval,
            handshake.ping_timeout,
            core.common.now,
        );
        Self { handshake, heartbeat, channel }
    }

    /// Packets came together with the handshake.
    pub(super) fn handle_packets(
        &mut self,
        core: &mut Core,
        packets: Vec<Packet>,
    ) -> Result<(), ClientCloseReason> {
        core.common.handle_packets(&mut self.heartbeat, packets)
    }

    /// An answer to a request came.
    pub(super) fn responded(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        response: Response,
    ) -> Result<(), ClientCloseReason> {
        match &mut self.channel {
            Channel::Polling(polling) => {
                polling.responded(core, &mut self.heartbeat, conn, response)
            }
            Channel::Framed(_) => Ok(()),
        }
    }

    /// A WebSocket got its 101.
    pub(super) fn switched(&mut self, conn: ConnId) {
        match &mut self.channel {
            Channel::Polling(polling) => polling.switched(conn),
            Channel::Framed(_) => {}
        }
    }

    /// A frame came, on whatever connection.
    pub(super) fn handle_frame(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        frame: Frame,
    ) -> Result<(), ClientCloseReason> {
        match &mut self.channel {
            Channel::Framed(framed) if framed.conn == conn => {
                framed.handle_frame(core, &mut self.heartbeat, frame)
            }
            Channel::Framed(_) => Ok(()),
            Channel::Polling(polling) => {
                polling.handle_frame(core, conn, frame);
                Ok(())
            }
        }
    }

    /// A connection can't go on.
    pub(super) fn fail(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        why: Failure,
    ) -> Result<(), ClientCloseReason> {
        match &mut self.channel {
            Channel::Polling(polling) => polling.fail(core, conn, why),
            Channel::Framed(framed) if framed.conn == conn => Err(framed.loss(why)),
            Channel::Framed(_) => Ok(()),
        }
    }

    /// Whether there is something to start.
    pub(super) fn has_connect(&self, core: &Core) -> bool {
        match &self.channel {
            Channel::Polling(polling) => polling.has_connect(core, &self.heartbeat),
            Channel::Framed(_) => false,
        }
    }

    /// The next request or WebSocket to start.
    pub(super) fn poll_connect(&mut self, core: &mut Core) -> Option<(ConnId, Connect)> {
        match &mut self.channel {
            Channel::Polling(polling) => {
                polling.poll_connect(core, &mut self.heartbeat, &self.handshake)
            }
            Channel::Framed(_) => None,
        }
    }

    /// Whether there is something for this connection.
    pub(super) fn has_transmit(&self, core: &Core, conn: ConnId) -> bool {
        match &self.channel {
            Channel::Polling(polling) => polling.has_transmit(conn),
            Channel::Framed(framed) => {
                framed.conn == conn && framed.has_frame(core, &self.heartbeat)
            }
        }
    }

    /// The next thing for this connection, and the reason if the session ends with it.
    pub(super) fn next(
        &mut self,
        core: &mut Core,
        conn: ConnId,
    ) -> (Option<Transmit>, Option<ClientCloseReason>) {
        match &mut self.channel {
            Channel::Polling(polling) => (polling.next(core, conn), None),
            Channel::Framed(framed) if framed.conn == conn => {
                framed.next(core, &mut self.heartbeat)
            }
            Channel::Framed(_) => (None, None),
        }
    }

    /// The session is over: gives up its connections.
    pub(super) fn end(&self, core: &mut Core, code: CloseCode) {
        let conns = match &self.channel {
            Channel::Polling(polling) => polling.conns(),
            Channel::Framed(framed) => [Some(framed.conn), None, None],
        };
        for conn in conns.into_iter().flatten() {
            core.hangups.push(conn, code);
        }
    }
}

/// Time and backpressure of an open session.
impl Open {
    /// Brings what depends on several parts of the session into line.
    pub(super) fn settle(&mut self, core: &mut Core) {
        let is_deaf = match &self.channel {
            Channel::Polling(polling) => {
                if let Some(framed) = polling.successor() {
                    self.channel = Channel::Framed(framed);
                    core.common.inbox.push(Event::Upgraded(Transport::WebSocket));
                    true
                } else {
                    polling.is_deaf()
                }
            }
            Channel::Framed(_) => true,
        };
        self.heartbeat.hold(is_deaf && !core.common.inbox.has_room(), core.common.now);
    }

    /// Goes on without the probe, if there is one.
    pub(super) fn abandon_probe(&mut self, core: &mut Core) {
        match &mut self.channel {
            Channel::Polling(polling) => polling.abandon_probe(core),
            Channel::Framed(_) => {}
        }
    }

    /// Whether this connection carries the session's frames.
    pub(super) fn is_carried_by(&self, conn: ConnId) -> bool {
        match &self.channel {
            Channel::Polling(_) => false,
            Channel::Framed(framed) => framed.conn == conn,
        }
    }

    pub(super) const fn transport(&self) -> Transport {
        match &self.channel {
            Channel::Polling(_) => Transport::Polling,
            Channel::Framed(_) => Transport::WebSocket,
        }
    }

    /// The length of a message alone, in bytes, on the current transport.
    pub(super) fn size_of(&self, core: &Core, message: &Message) -> usize {
        let revision = core.common.revision;
        match &self.channel {
            Channel::Framed(_) => {
                // A text has its type before it, and so has everything in revision 3.
                let has_type = message.as_text().is_some() || revision == Revision::V3;
                message.len().saturating_add(usize::from(has_type))
            }
            Channel::Polling(_) => {
                let packet = Packet::Message(message.clone());
                PayloadSize::new(revision, BinaryEncoding::Raw).with(&packet).bytes()
            }
        }
    }

    /// The next timer, and when it is due.
    pub(super) fn next_timer(&self) -> Option<(Instant, Timer)> {
        let heartbeat = Some((self.heartbeat.deadline(), Timer::Heartbeat));
        match &self.channel {
            Channel::Polling(polling) => {
                sooner(heartbeat, polling.probe_by().map(|by| (by, Timer::Upgrade)))
            }
            Channel::Framed(_) => heartbeat,
        }
    }

    /// The heartbeat is due.
    pub(super) fn expire_heartbeat(&mut self, now: Instant) -> Result<(), ClientCloseReason> {
        self.heartbeat.expire(now).map_err(|_| ClientCloseReason::PingTimeout)
    }
}
