//! Connections that a session no longer needs.

use alloc::collections::VecDeque;

use super::io::Transmit;
use crate::close::CloseCode;
use crate::conn::ConnId;

/// Hang-ups, until their connections take them. A session has few connections.
#[derive(Debug, Default)]
pub(super) struct Hangups(VecDeque<(ConnId, CloseCode)>);

impl Hangups {
    pub(super) fn push(&mut self, conn: ConnId, code: CloseCode) {
        self.0.push_back((conn, code));
    }

    pub(super) fn has(&self, conn: ConnId) -> bool {
        self.0.iter().any(|(known, _)| *known == conn)
    }

    pub(super) fn take(&mut self, conn: ConnId) -> Option<Transmit> {
        let place = self.0.iter().position(|(known, _)| *known == conn)?;
        self.0.remove(place).map(|(_, code)| Transmit::Hangup(code))
    }

    /// The connection is gone.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.0.retain(|(known, _)| *known != conn);
    }
}
