//! Figures of a whole server, taken from time to time.

use engineio_proto::Traffic;

/// Figures of a server, as they were within the last few seconds. Sessions are looked at one after
/// the other, so that their messages cost nothing more than a few additions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// How many sessions are open over polling.
    pub polling: usize,
    /// How many sessions are open over a WebSocket.
    pub websocket: usize,
    /// How many bytes wait in all outboxes together, with a charge for each message.
    pub outbox_bytes: usize,
    /// How many bytes wait in the fullest outbox.
    pub largest_outbox: usize,
    /// How many bytes are counted of [`max_memory`](engineio_proto::ServerConfig::max_memory).
    pub memory_bytes: usize,
    /// What was carried since the last sample.
    pub traffic: Traffic,
}
