//! The handshake: which transport is tried, and what the server says to it.

use alloc::vec::Vec;

use super::close::ClientCloseReason;
use super::config::RevisionChoice;
use super::io::Event;
use super::session::{Session, check};
use super::transport::{Framed, Opening, Polling, Probe, ProbeStage, State};
use crate::close::{CloseCode, Violation};
use crate::codec::{self, HandshakeData, Payload};
use crate::conn::ConnId;
use crate::error::DecodeError;
use crate::frame::Frame;
use crate::heartbeat::Heartbeat;
use crate::http::Response;
use crate::packet::{Packet, unshare};
use crate::revision::Revision;
use crate::transport::Transport;

impl Session {
    /// Begins with the transport at this place of the list. Whether there is one.
    pub(super) fn try_transport(&mut self, place: usize) -> bool {
        let Some(&transport) = self.config.transports().get(place) else { return false };
        let by = self.now + self.config.connect_timeout();
        self.state = State::Opening(Opening { transport, place, conn: None, by });
        true
    }

    /// The handshake has come to nothing on the transport that was tried.
    pub(super) fn attempt_failed(&mut self, reason: ClientCloseReason) {
        let State::Opening(opening) = &self.state else { return };
        let place = opening.place;
        if let Some(conn) = opening.conn {
            self.hang_up(conn, CloseCode::NORMAL);
        }
        if matches!(reason, ClientCloseReason::WrongRevision(_))
            && self.config.revision() == RevisionChoice::Auto
            && self.revision == Revision::V4
        {
            self.revision = Revision::V3;
            self.try_transport(place);
            return;
        }
        // Of several setbacks the first that says more than "unreachable" is the one to know.
        let is_final = if let ClientCloseReason::Refused(refused) = &reason {
            opening_is_polling(&self.state) && !refused.is_about_transport()
        } else {
            matches!(reason, ClientCloseReason::WrongRevision(_))
        };
        let reason = match self.setback.take() {
            Some(earlier) if earlier != ClientCloseReason::Unreachable => earlier,
            _ => reason,
        };
        if !is_final && self.try_transport(place + 1) {
            self.setback = Some(reason);
        } else {
            if let State::Opening(opening) = &mut self.state {
                opening.conn = None;
            }
            self.finish(reason);
        }
    }

    /// The answer to the handshake, or to a WebSocket that was refused.
    pub(super) fn opening_responded(&mut self, response: Response) {
        let response = match check(response) {
            Ok(response) => response,
            Err(refused) if refused.is_about_revision() => {
                return self.attempt_failed(ClientCloseReason::WrongRevision(None));
            }
            Err(refused) => return self.attempt_failed(ClientCloseReason::Refused(refused)),
        };
        if !opening_is_polling(&self.state) {
            // A success that isn't a 101: there is something else behind this path.
            return self.attempt_failed(ClientCloseReason::Violation(Violation::Framing));
        }
        let payload = payload(response);
        let length = payload.body.len();
        match self.open_payload(self.revision, payload.clone()) {
            Ok((handshake, packets)) => {
                self.opened(handshake, None);
                self.packets(unshare(packets, length));
            }
            Err(violation) => {
                let other = other(self.revision);
                let speaks_other = self.open_payload(other, payload).is_ok();
                self.attempt_failed(if speaks_other {
                    ClientCloseReason::WrongRevision(Some(other))
                } else {
                    ClientCloseReason::Violation(violation)
                });
            }
        }
    }

    /// The handshake and what came together with it.
    fn open_payload(
        &self,
        revision: Revision,
        payload: Payload,
    ) -> Result<(HandshakeData, Vec<Packet>), Violation> {
        if payload.body.len() > self.config.max_payload() {
            return Err(Violation::TooLarge);
        }
        let packets = codec::decode_payload(revision, payload, self.config.max_packets());
        let mut packets = packets.map_err(Violation::Packet)?.into_iter();
        let first = packets.next().ok_or(Violation::Packet(DecodeError::EmptyPayload))?;
        Ok((handshake(first)?, packets.collect()))
    }

    /// The first frame of a WebSocket that a session is to be born on.
    pub(super) fn opening_frame(&mut self, frame: Frame) {
        let State::Opening(Opening { conn: Some(conn), .. }) = self.state else { return };
        let handshake = codec::decode_frame(self.revision, frame)
            .map_err(Violation::Packet)
            .and_then(handshake);
        match handshake {
            Ok(handshake) => self.opened(handshake, Some(conn)),
            Err(violation) => self.attempt_failed(ClientCloseReason::Violation(violation)),
        }
    }

    /// There is a session, on this WebSocket or over polling.
    fn opened(&mut self, handshake: HandshakeData, socket: Option<ConnId>) {
        self.state = if let Some(conn) = socket {
            State::Framed(Framed { conn, owes_upgrade: false })
        } else if self.closing.is_none()
            && self.config.can_upgrade()
            && handshake.upgrades.contains(&Transport::WebSocket)
        {
            let by = self.now + self.config.upgrade_timeout();
            let probe = Probe { conn: None, stage: ProbeStage::Asked, by };
            State::Probing(Polling::default(), probe)
        } else {
            State::Polling(Polling::default())
        };
        self.setback = None;
        self.heartbeat = Some(Heartbeat::new(
            !self.revision.server_pings(),
            handshake.ping_interval,
            handshake.ping_timeout,
            self.now,
        ));
        self.handshake = Some(handshake.clone());
        self.inbox.push(Event::Opened(handshake));
    }
}

const fn opening_is_polling(state: &State) -> bool {
    matches!(state, State::Opening(Opening { transport: Transport::Polling, .. }))
}

const fn other(revision: Revision) -> Revision {
    match revision {
        Revision::V3 => Revision::V4,
        Revision::V4 => Revision::V3,
    }
}

/// What the first packet has to be.
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

pub(super) fn payload(response: Response) -> Payload {
    let content_type = response.headers.get("content-type").unwrap_or_default();
    let mime = content_type.split(';').next().unwrap_or_default().trim();
    Payload { binary: mime.eq_ignore_ascii_case("application/octet-stream"), body: response.body }
}
