//! What all clients that are measured have in common: their options, and how they tell how many
//! messages came back.

use std::io::{self, BufRead as _};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use clap::{Parser, ValueEnum};

/// Sends messages to a server that echoes, and for each that comes back another one.
#[derive(Clone, Debug, Parser)]
pub struct Options {
    /// The server, such as `http://127.0.0.1:3000`.
    pub url: String,
    /// What messages travel on.
    #[arg(long, value_enum)]
    pub transport: Transport,
    /// How many sessions to open.
    #[arg(long)]
    pub sessions: usize,
    /// How many messages of a session are under way.
    #[arg(long)]
    pub in_flight: usize,
}

/// What messages travel on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// Polls and POSTs.
    Polling,
    /// WebSockets from the beginning.
    Websocket,
}

/// What each message says.
#[must_use]
pub fn message() -> String {
    "x".repeat(64)
}

/// A message came back.
pub fn came() {
    COUNT.fetch_add(1, Relaxed);
}

/// All sessions are open. Tells how many messages have come whenever it gets a line.
pub fn running() {
    println!("running");
    thread::spawn(|| {
        for line in io::stdin().lock().lines() {
            line.expect("a line");
            println!("{}", COUNT.load(Relaxed));
        }
    });
}

static COUNT: AtomicU64 = AtomicU64::new(0);
