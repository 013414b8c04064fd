//! What clients leave behind, and what idle ones cost.

mod memory;

use std::net::SocketAddr;
use std::sync::LazyLock;

use bindings::sync as engineio;
use heap::Counting;
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
fn serve(server: &engineio::Server) -> SocketAddr {
    block_on(engineio::serve(server)).0
}
