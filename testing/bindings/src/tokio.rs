//! `engineio-tokio`.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use engineio_tokio::{Sender as PlainSender, *};

/// What parses the requests.
pub const HTTP: &str = "engineio-hub";

/// Serves on a free port. Returns the address, and the task, which ends with the server.
pub async fn serve<D: Data>(server: &Server<D>) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (address, tokio::spawn(server.serve(listener)))
}
