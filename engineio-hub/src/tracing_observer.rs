//! An observer that reports to the `tracing` crate.

use engineio_proto::{NodeTag, Revision, ServerCloseReason, Sid, Transport};

use crate::cluster::BusLoss;
use crate::observer::Observer;
use crate::refused::RefusedRequest;

/// Reports to the `tracing` crate, with the target `engineio`: sessions at the level `debug`, with
/// a prefix of their identifier; of refusals the first of a kind in a minute at `warn` and the
/// others at `debug`, since any peer can cause any number of them; full memory and misuse at `warn`;
/// each request that is forwarded to another node at `trace`.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no fields")]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn refused(&self, request: &RefusedRequest<'_>) {
        macro_rules! tell {
            ($level:ident) => {
                tracing::$level!(
                    target: TARGET,
                    cause = request.cause().name(),
                    code = request.code(),
                    method = known(request.method()),
                    path = known(request.path()),
                    remote = request.remote_ip().map(tracing::field::display),
                    "request refused: {request}"
                )
            };
        }
        if request.is_first() {
            tell!(warn);
        } else {
            tell!(debug);
        }
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

    fn forwarded(&self, node: NodeTag) {
        tracing::trace!(target: TARGET, %node, "request forwarded");
    }

    fn unreachable(&self, node: NodeTag) {
        tracing::debug!(target: TARGET, %node, "node unreachable");
    }

    fn bus_lost(&self, loss: &BusLoss<'_>, is_first: bool) {
        let cause = loss.name();
        if is_first {
            tracing::warn!(target: TARGET, cause, count = loss.count(), "{loss}");
        } else {
            tracing::debug!(target: TARGET, cause, count = loss.count(), "{loss}");
        }
    }

    fn memory_exceeded(&self, held: usize) {
        tracing::warn!(
            target: TARGET,
            held,
            "clients hold `max_memory`: large bodies are refused, and sessions that hold much \
             without making progress are ended; raise it if the machine has more, or find out who \
             sends bodies and messages that never finish, or who doesn't read"
        );
    }

    fn misused(&self, what: &str) {
        tracing::warn!(target: TARGET, "{what}");
    }
}

/// What isn't known isn't shown.
fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The same target in every crate, to filter by.
const TARGET: &str = "engineio";
