//! The part of a session that every state needs.

use alloc::sync::Arc;

use bytestring::ByteString;

use super::cause::{ProbeFailure, RefusalCause};
use super::exchange::Exchange;
use super::io::{Event, Transmit};
use super::refusal::Refusal;
use super::replies::Replies;
use crate::close::{CloseCode, ServerCloseReason};
use crate::codec;
use crate::common_state::{CommonState, Side};
use crate::config::ServerConfig;
use crate::conn::ConnId;
use crate::http::{Headers, Response};
use crate::packet::{Packet, PacketType};
use crate::sid::Sid;
use crate::transport::Transport;

/// The part of a session that outlives its states. A transport gets this and its own state, so
/// that it can't reach into another transport.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) config: Arc<ServerConfig>,
    pub(super) sid: Sid,
    pub(super) common: CommonState<Server>,
    pub(super) replies: Replies,
    /// The last WebSocket that was turned away after its 101, until the driver was told.
    pub(super) turned_away: Option<(ConnId, TurnedAway)>,
    /// Nothing more is read while the outbox is full.
    pub(super) couples_input: bool,
    /// The driver reads nothing for now.
    pub(super) is_input_held: bool,
}

impl Core {
    /// Whether more may be taken in.
    pub(super) const fn has_room(&self) -> bool {
        self.common.inbox.has_room() && (!self.couples_input || self.common.outbox.is_writable())
    }

    /// Answers a request.
    pub(super) fn reply(&mut self, conn: ConnId, response: Response) {
        self.replies.push(conn, Transmit::Respond(response));
    }

    /// Answers a request with a refusal.
    pub(super) fn refuse(&mut self, conn: ConnId, headers: Headers, cause: RefusalCause) {
        self.replies.push(conn, Transmit::Refuse(Refusal::new(cause, headers)));
    }

    /// Answers the request for a WebSocket with its 101.
    pub(super) fn switch(
        &mut self,
        conn: ConnId,
        mut headers: Headers,
        subprotocol: Option<ByteString>,
    ) {
        if let Some(subprotocol) = subprotocol {
            headers.push("sec-websocket-protocol", subprotocol);
        }
        self.replies.push(conn, Transmit::Upgrade(headers));
    }

    /// Accepts a WebSocket and closes it at once, because the session already has one, and the
    /// first one stays. The reference servers do this, and clients expect it rather than a refusal.
    pub(super) fn turn_away(&mut self, conn: ConnId, exchange: Exchange) {
        self.switch(conn, exchange.headers, exchange.subprotocol);
        self.hang_up(conn, CloseCode::POLICY);
        self.turned_away = Some((conn, TurnedAway::Second));
    }

    /// Ends a WebSocket.
    pub(super) fn hang_up(&mut self, conn: ConnId, code: CloseCode) {
        self.replies.push(conn, Transmit::Hangup(code));
    }

    /// The packet that answers a handshake; `upgrades` are the transports to move to.
    pub(super) fn open_packet(&self, upgrades: &[Transport]) -> Packet {
        let Self { sid, config, .. } = self;
        let (ping_interval, ping_timeout) = (config.ping_interval(), config.ping_timeout());
        let max_payload = Some(config.max_payload());
        Packet::Open(codec::handshake_json(sid, upgrades, ping_interval, ping_timeout, max_payload))
    }
}

/// Why a WebSocket was turned away after its 101.
#[derive(Clone, Copy, Debug)]
pub(super) enum TurnedAway {
    /// The session has one already.
    Second,
    /// It didn't complete its upgrade.
    Probe(ProbeFailure),
}

impl From<TurnedAway> for RefusalCause {
    fn from(why: TurnedAway) -> Self {
        match why {
            TurnedAway::Second => Self::SecondWebSocket,
            TurnedAway::Probe(how) => Self::ProbeFailed(how),
        }
    }
}

/// The server's end.
#[derive(Debug)]
pub(super) enum Server {}

impl Side for Server {
    type Event = Event;
    type CloseReason = ServerCloseReason;

    fn control(packet_type: PacketType) -> Result<(), ServerCloseReason> {
        match packet_type {
            PacketType::Close => Err(ServerCloseReason::Peer(None)),
            PacketType::Open
            | PacketType::Ping
            | PacketType::Pong
            | PacketType::Message
            | PacketType::Upgrade
            | PacketType::Noop => Ok(()),
        }
    }
}
