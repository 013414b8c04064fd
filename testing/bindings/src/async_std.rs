//! `engineio-async-std`, on async-std or on smol. Its handles work on any executor, here a tokio
//! runtime; its own tasks run on the runtime of its feature.

use std::io;
use std::net::{SocketAddr, TcpListener};

use async_io::Async;
use tokio::task::JoinHandle;

pub use engineio_async_std::{Sender as PlainSender, *};

/// What parses the requests.
pub const HTTP: &str = "engineio-hub";

/// Serves on a free port. Returns the address, and the task, which ends with the server.
#[expect(clippy::unused_async, reason = "other bindings wait here")]
pub async fn serve<D: Data>(server: &Server<D>) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let (listener, address) = bind();
    (address, tokio::spawn(server.serve(listener)))
}

/// Binds a listener to a free port.
#[must_use]
pub fn bind() -> (Async<TcpListener>, SocketAddr) {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
    let address = listener.get_ref().local_addr().expect("an address");
    (listener, address)
}
