//! Engine.IO as a pure state machine.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod codec;
mod frame;
mod packet;
mod revision;
mod sid;
mod time;
mod transport;

pub use frame::Frame;
pub use packet::{Message, Packet, PacketType};
pub use revision::Revision;
pub use sid::{InvalidSid, Sid};
pub use time::Instant;
pub use transport::Transport;
