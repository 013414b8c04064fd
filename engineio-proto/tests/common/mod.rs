//! Shared parts of the tests of both sessions.
//!
//! A [`scene`] is a server's session and a pen: reach a state with its builders, do one
//! thing, and compare what everybody got. A [`client_scene`] is the same for a client's.
//! A [`world`] is a server's session and a client with a hostile network between them, a
//! [`pair`] the two sessions of the crate. Time is a number that the tests move.
#![allow(dead_code, unused_imports, reason = "every test file uses its own part")]
#![allow(clippy::wildcard_enum_match_arm, reason = "whatever else comes fails the test")]

pub(crate) mod ask;
pub(crate) mod cell;
pub(crate) mod client;
pub(crate) mod client_cell;
pub(crate) mod client_render;
pub(crate) mod client_scenario;
pub(crate) mod client_scene;
pub(crate) mod laws;
pub(crate) mod link;
pub(crate) mod pair;
pub(crate) mod pair_client;
pub(crate) mod pair_laws;
pub(crate) mod pair_ops;
pub(crate) mod pair_server;
pub(crate) mod render;
pub(crate) mod scenario;
pub(crate) mod scene;
pub(crate) mod world;

pub(crate) use client_scenario::{ClientScenario, client};
pub(crate) use client_scene::ClientScene;
pub(crate) use engineio_proto::ClientCloseReason as ClientClose;
pub(crate) use engineio_proto::client::Input as ClientInput;
pub(crate) use engineio_proto::server::{Event, Input, Route, Session, Transmit};
pub(crate) use engineio_proto::{
    BinaryEncoding, ContentType, Frame, Instant, Message, Outgoing, Revision, ServerCloseReason,
    ServerConfig,
};
pub(crate) use engineio_proto::{ConnId, Failure};
pub(crate) use scenario::{Scenario, scenario};
pub(crate) use scene::Scene;

/// For what must be the same in both.
pub(crate) const REVISIONS: [Revision; 2] = [Revision::V3, Revision::V4];

pub(crate) const fn millis(millis: u64) -> core::time::Duration {
    core::time::Duration::from_millis(millis)
}

/// The content type of a body with this header.
pub(crate) fn content_type(header: Option<&str>) -> ContentType {
    match header {
        Some("application/octet-stream") => ContentType::Binary,
        Some(_) | None => ContentType::Text,
    }
}

/// A POST's body of these packets.
pub(crate) fn payload(revision: Revision, packets: &[&str]) -> String {
    match revision {
        Revision::V4 => packets.join("\u{1e}"),
        Revision::V3 => packets
            .iter()
            .map(|packet| format!("{}:{packet}", packet.encode_utf16().count()))
            .collect(),
    }
}
