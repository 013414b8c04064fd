//! An observer that reports to the `tracing` crate.

use engineio_proto::server::Refusal;
use engineio_proto::{Revision, ServerCloseReason, Sid, Transport};

use crate::observer::Observer;

/// Reports to the `tracing` crate, with the target `engineio`: sessions at the level `debug`, with
/// a prefix of their identifier; refusals at `debug` too, since any peer can cause any number of
/// them; misuse at `warn`.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no fields")]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn refused(&self, refusal: &Refusal) {
        tracing::debug!(target: TARGET, code = refusal.code(), cause = ?refusal.cause(), "request refused");
    }

    fn opened(&self, sid: &Sid, revision: Revision, transport: Transport) {
        tracing::debug!(target: TARGET, ?sid, revision = revision.number(), %transport, "session opened");
    }

    fn upgraded(&self, sid: &Sid, transport: Transport) {
        tracing::debug!(target: TARGET, ?sid, %transport, "session upgraded");
    }

    fn closed(&self, sid: &Sid, reason: &ServerCloseReason) {
        tracing::debug!(target: TARGET, ?sid, %reason, "session closed");
    }

    fn misused(&self, what: &str) {
        tracing::warn!(target: TARGET, "{what}");
    }
}

/// The same target in every crate, to filter by.
const TARGET: &str = "engineio";
