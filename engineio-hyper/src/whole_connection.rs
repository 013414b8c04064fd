//! The task of a connection, from its first byte to its end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::WebSocketTask;

/// The task of a connection of a listener: serves its requests, and then the WebSocket that it may
/// become.
///
/// Both have memory of their own, one after the other: a WebSocket keeps nothing of what served the
/// requests, and needs no task of its own.
#[must_use = "it serves only while it is polled"]
pub struct WholeConnection(Stage);

enum Stage {
    Http(Pin<Box<dyn Future<Output = Option<WebSocketTask>> + Send>>),
    WebSocket(WebSocketTask),
}

impl WholeConnection {
    /// Begins with what serves its requests, which is ready at the end of the connection or with its
    /// WebSocket, from [`carry_switched`](crate::carry_switched).
    pub fn new(http: impl Future<Output = Option<WebSocketTask>> + Send + 'static) -> Self {
        Self(Stage::Http(Box::pin(http)))
    }
}

impl Future for WholeConnection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Stage::Http(http) = &mut self.0 {
            let Some(websocket) = ready!(http.as_mut().poll(cx)) else { return Poll::Ready(()) };
            self.0 = Stage::WebSocket(websocket);
        }
        match &mut self.0 {
            Stage::Http(_) => Poll::Pending,
            Stage::WebSocket(websocket) => websocket.as_mut().poll(cx),
        }
    }
}

impl fmt::Debug for WholeConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WholeConnection")
    }
}
