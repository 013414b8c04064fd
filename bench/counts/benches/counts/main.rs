//! The operations that are counted. What prepares them isn't.
//!
//! Each benchmark does its operation [`TIMES`] times, so that what comes once weighs nothing.

mod codec;
mod http1;
mod hub;
mod session;

use gungraun::{Callgrind, LibraryBenchmarkConfig, main};

use codec::packets;
use http1::requests;
use hub::websockets;
use session::sessions;

/// How many operations are counted together; `src/main.rs` divides by it.
const TIMES: usize = 1600;

main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"]));
    library_benchmark_groups = packets, sessions, websockets, requests
);
