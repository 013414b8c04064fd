//! Replies for connections that no state knows any more.

use alloc::collections::VecDeque;

use super::io::Transmit;
use crate::conn::ConnId;

/// Replies that wait until their connections take them.
#[derive(Debug, Default)]
pub(super) struct Replies(VecDeque<(ConnId, Transmit)>);

impl Replies {
    pub(super) fn push(&mut self, conn: ConnId, transmit: Transmit) {
        self.0.push_back((conn, transmit));
    }

    pub(super) fn take(&mut self, conn: ConnId) -> Option<Transmit> {
        let place = self.0.iter().position(|(to, _)| *to == conn)?;
        let (_, transmit) = self.0.remove(place)?;
        if self.0.is_empty() {
            self.0 = VecDeque::new();
        }
        Some(transmit)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, conn: ConnId) -> bool {
        self.0.iter().any(|(to, _)| *to == conn)
    }

    /// Whether a hang-up waits for this connection.
    pub(super) fn has_hangup(&self, conn: ConnId) -> bool {
        self.0.iter().any(|(to, last)| *to == conn && matches!(last, Transmit::Hangup(_)))
    }

    pub(super) fn forget(&mut self, conn: ConnId) {
        self.0.retain(|(to, _)| *to != conn);
    }
}
