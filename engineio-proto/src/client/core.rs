//! The part of a client's session that every state needs.

use alloc::sync::Arc;

use bytestring::ByteString;

use super::close::ClientCloseReason;
use super::config::ClientConfig;
use super::hangups::Hangups;
use super::io::Event;
use super::target::{Random, target};
use crate::close::Violation;
use crate::common_state::{CommonState, Side};
use crate::conn::ConnId;
use crate::packet::PacketType;
use crate::sid::Sid;
use crate::transport::Transport;

/// The part of a session that outlives its states. A transport gets this and its own state, so
/// that it can't reach into another transport.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) config: Arc<ClientConfig>,
    pub(super) common: CommonState<Client>,
    pub(super) hangups: Hangups,
    random: Random,
    next_conn: u64,
}

impl Core {
    pub(super) fn new(config: &Arc<ClientConfig>, common: CommonState<Client>, seed: u64) -> Self {
        Self {
            config: Arc::clone(config),
            common,
            hangups: Hangups::default(),
            random: Random::new(seed),
            next_conn: 0,
        }
    }

    /// A number for the next connection.
    pub(super) const fn next_conn(&mut self) -> ConnId {
        let conn = ConnId(self.next_conn);
        self.next_conn += 1;
        conn
    }

    /// The target of the next request.
    pub(super) fn target(&mut self, transport: Transport, sid: Option<&Sid>) -> ByteString {
        target(&self.config, self.common.revision, transport, sid, &mut self.random)
    }
}

/// The client's end.
#[derive(Debug)]
pub(super) enum Client {}

impl Side for Client {
    type Event = Event;
    type CloseReason = ClientCloseReason;

    fn control(packet_type: PacketType) -> Result<(), ClientCloseReason> {
        match packet_type {
            PacketType::Close => Err(ClientCloseReason::Server(None)),
            PacketType::Open | PacketType::Upgrade => {
                Err(Violation::Unexpected(packet_type).into())
            }
            // python-engineio sends a no-op on WebSockets, too.
            PacketType::Noop | PacketType::Ping | PacketType::Pong | PacketType::Message => Ok(()),
        }
    }
}
