//! The open sessions of a server, as the application speaks to them.

use std::fmt;
use std::sync::Arc;

use engineio_proto::{Outgoing, SendError, ServerCloseReason, ServerConfig, Sid};

use crate::server::map::Map;
use crate::server::session::{Cell, Overflow};

/// The open sessions of a server: what is said to one by its name, or to all of them.
pub struct Sessions<D: Send + Sync + 'static = ()> {
    config: Arc<ServerConfig>,
    map: Map<D>,
}

impl<D: Send + Sync + 'static> Sessions<D> {
    pub(crate) fn new(config: ServerConfig) -> Self {
        Self { config: Arc::new(config), map: Map::new() }
    }

    pub(crate) const fn map(&self) -> &Map<D> {
        &self.map
    }

    /// The settings of the server.
    pub const fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    /// How many sessions are open.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends to one session, without waiting.
    ///
    /// # Errors
    ///
    /// Both give the message back: [`SendError::Closed`] if there is no such session,
    /// [`SendError::Full`] if more than
    /// [`outbox_high_water`](ServerConfig::outbox_high_water) bytes wait for it already.
    pub fn send(&self, sid: &Sid, outgoing: impl Into<Outgoing>) -> Result<(), SendError> {
        let outgoing = outgoing.into();
        let cell = self.map.get(sid.as_str());
        let Some(mut turn) = cell.as_ref().and_then(Cell::turn) else {
            return Err(SendError::Closed(outgoing));
        };
        turn.session.send(outgoing).map(drop)
    }

    /// Sends to every session, without waiting; the payload is shared. A session that has no room
    /// does what its [`Overflow`] says. Sessions that come or go meanwhile may get it or not.
    pub fn broadcast(&self, outgoing: impl Into<Outgoing>) {
        let outgoing = outgoing.into();
        self.map.for_each(|cell| {
            let Some(mut turn) = cell.turn() else { return };
            let sent = turn.session.send(outgoing.clone());
            if matches!(sent, Err(SendError::Full(_))) && turn.overflow == Overflow::Close {
                let now = turn.now;
                turn.session.abort(now, ServerCloseReason::Overloaded);
            }
        });
    }

    /// Closes one session when its queue has left, at the latest after
    /// [`close_timeout`](ServerConfig::close_timeout). `false`: there is no such session.
    pub fn disconnect(&self, sid: &Sid) -> bool {
        let cell = self.map.get(sid.as_str());
        let turn = cell.as_ref().and_then(Cell::turn);
        turn.map(|mut turn| {
            let now = turn.now;
            turn.session.close(now);
        })
        .is_some()
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Sessions<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("len", &self.len()).finish_non_exhaustive()
    }
}
