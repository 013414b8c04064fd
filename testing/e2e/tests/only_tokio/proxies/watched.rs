//! A server in the test that sends everything back, and whose log the test reads.

use engineio_tokio::{
    Observer, RefusedRequest, Server, ServerCloseReason, ServerConfigBuilder, Sid,
};
use peer::until;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

/// Dropping it ends it at once.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) server: Server,
    pub(super) address: SocketAddr,
    log: Log,
    clients: Arc<Mutex<Vec<Option<IpAddr>>>>,
    serving: JoinHandle<()>,
}

/// The lines that the observer for `tracing` would write, with no field but the reason.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Observer for Log {
    fn refused(&self, request: &RefusedRequest<'_>) {
        self.push(format!("request refused: {request}"));
    }

    fn closed(&self, _sid: &Sid, reason: &ServerCloseReason) {
        self.push(format!("session closed reason={reason}"));
    }
}

impl Log {
    fn push(&self, line: String) {
        self.0.lock().expect("no panic").push(line);
    }
}

impl Watched {
    pub(super) async fn start(config: ServerConfigBuilder) -> Self {
        let config = config.build().expect("a configuration that makes sense");
        let log = Log::default();
        let server: Server = Server::builder(config).observer(log.clone()).build();
        let (address, serving) = bindings::tokio::serve(&server).await;
        let clients = Arc::default();
        tokio::spawn(echo(server.clone(), Arc::clone(&clients)));
        let serving = tokio::spawn(async {
            serving.await.expect("no panic").expect("a listener that works");
        });
        Self { server, address, log, clients, serving }
    }

    /// Host and port, for a proxy.
    pub(super) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// The addresses of the clients, in the order of their handshakes.
    pub(super) fn clients(&self) -> Vec<Option<IpAddr>> {
        self.clients.lock().expect("no panic").clone()
    }

    /// What it has logged so far.
    pub(super) fn log(&self) -> Vec<String> {
        self.log.0.lock().expect("no panic").clone()
    }

    /// Waits until it has logged something, and returns the first line.
    pub(super) async fn first_line(&self) -> String {
        until(|| !self.log().is_empty()).await;
        self.log().swap_remove(0)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn echo(server: Server, clients: Arc<Mutex<Vec<Option<IpAddr>>>>) {
    while let Some(incoming) = server.incoming().await {
        clients.lock().expect("no panic").push(incoming.remote_ip());
        // It may have left.
        let Some(mut socket) = incoming.accept() else { continue };
        tokio::spawn(async move {
            while let Some(message) = socket.recv().await {
                if socket.send(message).await.is_err() {
                    break;
                }
            }
        });
    }
}
