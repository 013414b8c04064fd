//! Models of everything that happens at a session at the same time, for [shuttle].
//!
//! A model is a few threads that use the hub as bindings and applications do. Shuttle runs it
//! again and again, each time with the threads interleaved differently, and decides at each lock
//! and counter who goes on. A thread that is never woken is a dead-lock, and fails the model; what
//! else must hold is asserted by it.
//!
//! Shuttle treats each atomic operation as `SeqCst`: what a weaker ordering allows, it can't show.
//!
//! `ENGINEIO_MODEL_RUNS=20000 ENGINEIO_MODEL_SEED=2 cargo test -p engineio-hub --lib models` runs
//! each model so often, half of the runs in random order and half with few changes of thread at
//! unlikely places; the same seed gives the same runs. A failure prints its schedule, which
//! [`replay`](world::replay) runs again.
//!
//! All unit tests of this crate see shuttle's locks. A test of anything that has one belongs here
//! or in `tests`.

mod client;
mod closing;
mod consumers;
mod groups;
mod handshake;
mod polling;
mod reconnecting;
mod upgrade;
mod websocket;
mod wire;
mod world;
