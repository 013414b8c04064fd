//! `engineio-async-std`, on async-std or on smol. Its handles wait on whatever polls them, here a
//! runtime of tokio's; its own tasks run where its feature says.

use std::io;
use std::net::{SocketAddr, TcpListener};

use async_io::Async;
use tokio::task::JoinHandle;

pub use engineio_async_std::{Sender as PlainSender, *};

/// Serves on a free port: gives its address, and the task, which ends with the server.
#[expect(clippy::unused_async, reason = "other bindings wait here")]
pub async fn serve<D: Data>(server: &Server<D>) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let (listener, address) = bind();
    (address, tokio::spawn(server.serve(listener)))
}

/// A listener on a free port.
#[must_use]
pub fn bind() -> (Async<TcpListener>, SocketAddr) {
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
    let address = listener.get_ref().local_addr().expect("an address");
    (listener, address)
}
