//! A server while something uses it.

use std::sync::{Arc, OnceLock};

use super::core::Core;
use super::elsewhere::Elsewhere;
use super::handler::Handler;
use super::reception::Reception;
use super::session::ServerSession;
use crate::data::Data;
use crate::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A running server. When the last reference is dropped the server is gone: all waiters are woken
/// and find nothing.
pub(crate) struct Running<D: Data> {
    pub(crate) core: Arc<Core<ServerSession<D>>>,
    pub(crate) reception: Reception<D>,
    pub(crate) elsewhere: Elsewhere,
    handler: OnceLock<Arc<dyn Handler<D>>>,
    /// A driver runs its deadlines.
    is_driven: AtomicBool,
}

impl<D: Data> Running<D> {
    pub(crate) fn new(core: Arc<Core<ServerSession<D>>>) -> Arc<Self> {
        let (handler, is_driven) = (OnceLock::new(), AtomicBool::new(false));
        let (reception, elsewhere) = (Reception::new(), Elsewhere::default());
        Arc::new(Self { core, reception, elsewhere, handler, is_driven })
    }

    /// The handler, if the server is consumed by one.
    pub(crate) fn handler(&self) -> Option<&dyn Handler<D>> {
        self.handler.get().map(|handler| &**handler)
    }

    /// Sets the handler, unless there is one.
    pub(crate) fn set_handler(&self, handler: Arc<dyn Handler<D>>) {
        let _ = self.handler.set(handler);
    }

    /// Returns whether this call was the first.
    pub(crate) fn begin_to_drive(&self) -> bool {
        !self.is_driven.load(Relaxed) && !self.is_driven.swap(true, Relaxed)
    }
}

impl<D: Data> Drop for Running<D> {
    fn drop(&mut self) {
        self.core.leave().iter().for_each(|session| session.wake_all());
    }
}
