//! The threads that do the I/O, and what they carry.
//!
//! A [`Worker`] is one thread's: it sleeps until a socket, a timer or another thread has
//! something for it, and gives the [`Connection`]s concerned a turn. What waits is state, not a
//! thread.

mod connection;
mod engine;
mod exchange;
mod fallback;
mod inbox;
mod limits;
mod listener;
mod output;
mod requests;
mod settings;
mod start;
mod timers;
mod worker;

pub(crate) use engine::Engine;
pub(crate) use fallback::Fallback;
pub(crate) use inbox::Inbox;
pub(crate) use limits::Limits;
pub(crate) use settings::Settings;
pub(crate) use start::{Start, start};
pub(crate) use worker::Worker;
