//! A server and its clients in one process, without a network or a clock.
#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::wildcard_enum_match_arm, reason = "anything else is a failure")]

pub(crate) mod binding;
pub(crate) mod compressed;
pub(crate) mod executor;
pub(crate) mod log;
pub(crate) mod pipe;
pub(crate) mod polling;
pub(crate) mod time;
pub(crate) mod websocket;
pub(crate) mod world;
