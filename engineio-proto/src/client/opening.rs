//! The handshake: which transport is tried, and how the server answers.

use alloc::vec::Vec;

use super::close::{ClientCloseReason, loss};
use super::config::RevisionChoice;
use super::core::Core;
use super::io::Connect;
use super::responses::{check, payload};
use crate::close::{CloseCode, Violation};
use crate::codec::{self, HandshakeData, Payload};
use crate::conn::{ConnId, Failure};
use crate::error::DecodeError;
use crate::frame::Frame;
use crate::http::Response;
use crate::packet::{Packet, unshare};
use crate::revision::Revision;
use crate::time::Instant;
use crate::transport::Transport;

/// A transport that is tried, and has no session yet.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) transport: Transport,
    /// Which of the transports it is.
    place: usize,
    /// None until it was started.
    conn: Option<ConnId>,
    pub(super) by: Instant,
    /// Why a transport that was tried before couldn't connect.
    setback: Option<ClientCloseReason>,
}

/// The result of a handshake.
pub(super) struct Opened {
    pub(super) handshake: HandshakeData,
    /// The WebSocket that the session begins on; none over polling.
    pub(super) socket: Option<ConnId>,
    /// The packets that came together with the handshake.
    pub(super) packets: Vec<Packet>,
}

impl Opening {
    /// Begins with the first transport.
    pub(super) fn new(core: &Core) -> Self {
        // A configuration has at least one.
        let transport = core.config.transports().first().copied().unwrap_or(Transport::Polling);
        Self::with(core, transport, 0, None)
    }

    fn with(
        core: &Core,
        transport: Transport,
        place: usize,
        setback: Option<ClientCloseReason>,
    ) -> Self {
        let by = core.common.now + core.config.connect_timeout();
        Self { transport, place, conn: None, by, setback }
    }

    pub(super) fn is(&self, conn: ConnId) -> bool {
        self.conn == Some(conn)
    }

    pub(super) const fn has_connect(&self) -> bool {
        self.conn.is_none()
    }

    /// The request that asks for the session, once.
    pub(super) fn poll_connect(&mut self, core: &mut Core) -> Option<(ConnId, Connect)> {
        if self.conn.is_some() {
            return None;
        }
        let conn = core.next_conn();
        self.conn = Some(conn);
        let target = core.target(self.transport, None);
        Some((
            conn,
            match self.transport {
                Transport::Polling => Connect::Get { target },
                Transport::WebSocket => Connect::WebSocket { target },
            },
        ))
    }

    /// The answer to the handshake, or to a WebSocket that was refused.
    pub(super) fn responded(
        &mut self,
        core: &Core,
        response: Response,
    ) -> Result<Opened, ClientCloseReason> {
        self.conn = None;
        let response = match check(response) {
            Ok(response) => response,
            Err(refused) if refused.is_about_revision() => {
                return Err(ClientCloseReason::WrongRevision(None));
            }
            Err(refused) => return Err(ClientCloseReason::Refused(refused)),
        };
        if self.transport != Transport::Polling {
            // A success that isn't a 101: another server answers at this path.
            return Err(Violation::Framing.into());
        }
        let payload = payload(response);
        let length = payload.body.len();
        let revision = core.common.revision;
        match open_payload(core, revision, payload.clone()) {
            Ok((handshake, packets)) => {
                Ok(Opened { handshake, socket: None, packets: unshare(packets, length) })
            }
            Err(violation) => {
                let other = other(revision);
                let speaks_other = open_payload(core, other, payload).is_ok();
                Err(if speaks_other {
                    ClientCloseReason::WrongRevision(Some(other))
                } else {
                    violation.into()
                })
            }
        }
    }

    /// The first frame of a WebSocket, which has to be the handshake.
    pub(super) fn handle_frame(
        &self,
        core: &Core,
        conn: ConnId,
        frame: Frame,
    ) -> Result<Opened, ClientCloseReason> {
        let packet = codec::decode_frame(core.common.revision, frame).map_err(Violation::Packet)?;
        Ok(Opened { handshake: handshake(packet)?, socket: Some(conn), packets: Vec::new() })
    }

    /// The handshake failed on the transport that was tried. Tries the next one; if there is
    /// none, gives the reason why there is no session.
    pub(super) fn retry(
        &mut self,
        core: &mut Core,
        reason: ClientCloseReason,
    ) -> Result<(), ClientCloseReason> {
        self.give_up(core, CloseCode::NORMAL);
        if matches!(reason, ClientCloseReason::WrongRevision(_))
            && core.config.revision() == RevisionChoice::Auto
            && core.common.revision == Revision::V4
        {
            core.common.revision = Revision::V3;
            *self = Self::with(core, self.transport, self.place, self.setback.take());
            return Ok(());
        }
        // Of several failures, report the first that says more than "unreachable".
        let is_final = if let ClientCloseReason::Refused(refused) = &reason {
            self.transport == Transport::Polling && !refused.is_about_transport()
        } else {
            matches!(reason, ClientCloseReason::WrongRevision(_))
        };
        let reason = match self.setback.take() {
            Some(earlier) if earlier != ClientCloseReason::Unreachable => earlier,
            _ => reason,
        };
        let place = self.place + 1;
        match core.config.transports().get(place) {
            Some(&transport) if !is_final => {
                *self = Self::with(core, transport, place, Some(reason));
                Ok(())
            }
            Some(_) | None => Err(reason),
        }
    }

    /// Hangs up.
    pub(super) fn give_up(&mut self, core: &mut Core, code: CloseCode) {
        if let Some(conn) = self.conn.take() {
            core.hangups.push(conn, code);
        }
    }
}

/// Why a handshake failed whose connection failed.
pub(super) fn failure(why: Failure) -> ClientCloseReason {
    match why {
        Failure::Gone => ClientCloseReason::Unreachable,
        Failure::TimedOut => ClientCloseReason::ConnectTimeout,
        Failure::Closed(_) | Failure::TooLarge | Failure::Malformed => loss(why),
    }
}

/// The handshake and the packets that came together with it.
fn open_payload(
    core: &Core,
    revision: Revision,
    payload: Payload,
) -> Result<(HandshakeData, Vec<Packet>), Violation> {
    if payload.body.len() > core.config.max_payload() {
        return Err(Violation::TooLarge);
    }
    let packets = codec::decode_payload(revision, payload, core.config.max_packets());
    let mut packets = packets.map_err(Violation::Packet)?.into_iter();
    let first = packets.next().ok_or(Violation::Packet(DecodeError::EmptyPayload))?;
    Ok((handshake(first)?, packets.collect()))
}

const fn other(revision: Revision) -> Revision {
    match revision {
        Revision::V3 => Revision::V4,
        Revision::V4 => Revision::V3,
    }
}

/// The handshake, which has to be the first packet.
fn handshake(packet: Packet) -> Result<HandshakeData, Violation> {
    match packet {
        Packet::Open(json) => HandshakeData::from_json(&json).map_err(Violation::Packet),
        Packet::Close
        | Packet::Ping(_)
        | Packet::Pong(_)
        | Packet::Message(_)
        | Packet::Upgrade
        | Packet::Noop => Err(Violation::Unexpected(packet.packet_type())),
    }
}
