//! What clients leave behind, and what idle ones cost, where hyper reads and answers requests.

mod memory;

use std::net::SocketAddr;

#[cfg(feature = "async-std")]
use async_std::task::block_on;
use bindings::async_std_beside_pages as engineio;
use heap::Counting;
#[cfg(not(feature = "async-std"))]
use smol::block_on;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    #[cfg(feature = "async-std")]
    drop(async_std::task::spawn(future));
    #[cfg(not(feature = "async-std"))]
    smol::spawn(future).detach();
}

/// Serves on a free port.
fn serve(server: &engineio::Server) -> SocketAddr {
    let (listener, address) = engineio::bind();
    let serving = server.serve_with(listener, engineio::page);
    spawn(async { serving.await.expect("a listener that works") });
    address
}
