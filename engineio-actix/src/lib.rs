//! Engine.IO for actix-web: a server that mounts beside an application's routes.
//!
//! The protocol is in [`engineio_proto`], what all bindings share in [`engineio_hub`]. The handles
//! are those of [`engineio_tokio`], since actix-web runs on tokio: a [`Server`] is the same for both,
//! and its sessions don't care which worker has their connection.
//!
//! # An echo beside an application
//!
//! ```
//! use actix_web::{App, HttpServer, web};
//! use engineio_actix::{EngineIo, Server, ServerConfig, Socket};
//!
//! async fn echo(mut socket: Socket) {
//!     while let Some(message) = socket.recv().await {
//!         if socket.send(message).await.is_err() {
//!             break; // the session is over
//!         }
//!     }
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> std::io::Result<()> {
//! let server = Server::new(ServerConfig::default());
//!
//! let accepting = server.clone();
//! actix_web::rt::spawn(async move {
//!     while let Some(socket) = accepting.accept().await {
//!         actix_web::rt::spawn(echo(socket));
//!     }
//! });
//!
//! // It takes the requests of /engine.io and leaves all others to the routes.
//! let in_front = EngineIo::new(&server);
//! let app = move || {
//!     App::new().wrap(in_front.clone()).route("/", web::get().to(|| async { "hello" }))
//! };
//! let serving = HttpServer::new(app)
//!     .h1_allow_half_closed(false)
//! #   .workers(1)
//!     .bind("127.0.0.1:0")?
//!     .run();
//! # let handle = serving.handle();
//! # actix_web::rt::spawn(async move { handle.stop(false).await });
//! serving.await
//! # }
//! ```
//!
//! # What to set in actix-web
//!
//! - **`h1_allow_half_closed(false)`.** Otherwise actix-web keeps a request whose client has left
//!   until it is answered: a poll that waits would take messages for nobody, up to the next ping.
//! - **Stopping**: await [`Server::close`] first, and then the handle's `stop`. actix-web waits for
//!   connections that are under way, which a WebSocket is.
//! - **Several processes**: a request for a session of another node isn't forwarded, whatever the
//!   server's `cluster`. Let the balancer send requests where the tag in front of their `sid` says.
//! - **Compression**: `wrap` the `Compress` middleware before this one, so that this one is outside:
//!   the server compresses its own responses.
//!
//! WebSockets are taken over HTTP/1.1 only. A server of TLS that offers HTTP/2 leaves browsers on
//! polling, or on a connection of their own for the WebSocket: both work.
#![forbid(unsafe_code)]

mod exchange;
mod head;
mod middleware;
mod websocket;

pub use engineio_tokio::*;
pub use middleware::{EngineIo, EngineIoMiddleware, serve};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
