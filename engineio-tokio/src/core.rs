//! What a server's handles, services and listeners share.

use engineio_hub::{Data, Hub};
use engineio_hyper::drive;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::timer;

pub(crate) struct Core<D: Data> {
    pub(crate) hub: Hub<D>,
    /// Set when listeners should stop: how long they may wait for last answers.
    pub(crate) stop: watch::Sender<Option<Instant>>,
}

impl<D: Data> Core<D> {
    pub(crate) fn new(hub: Hub<D>) -> Self {
        Self { hub, stop: watch::Sender::new(None) }
    }

    /// Starts the task that runs the sessions' deadlines, unless it is running.
    pub(crate) fn start_driver(&self) {
        if let Some(hub) = self.hub.undriven() {
            tokio::spawn(drive(hub, timer()));
        }
    }
}

impl<D: Data> Clone for Core<D> {
    fn clone(&self) -> Self {
        Self { hub: self.hub.clone(), stop: self.stop.clone() }
    }
}
