//! `engineio-async-std` beside an application's own pages, whose requests hyper reads and answers.

use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;

use http::{Response, StatusCode};
use tokio::task::JoinHandle;

pub use crate::async_std::*;

/// What parses the requests.
pub const HTTP: &str = "hyper";

/// Answers the requests of all other paths.
pub fn page<T>(_: T) -> Ready<Response<String>> {
    let mut response = Response::new("no such page".to_owned());
    *response.status_mut() = StatusCode::NOT_FOUND;
    ready(response)
}

/// Serves on a free port. Returns the address, and the task, which ends with the server.
#[expect(clippy::unused_async, reason = "other bindings wait here")]
pub async fn serve<D: Data>(server: &Server<D>) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let (listener, address) = bind();
    (address, tokio::spawn(server.serve_with(listener, page)))
}
