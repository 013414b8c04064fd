//! GETs that bring packets, POSTs that take them away, and perhaps a WebSocket that is to
//! replace them.

use super::close::{ClientCloseReason, loss};
use super::core::Core;
use super::framed::Framed;
use super::io::{Connect, Transmit};
use super::probe::{Failed, Probe};
use super::responses::{check, payload};
use crate::close::{CloseCode, Violation};
use crate::codec::{self, BinaryEncoding, ContentType, HandshakeData, Payload, PayloadSize};
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::heartbeat::Heartbeat;
use crate::http::Response;
use crate::outbox::Batch;
use crate::packet::{Packet, unshare};
use crate::time::Instant;
use crate::transport::Transport;

/// A session over polling: at most one GET and one POST are under way, and at most one WebSocket
/// probes.
#[derive(Debug)]
pub(super) struct Polling {
    get: Option<ConnId>,
    post: Option<ConnId>,
    /// The close packet has left: the session ends with the answer to that POST, and the answer
    /// to the GET is ignored.
    has_said_close: bool,
    probe: Option<Probe>,
}

/// What there is to start.
enum Start {
    Probe,
    Post,
    Get,
}

impl Polling {
    /// Polling after a handshake, with a probe if the server offers it and nothing is against it.
    pub(super) fn new(core: &Core, handshake: &HandshakeData) -> Self {
        let probes = !core.common.is_closing()
            && core.config.can_upgrade()
            && handshake.upgrades.contains(&Transport::WebSocket);
        let by = core.common.now + core.config.upgrade_timeout();
        let probe = probes.then(|| Probe::new(by));
        Self { get: None, post: None, has_said_close: false, probe }
    }

    /// Whether there is something to start.
    pub(super) fn has_connect(&self, core: &Core, heartbeat: &Heartbeat) -> bool {
        self.next_start(core, heartbeat).is_some()
    }

    fn next_start(&self, core: &Core, heartbeat: &Heartbeat) -> Option<Start> {
        match &self.probe {
            Some(Probe { conn: None, .. }) => return Some(Start::Probe),
            Some(probe) if probe.is_pausing() => return None,
            Some(_) | None => {}
        }
        if self.has_said_close {
            None
        } else if self.post.is_none() && core.common.has_packet(heartbeat) {
            Some(Start::Post)
        } else if self.get.is_none() && core.common.inbox.has_room() {
            Some(Start::Get)
        } else {
            None
        }
    }

    /// The next request or WebSocket to start.
    pub(super) fn poll_connect(
        &mut self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
        handshake: &HandshakeData,
    ) -> Option<(ConnId, Connect)> {
        let start = self.next_start(core, heartbeat)?;
        let conn = core.next_conn();
        let sid = Some(&handshake.sid);
        let connect = match start {
            Start::Probe => {
                if let Some(probe) = &mut self.probe {
                    probe.conn = Some(conn);
                }
                Connect::WebSocket { target: core.target(Transport::WebSocket, sid) }
            }
            Start::Get => {
                self.get = Some(conn);
                Connect::Get { target: core.target(Transport::Polling, sid) }
            }
            Start::Post => {
                self.post = Some(conn);
                let target = core.target(Transport::Polling, sid);
                let payload = self.fill_post(core, heartbeat, handshake.max_payload);
                let content_type = match payload.content_type {
                    ContentType::Text => "text/plain;charset=UTF-8",
                    ContentType::Binary => "application/octet-stream",
                };
                Connect::Post { target, body: payload.body, content_type }
            }
        };
        Some((conn, connect))
    }

    /// The heartbeat, then messages, then the end: as much as the server takes at once.
    fn fill_post(
        &mut self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
        max_payload: Option<usize>,
    ) -> Payload {
        let mut batch = Batch::new(
            PayloadSize::new(core.common.revision, BinaryEncoding::Raw),
            max_payload.unwrap_or(UNTOLD_MAX_PAYLOAD),
            core.config.max_batch_packets(),
        );
        core.common.fill(heartbeat, &mut batch, u64::MAX);
        if core.common.owes_close() && batch.offer(Packet::Close).is_ok() {
            self.has_said_close = true;
        }
        batch.encode()
    }

