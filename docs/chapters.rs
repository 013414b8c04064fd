//! The guide in `src`: for readers an mdBook (`mdbook serve docs`), for `cargo test` a set
//! of doctests. Every Rust block of every chapter compiles, and runs unless it says
//! otherwise, and so it is with the README. Beside them there is only what blocks use in hidden
//! lines, so that a block has at most two of these.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("src/introduction.md")]
mod introduction {}

#[cfg(doctest)]
#[doc = include_str!("src/getting-started.md")]
mod getting_started {}

#[cfg(doctest)]
#[doc = include_str!("src/three-ways.md")]
mod three_ways {}

#[cfg(doctest)]
#[doc = include_str!("src/frameworks.md")]
mod frameworks {}

#[cfg(doctest)]
#[doc = include_str!("src/groups.md")]
mod groups {}

#[cfg(doctest)]
#[doc = include_str!("src/async-std.md")]
mod async_std {}

#[cfg(doctest)]
#[doc = include_str!("src/threads.md")]
mod threads {}

#[cfg(doctest)]
#[doc = include_str!("src/client.md")]
mod client {}

#[cfg(doctest)]
#[doc = include_str!("src/http2.md")]
mod http2 {}

#[cfg(doctest)]
#[doc = include_str!("src/proxies.md")]
mod proxies {}

#[cfg(doctest)]
#[doc = include_str!("src/cluster.md")]
mod cluster {}

#[cfg(doctest)]
#[doc = include_str!("src/operating.md")]
mod operating {}

#[cfg(doctest)]
#[doc = include_str!("src/troubleshooting.md")]
mod troubleshooting {}

#[cfg(doctest)]
#[doc = include_str!("src/virtual-time.md")]
mod virtual_time {}

#[cfg(doctest)]
#[doc = include_str!("src/coming-from.md")]
mod coming_from {}

#[cfg(doctest)]
#[doc = include_str!("src/limits.md")]
mod limits {}

#[cfg(doctest)]
#[doc = include_str!("src/threat-model.md")]
mod threat_model {}

#[cfg(doctest)]
#[doc = include_str!("src/features.md")]
mod features {}

#[cfg(doctest)]
#[doc = include_str!("src/architecture.md")]
mod architecture {}

#[cfg(doctest)]
#[doc = include_str!("src/performance.md")]
mod performance {}

#[cfg(doctest)]
#[doc = include_str!("src/driving.md")]
mod driving {}

#[cfg(doctest)]
#[doc = include_str!("src/protocol.md")]
mod protocol {}

#[cfg(doctest)]
#[doc = include_str!("src/coverage.md")]
mod coverage {}

mod trials;

pub use trials::{
    block_on, echo, get, post, serves, serves_app, sid, tell_of, told_address, try_chat,
    try_client, try_coming_back, try_driver, try_login, try_nodes,
};
