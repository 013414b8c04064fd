//! What clients leave behind, and what idle ones cost.

#[path = "../../../binding-tests/memory/mod.rs"]
mod memory;

use std::net::SocketAddr;
use std::sync::LazyLock;

use engineio_tokio as engineio;
use engineio_tokio::Server;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
});

fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    RUNTIME.spawn(future);
}

fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// Serves on a free port.
fn serving(server: &Server) -> SocketAddr {
    let listener = block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serving = server.serve(listener);
    spawn(async { serving.await.expect("a listener that works") });
    address
}