    /// An answer came.
    pub(super) fn responded(
        &mut self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
        conn: ConnId,
        response: Response,
    ) -> Result<(), ClientCloseReason> {
        if self.get.take_if(|get| *get == conn).is_some() {
            // The close packet may have overtaken the poll: then the server no longer knows the
            // session. And the application no longer takes messages.
            if !self.has_said_close {
                return get_responded(core, heartbeat, response);
            }
        } else if self.post.take_if(|post| *post == conn).is_some() {
            return self.post_responded(response);
        } else if let Some(probe) = self.probe.as_mut().filter(|probe| probe.is(conn)) {
            probe.conn = None;
            self.abandon_probe(core);
        }
        Ok(())
    }

    fn post_responded(&self, response: Response) -> Result<(), ClientCloseReason> {
        match check(response) {
            // The session may have been over at the server already.
            _ if self.has_said_close => Err(ClientCloseReason::Application),
            Ok(_) => Ok(()),
            Err(refused) => Err(ClientCloseReason::Refused(refused)),
        }
    }

    /// A WebSocket got its 101.
    pub(super) fn switched(&mut self, conn: ConnId) {
        if let Some(probe) = self.probe.as_mut().filter(|probe| probe.is(conn)) {
            probe.switched();
        }
    }

    /// A frame came.
    pub(super) fn handle_frame(&mut self, core: &mut Core, conn: ConnId, frame: Frame) {
        if let Some(probe) = self.probe.as_mut().filter(|probe| probe.is(conn))
            && let Err(Failed) = probe.handle_frame(core, frame)
        {
            self.abandon_probe(core);
        }
    }

    /// Goes on with polling alone.
    pub(super) fn abandon_probe(&mut self, core: &mut Core) {
        if let Some(Probe { conn: Some(conn), .. }) = self.probe.take() {
            core.hangups.push(conn, CloseCode::NORMAL);
        }
    }

    /// The WebSocket to move to, once nothing is under way over polling: all that either side
    /// sent there has arrived.
    pub(super) fn successor(&self) -> Option<Framed> {
        let conn = self.probe.as_ref()?.successor()?;
        (self.get.is_none() && self.post.is_none()).then(|| Framed::upgraded(conn))
    }

    /// A request or the probe can't go on.
    pub(super) fn fail(
        &mut self,
        core: &mut Core,
        conn: ConnId,
        why: Failure,
    ) -> Result<(), ClientCloseReason> {
        if self.get == Some(conn) && self.has_said_close {
            self.get.take_if(|_| why == Failure::Gone);
        } else if self.get == Some(conn) || self.post == Some(conn) {
            return Err(loss(why));
        } else if self.probe.as_ref().is_some_and(|probe| probe.is(conn)) {
            self.abandon_probe(core);
        }
        Ok(())
    }

    /// Whether there is something for this connection.
    pub(super) fn has_transmit(&self, conn: ConnId) -> bool {
        self.probe.as_ref().is_some_and(|probe| probe.is(conn) && probe.owes_ping())
    }

    /// The next thing for this connection.
    pub(super) fn next(&mut self, core: &Core, conn: ConnId) -> Option<Transmit> {
        self.probe.as_mut().filter(|probe| probe.is(conn))?.ping(core)
    }

    /// Whether the server can't be heard: no GET is under way.
    pub(super) const fn is_deaf(&self) -> bool {
        self.get.is_none()
    }

    /// By when the probe has to get on.
    pub(super) fn probe_by(&self) -> Option<Instant> {
        self.probe.as_ref().map(|probe| probe.by)
    }

    /// Its connections, to be given up.
    pub(super) fn conns(&self) -> [Option<ConnId>; 3] {
        [self.get, self.post, self.probe.as_ref().and_then(|probe| probe.conn)]
    }
}

fn get_responded(
    core: &mut Core,
    heartbeat: &mut Heartbeat,
    response: Response,
) -> Result<(), ClientCloseReason> {
    let payload = payload(check(response).map_err(ClientCloseReason::Refused)?);
    let length = payload.body.len();
    if length > core.config.max_payload() {
        return Err(Violation::TooLarge.into());
    }
    let packets = codec::decode_payload(core.common.revision, payload, core.config.max_packets())
        .map_err(Violation::Packet)?;
    core.common.handle_packets(heartbeat, unshare(packets, length))
}

/// The limit for a server that doesn't tell its own: the reference server's default.
const UNTOLD_MAX_PAYLOAD: usize = 1_000_000;
