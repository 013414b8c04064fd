//! The options that all servers under test have, and what their clients tell them to do.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Sends every message back, or to all sessions if it begins with [`TO_ALL`].
#[derive(Clone, Copy, Debug, Parser)]
pub struct Options {
    /// Milliseconds between two pings.
    #[arg(long, value_name = "MS", default_value_t = 60_000)]
    ping_interval: u64,
    /// How the application is told of messages.
    #[arg(long, value_enum, default_value_t = Way::Sockets)]
    pub way: Way,
    /// Whether all runs on one thread.
    #[arg(long)]
    pub one_thread: bool,
    /// Whether tokio turns to the tasks that it couldn't queue with a thread as often as to others.
    #[arg(long)]
    pub even_turns: bool,
}

/// How an application consumes a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// A task or thread for each session.
    Sockets,
    /// One stream for all sessions.
    Events,
    /// Callbacks.
    Handler,
}

impl Options {
    /// The time between two pings.
    #[must_use]
    pub const fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval)
    }

    /// The runtime that these ask for.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn runtime(&self) -> tokio::runtime::Runtime {
        use tokio::runtime::Builder;
        let mut runtime = if self.one_thread {
            Builder::new_current_thread()
        } else {
            Builder::new_multi_thread()
        };
        if self.even_turns {
            runtime.global_queue_interval(1);
        }
        runtime.enable_all().build().expect("a runtime")
    }
}

/// The longest message and the longest body.
pub const MAX_PAYLOAD: usize = 1_000_000;

/// How long an answer to a ping may take.
pub const PING_TIMEOUT: Duration = Duration::from_secs(60);

/// A text that begins with this goes to all sessions.
pub const TO_ALL: char = '*';

/// Tells the load generator where the server listens.
pub fn listening(address: SocketAddr) {
    println!("listening on {address}");
}
