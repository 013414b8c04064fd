//! `engineio-tokio`.

use crate::Binding;
use crate::server::needs_own_server;
use crate::within;
use engineio_tokio::{Server, ServerConfigBuilder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use engineio_tokio::{Client, ClientOptions, Socket, connect};

/// Which one this is.
pub const BINDING: Binding = Binding::Tokio;

/// A server of the test's own, inside the test: for what only the application behind it can see or
/// do. Dropping it ends it at once.
#[derive(Debug)]
pub struct Local {
    server: Server,
    authority: String,
    serving: JoinHandle<()>,
}

impl Local {
    /// Starts a server on a free port. `None`, and a line that says so, where the suite is pointed
    /// at a server that runs already.
    pub async fn start(config: ServerConfigBuilder) -> Option<Self> {
        if !needs_own_server() {
            return None;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let authority = listener.local_addr().expect("its address").to_string();
        let server = Server::new(config.build().expect("a configuration that makes sense"));
        let serving = server.serve(listener);
        let serving = tokio::spawn(async { serving.await.expect("a listener that works") });
        Some(Self { server, authority, serving })
    }

    /// The application's handle.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// What a client connects to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// The session of the next client.
    pub async fn accept(&self) -> Socket {
        within("a client", self.server.accept()).await.expect("a server that is open")
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
