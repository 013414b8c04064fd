//! The notifications of the observer.

use std::sync::{Arc, Mutex};

use engineio_hub::cluster::BusLoss;
use engineio_hub::{Observer, RefusedRequest};
use engineio_proto::{NodeTag, Revision, ServerCloseReason, Sid, Transport};

/// Lines such as `opened V4 polling`.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<String>>>);

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

    /// The refusals as logs show them: `warn GET /engine.io 192.0.2.1 not_accepted`.
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.1.lock().unwrap().clone()
    }

    /// Drops all lines, and their memory.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap() = Vec::new();
        *self.1.lock().unwrap() = Vec::new();
    }
}

impl Observer for Log {
    fn refused(&self, request: &RefusedRequest<'_>) {
        self.add(format!("refused {:?}", request.cause()));
        assert!(request.to_string().len() > 20, "it says what to do: {request}");
        let level = if request.is_first() { "warn" } else { "debug" };
        let (method, path, name) = (request.method(), request.path(), request.cause().name());
        let remote = request.remote_ip().map_or_else(|| "unknown".to_owned(), |ip| ip.to_string());
        self.1.lock().unwrap().push(format!("{level} {method} {path} {remote} {name}"));
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

    fn forwarded(&self, node: NodeTag) {
        self.add(format!("forwarded {node}"));
    }

    fn unreachable(&self, node: NodeTag) {
        self.add(format!("unreachable {node}"));
    }

    fn bus_lost(&self, loss: &BusLoss<'_>, is_first: bool) {
        let (name, count) = (loss.name(), loss.count());
        assert!(loss.to_string().len() > 20, "it says what happened: {loss}");
        self.add(format!("lost {count} {name} {is_first}"));
    }

    fn memory_exceeded(&self, held: usize) {
        self.add(format!("memory exceeded with {} KiB", held >> 10));
    }

    fn misused(&self, what: &str) {
        self.add(format!("misused {what}"));
    }
}
