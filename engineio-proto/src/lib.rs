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

extern crate alloc;

mod codec;
mod error;
mod frame;
mod packet;
mod revision;
mod sid;
mod time;
mod transport;

pub use codec::{
    Handshake, Payload, PayloadSize, decode_frame, decode_payload, encode_frame, encode_payload,
};
pub use error::{DecodeError, PacketError};
pub use frame::Frame;
pub use packet::{Message, Packet, PacketType};
pub use revision::Revision;
pub use sid::{InvalidSid, Sid};
pub use time::Instant;
pub use transport::Transport;
