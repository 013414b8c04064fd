//! The session that a server's WebSocket belongs to.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use engineio_proto::Sid;

use crate::server::hub::Hub;
use crate::server::session::Cell;
use crate::shared::line::{Framing, Line, Turned, Wire};
use crate::shared::linger::Linger;

/// Counted, so that a server that closes knows when the last one is gone.
pub(crate) struct ServerWire<D: Send + Sync + 'static> {
    hub: Arc<Hub<D>>,
    cell: Arc<Cell<D>>,
}

impl<D: Send + Sync + 'static> ServerWire<D> {
    pub(crate) fn new(hub: &Arc<Hub<D>>, cell: Arc<Cell<D>>) -> Self {
        hub.websockets.fetch_add(1, Relaxed);
        Self { hub: Arc::clone(hub), cell }
    }
}

impl<D: Send + Sync + 'static> Wire for ServerWire<D> {
    fn turn(&self, act: &mut dyn FnMut(Turned<'_, dyn Framing + '_>)) -> bool {
        let turned = self.cell.with(|Turned { now, session, waiters }| {
            act(Turned { now, session, waiters });
        });
        turned.is_some()
    }

    fn begin_linger(&self) -> Arc<Linger> {
        Linger::begin(&self.hub, self.cell.sid())
    }

    fn sid(&self) -> Option<Sid> {
        Some(self.cell.sid().clone())
    }
}

impl<D: Send + Sync + 'static> Drop for ServerWire<D> {
    fn drop(&mut self) {
        self.hub.websockets.fetch_sub(1, Relaxed);
        self.hub.reception.note_end();
    }
}
