//! The handle of a server.

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::sync::Arc;

use crate::server::events::Events;
use crate::server::hub::Hub;
use crate::server::incoming::Incoming;
use crate::server::sessions::Sessions;
use crate::server::socket::Socket;

/// A server as the application sees it. Clones are cheap and mean the same server.
///
/// Sessions come out one way: one by one with [`accept`](Self::accept) or
/// [`incoming`](Self::incoming), or all as one stream with [`events`](Self::events). What is said
/// to them by their names, or to all of them, is at [`Sessions`].
pub struct ServerHandle<D: Send + Sync + 'static = ()> {
    hub: Arc<Hub<D>>,
}

impl<D: Send + Sync + 'static> ServerHandle<D> {
    /// A handle of this hub's server.
    pub const fn new(hub: Arc<Hub<D>>) -> Self {
        Self { hub }
    }

    /// What a binding serves. It isn't for applications, so it is no method.
    pub const fn hub(handle: &Self) -> &Arc<Hub<D>> {
        &handle.hub
    }

    /// The next client that asks for a session, for an application that wants to look
    /// at the request first. `None` when there will be none: the server has closed, or
    /// is consumed by [`events`](Self::events).
    ///
    /// A client waits for [`accept_timeout`](engineio_proto::ServerConfig::accept_timeout) at most:
    /// decide in a task of its own if it takes long.
    pub fn incoming(&self) -> impl Future<Output = Option<Incoming<D>>> {
        poll_fn(|cx| self.hub.poll_incoming(cx))
    }

    /// Accepts the next client, whoever it is. `None` as with
    /// [`incoming`](Self::incoming).
    pub async fn accept(&self) -> Option<Socket<D>>
    where
        D: Default,
    {
        loop {
            if let Some(socket) = self.incoming().await?.accept() {
                return Some(socket);
            }
        }
    }

    /// Accepts all clients, and gives what they do as one stream of events.
    ///
    /// A server is consumed one way: after [`accept`](Self::accept) or
    /// [`incoming`](Self::incoming) the stream ends at once, and the observer is told.
    pub fn events(&self) -> Events<D>
    where
        D: Default,
    {
        self.hub.events()
    }
}

impl<D: Send + Sync + 'static> Deref for ServerHandle<D> {
    type Target = Sessions<D>;

    fn deref(&self) -> &Sessions<D> {
        &self.hub
    }
}

impl<D: Send + Sync + 'static> Clone for ServerHandle<D> {
    fn clone(&self) -> Self {
        Self { hub: Arc::clone(&self.hub) }
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for ServerHandle<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").field("sessions", &self.len()).finish_non_exhaustive()
    }
}
