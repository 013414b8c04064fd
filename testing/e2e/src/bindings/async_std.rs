//! `engineio-async-std`, on async-std or on smol. Its handles wait on whatever polls them, here a
//! runtime of tokio's; its own tasks run where its feature says.

use crate::Binding;
use crate::server::needs_own_server;
use crate::within;
use async_io::Async;
use engineio_async_std::{Server, ServerConfigBuilder};
use std::net::TcpListener;
use tokio::task::JoinHandle;

pub use engineio_async_std::{Client, ClientOptions, Socket, connect};

/// Which one this is.
pub const BINDING: Binding = Binding::AsyncStd;

/// The feature that says what runs its tasks.
pub(crate) const FEATURE: &str = if cfg!(feature = "async-std") { "async-std" } else { "smol" };

/// A server of the test's own, inside the test, as [`tokio`](super::tokio::Local)'s.
#[derive(Debug)]
pub struct Local {
    server: Server,
    authority: String,
    serving: JoinHandle<()>,
}

impl Local {
    /// Starts a server on a free port. `None`, and a line that says so, where the suite is pointed
    /// at a server that runs already.
    #[expect(clippy::unused_async, reason = "other bindings wait here")]
    pub async fn start(config: ServerConfigBuilder) -> Option<Self> {
        if !needs_own_server() {
            return None;
        }
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
        let authority = listener.get_ref().local_addr().expect("its address").to_string();
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
