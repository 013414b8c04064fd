//! What clients leave behind, and what idle ones cost, counted by the allocator.
//!
//! The clients are blocking sockets in the same process that allocate nothing that stays, so what
//! is counted is the server's: its binding's, its HTTP library's and its runtime's.

mod answers;
mod bound;
mod idle;
mod kept_alive;
mod leaks;

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engineio::{Server, ServerConfig, Socket};
use crate::{serve, spawn};

/// One count serves the whole process: one test at a time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server on a free port that does this with each session, in a task of its own.
pub(crate) fn server<F: Future<Output = ()> + Send + 'static>(
    config: ServerConfig,
    application: impl Fn(Socket) -> F + Send + 'static,
) -> (Server, SocketAddr) {
    let server = Server::new(config);
    let address = serve(&server);
    let accepting = server.clone();
    spawn(async move {
        while let Some(socket) = accepting.accept().await {
            spawn(application(socket));
        }
    });
    (server, address)
}
