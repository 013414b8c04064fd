//! What a server's handles, listeners and connections share.

use std::sync::Arc;

use engineio_hub::{Data, Hub};
use engineio_hyper::drive;

use crate::rt::{spawn, timer};
use crate::stop::Stop;

pub(crate) struct Core<D: Data> {
    pub(crate) hub: Hub<D>,
    pub(crate) stop: Arc<Stop>,
}

impl<D: Data> Core<D> {
    pub(crate) fn new(hub: Hub<D>) -> Self {
        Self { hub, stop: Arc::default() }
    }

    /// Starts the task that runs the sessions' deadlines, unless it is running.
    pub(crate) fn start_driver(&self) {
        if let Some(hub) = self.hub.undriven() {
            spawn(drive(hub, timer()));
        }
    }
}

impl<D: Data> Clone for Core<D> {
    fn clone(&self) -> Self {
        Self { hub: self.hub.clone(), stop: Arc::clone(&self.stop) }
    }
}
