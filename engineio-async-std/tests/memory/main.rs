//! What clients leave behind, and what idle ones cost.

#[path = "../../../binding-tests/memory/mod.rs"]
mod memory;

use std::net::{SocketAddr, TcpListener};

use async_io::Async;
#[cfg(feature = "async-std")]
use async_std::task::block_on;
use engineio_async_std as engineio;
use engineio_async_std::Server;
#[cfg(not(feature = "async-std"))]
use smol::block_on;

fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    #[cfg(feature = "async-std")]
    drop(async_std::task::spawn(future));
    #[cfg(not(feature = "async-std"))]
    smol::spawn(future).detach();
}

/// Serves on a free port.
fn serving(server: &Server) -> SocketAddr {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
    let address = listener.get_ref().local_addr().expect("an address");
    let serving = server.serve(listener);
    spawn(async { serving.await.expect("a listener that works") });
    address
}
