//! The shared half of every binding.
#![forbid(unsafe_code)]

pub mod websocket;
