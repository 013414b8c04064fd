//! A client against this crate's own server, over real sockets.
#![cfg(feature = "client")]

#[path = "../../../binding-tests/async_client/mod.rs"]
mod async_client;

use std::net::SocketAddr;

use engineio_tokio as engineio;
use engineio_tokio::Server;
use tokio::net::TcpListener;

/// Serves on a free port.
async fn listen<D: Send + Sync + 'static>(server: &Server<D>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.serve(listener));
    address
}

/// Time in the client is tokio's, so tests of applications can pause it.
#[tokio::test(start_paused = true)]
async fn server_that_says_nothing_is_given_up_after_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let start = tokio::time::Instant::now();
    let client = engineio::ClientOptions::new(&format!("http://{address}"));
    let client = client.transports([engineio::Transport::Polling]);
    let client = client.config(|it| it.connect_timeout(std::time::Duration::from_secs(5)));
    let error = engineio::connect(client).await.expect_err("no answer");
    assert_eq!(error.to_string(), "the server didn't open a session in time");
    assert_eq!(start.elapsed().as_secs(), 5);
}
