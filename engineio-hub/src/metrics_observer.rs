//! An observer that counts, for the `metrics` crate.

use std::time::Duration;

use engineio_proto::{NodeTag, Revision, ServerCloseReason, Sid, Transport};
use metrics::{Unit, counter, gauge, histogram};

use crate::cluster::BusLoss;
use crate::observer::Observer;
use crate::refused::RefusedRequest;
use crate::sample::Sample;

/// Reports figures to the recorder of the `metrics` crate, under names that begin with `engineio_`:
///
/// | name | kind | labels |
/// |---|---|---|
/// | `engineio_sessions` | gauge | `transport` |
/// | `engineio_sessions_opened_total` | counter | `transport`, `revision` |
/// | `engineio_sessions_upgraded_total` | counter | |
/// | `engineio_sessions_closed_total` | counter | `reason` |
/// | `engineio_requests_refused_total` | counter | `cause` |
/// | `engineio_requests_forwarded_total` | counter | |
/// | `engineio_requests_unreachable_total` | counter | |
/// | `engineio_bus_messages_lost_total` | counter | `cause`: `unsent`, `missed`, `illegal` |
/// | `engineio_messages_total`, `engineio_message_bytes_total` | counters | `direction`: `in` or `out` |
/// | `engineio_heartbeat_round_trip_seconds` | histogram | |
/// | `engineio_outbox_bytes`, `engineio_outbox_largest_bytes` | gauges | |
/// | `engineio_memory_bytes` | gauge | |
///
/// Each label has few values, which don't depend on what clients send. The gauges and the counters
/// of messages are at most four seconds old, the others exact.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no fields")]
pub struct MetricsObserver;

impl MetricsObserver {
    /// Gives the recorder a description of each name. Call it once, after the recorder was
    /// installed.
    pub fn describe() {
        for (name, what) in [
            (OPENED, "Sessions that were opened."),
            (UPGRADED, "Sessions that moved from polling to a WebSocket."),
            (CLOSED, "Sessions that ended, by reason."),
            (REFUSED, "Requests that were turned away, by cause."),
            (FORWARDED, "Requests that were forwarded to other nodes."),
            (UNREACHABLE, "Forwarded requests that didn't reach their node."),
            (BUS_LOST, "Messages between nodes that didn't leave or come, by cause."),
            (MESSAGES, "Messages that came from clients and left for them."),
        ] {
            metrics::describe_counter!(name, Unit::Count, what);
        }
        metrics::describe_counter!(BYTES, Unit::Bytes, "Bytes of these messages, without framing.");
        metrics::describe_gauge!(SESSIONS, Unit::Count, "Open sessions.");
        metrics::describe_gauge!(OUTBOX, Unit::Bytes, "Bytes that wait in all outboxes.");
        metrics::describe_gauge!(LARGEST, Unit::Bytes, "Bytes that wait in the fullest outbox.");
        metrics::describe_gauge!(MEMORY, Unit::Bytes, "Bytes that count for `max_memory`.");
        metrics::describe_histogram!(
            ROUND_TRIP,
            Unit::Seconds,
            "From a ping to its pong, in revision 4."
        );
    }
}

impl Observer for MetricsObserver {
    fn refused(&self, request: &RefusedRequest<'_>) {
        counter!(REFUSED, "cause" => request.cause().name()).increment(1);
    }

    fn opened(&self, _sid: &Sid, revision: Revision, transport: Transport) {
        let revision = match revision {
            Revision::V3 => "3",
            Revision::V4 => "4",
        };
        let labels = [("transport", transport.name()), ("revision", revision)];
        counter!(OPENED, &labels).increment(1);
    }

    fn upgraded(&self, _sid: &Sid, _transport: Transport) {
        counter!(UPGRADED).increment(1);
    }

    fn closed(&self, _sid: &Sid, reason: &ServerCloseReason) {
        counter!(CLOSED, "reason" => reason.name()).increment(1);
    }

    fn forwarded(&self, _node: NodeTag) {
        counter!(FORWARDED).increment(1);
    }

    fn unreachable(&self, _node: NodeTag) {
        counter!(UNREACHABLE).increment(1);
    }

    fn bus_lost(&self, loss: &BusLoss<'_>, _is_first: bool) {
        counter!(BUS_LOST, "cause" => loss.name()).increment(loss.count());
    }

    fn heartbeat(&self, _sid: &Sid, round_trip: Duration) {
        histogram!(ROUND_TRIP).record(round_trip);
    }

    fn wants_samples(&self) -> bool {
        true
    }

    fn sampled(&self, sample: &Sample) {
        gauge!(SESSIONS, "transport" => Transport::Polling.name()).set(sample.polling as f64);
        gauge!(SESSIONS, "transport" => Transport::WebSocket.name()).set(sample.websocket as f64);
        gauge!(OUTBOX).set(sample.outbox_bytes as f64);
        gauge!(LARGEST).set(sample.largest_outbox as f64);
        gauge!(MEMORY).set(sample.memory_bytes as f64);
        let traffic = &sample.traffic;
        counter!(MESSAGES, "direction" => "in").increment(traffic.messages_received);
        counter!(MESSAGES, "direction" => "out").increment(traffic.messages_sent);
        counter!(BYTES, "direction" => "in").increment(traffic.bytes_received);
        counter!(BYTES, "direction" => "out").increment(traffic.bytes_sent);
    }
}

const SESSIONS: &str = "engineio_sessions";
const OPENED: &str = "engineio_sessions_opened_total";
const UPGRADED: &str = "engineio_sessions_upgraded_total";
const CLOSED: &str = "engineio_sessions_closed_total";
const REFUSED: &str = "engineio_requests_refused_total";
const FORWARDED: &str = "engineio_requests_forwarded_total";
const UNREACHABLE: &str = "engineio_requests_unreachable_total";
const MESSAGES: &str = "engineio_messages_total";
const BYTES: &str = "engineio_message_bytes_total";
const BUS_LOST: &str = "engineio_bus_messages_lost_total";
const ROUND_TRIP: &str = "engineio_heartbeat_round_trip_seconds";
const OUTBOX: &str = "engineio_outbox_bytes";
const MEMORY: &str = "engineio_memory_bytes";
const LARGEST: &str = "engineio_outbox_largest_bytes";
