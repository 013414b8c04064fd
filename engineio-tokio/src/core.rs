//! What a server's handles, services and listeners share.

use std::sync::Arc;
use std::time::Duration;

use engineio_hub::http1::Settings;
use engineio_hub::listener::Limits;
use engineio_hub::{Data, Hub};
use engineio_hyper::{Forwarder, drive};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::timer;

pub(crate) struct Core<D: Data> {
    pub(crate) hub: Hub<D>,
    pub(crate) listening: Arc<Listening>,
    /// Forwards requests to other nodes, in a cluster.
    pub(crate) forwarder: Option<Arc<Forwarder>>,
}

/// What the listeners of a server share.
pub(crate) struct Listening {
    /// Set when listeners should stop: how long they may wait for last answers.
    pub(crate) stop: watch::Sender<Option<Instant>>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) limits: Arc<Limits>,
}

impl<D: Data> Core<D> {
    pub(crate) fn new(
        hub: Hub<D>,
        idle_timeout: Duration,
        limits: Arc<Limits>,
        forwarder: Option<Forwarder>,
    ) -> Self {
        let settings = Arc::new(Settings { http2: true, ..Settings::new(idle_timeout) });
        let listening = Listening { stop: watch::Sender::new(None), settings, limits };
        Self { hub, listening: Arc::new(listening), forwarder: forwarder.map(Arc::new) }
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
        Self {
            hub: self.hub.clone(),
            listening: Arc::clone(&self.listening),
            forwarder: self.forwarder.clone(),
        }
    }
}
