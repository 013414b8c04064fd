//! Engine.IO as a pure state machine.
#![no_std]
#![forbid(unsafe_code)]
// What a peer sends must not be able to reach a panic.
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)]
#![warn(
    clippy::alloc_instead_of_core,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::std_instead_of_core
)]

extern crate alloc;

mod close;
mod codec;
mod coding;
mod config;
mod cookie;
mod cors;
mod error;
mod frame;
mod heartbeat;
mod http;
mod inbox;
mod outbox;
mod packet;
mod revision;
pub mod server;
mod sid;
mod time;
mod transport;

pub use close::{CloseCode, CloseReason, Violation};
pub use codec::{
    Handshake, Payload, PayloadSize, decode_frame, decode_payload, encode_frame, encode_payload,
};
pub use coding::Coding;
pub use config::{Config, ConfigBuilder, ConfigError, Revisions, Transports};
pub use cookie::{Cookie, SameSite};
pub use cors::Cors;
pub use error::{DecodeError, PacketError};
pub use frame::Frame;
pub use http::{Headers, InvalidHeader, Request, Response};
pub use outbox::{Outgoing, SendError};
pub use packet::{Message, Packet, PacketType};
pub use revision::Revision;
pub use sid::{InvalidSid, Sid};
pub use time::Instant;
pub use transport::Transport;
