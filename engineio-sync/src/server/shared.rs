//! What all handles of a server share.

use std::net::SocketAddr;
use std::sync::Arc;

use engineio_hub::Data;

use crate::io::Engine;

pub(super) struct Shared<D: Data> {
    pub(super) engine: Arc<Engine<D>>,
    pub(super) local_addr: SocketAddr,
}

/// The server stops with its last handle.
impl<D: Data> Drop for Shared<D> {
    fn drop(&mut self) {
        self.engine.end();
    }
}
