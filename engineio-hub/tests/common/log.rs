//! The notifications of the observer.

use std::sync::{Arc, Mutex};

use engineio_hub::Observer;
use engineio_proto::server::Refusal;
use engineio_proto::{Revision, ServerCloseReason, Sid, Transport};

/// Lines such as `opened V4 polling`.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, beginning: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(beginning)).count()
    }

    /// Drops all lines, and their memory.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap() = Vec::new();
    }
}

impl Observer for Log {
    fn refused(&self, refusal: &Refusal) {
        self.add(format!("refused {:?}", refusal.cause()));
    }

    fn opened(&self, _sid: &Sid, revision: Revision, transport: Transport) {
        self.add(format!("opened {revision:?} {transport}"));
    }

    fn upgraded(&self, _sid: &Sid, transport: Transport) {
        self.add(format!("upgraded {transport}"));
    }

    fn closed(&self, _sid: &Sid, reason: &ServerCloseReason) {
        self.add(format!("closed {reason:?}"));
    }

    fn misused(&self, what: &str) {
        self.add(format!("misused {what}"));
    }
}
