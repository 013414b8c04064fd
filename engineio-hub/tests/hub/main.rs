//! A whole server without a network: seats, handles and deadlines.
#![allow(clippy::wildcard_enum_match_arm, reason = "anything else is a failure")]

mod any_sid;
mod at_once;
mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod compressed;
mod compression;
mod deadlines;
mod echo;
mod entrance;
mod events;
#[cfg(feature = "metrics")]
mod figures;
mod groups;
mod handler;
mod handles;
mod handshakes;
mod http2;
mod leaving;
mod logins;
mod memory;
mod nodes;
mod refusals;
mod sending;
mod shutdown;
mod slow_peers;
mod websockets;
