//! What serves, as long as anybody needs it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use super::core::Core;
use super::handler::Handler;
use super::reception::Reception;
use super::session::ServerSession;
use crate::data::Data;

/// A running server. With the last one who holds it, it is gone: who waits for something of
/// it is woken and finds nothing.
pub(crate) struct Running<D: Data> {
    pub(crate) core: Arc<Core<ServerSession<D>>>,
    pub(crate) reception: Reception<D>,
    handler: OnceLock<Arc<dyn Handler<D>>>,
    /// Somebody lets time pass.
    is_driven: AtomicBool,
}

impl<D: Data> Running<D> {
    pub(crate) fn new(core: Arc<Core<ServerSession<D>>>) -> Arc<Self> {
        let (handler, is_driven) = (OnceLock::new(), AtomicBool::new(false));
        Arc::new(Self { core, reception: Reception::new(), handler, is_driven })
    }

    /// The handler, if the server is consumed by one.
    pub(crate) fn handler(&self) -> Option<&dyn Handler<D>> {
        self.handler.get().map(|handler| &**handler)
    }

    /// Sets the handler. The first one stays.
    pub(crate) fn set_handler(&self, handler: Arc<dyn Handler<D>>) {
        let _ = self.handler.set(handler);
    }

    /// Whether this call was the first.
    pub(crate) fn begin_to_drive(&self) -> bool {
        !self.is_driven.load(Relaxed) && !self.is_driven.swap(true, Relaxed)
    }
}

impl<D: Data> Drop for Running<D> {
    fn drop(&mut self) {
        self.core.leave().iter().for_each(|session| session.wake_all());
    }
}
