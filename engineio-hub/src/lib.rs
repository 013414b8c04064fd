//! The shared half of every binding.
#![forbid(unsafe_code)]

mod compression;
pub mod websocket;

pub use compression::{Coding, compress};
