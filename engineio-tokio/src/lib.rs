//! Engine.IO for tokio: a server, beside a web application or alone, and a client.
//!
//! Both speak both revisions of the protocol in use, 3 (`engine.io-client` 1.x to 3.x) and
//! 4 (from 4.x on), by long-polling and WebSocket, with the upgrade from one to the other.
//! The protocol itself is in [`engineio_proto`], what all bindings share in
//! [`engineio_hub`]; this crate moves the bytes, below a framework and for HTTP/2 with hyper.
//!
//! It is **not** Socket.IO: there are no namespaces, rooms, event names or
//! acknowledgements, just ordered messages of text or bytes. The server has no
//! TLS (put a proxy in front, or serve the [`Server::service`] yourself). There is no
//! WebTransport.
//!
//! # The picture
//!
//! ```text
//!   axum, or anything on tower          nothing around it
//!        server.layer()                  server.serve(..)
//!               \                          /
//!                +------>  Server  <------+
//!              /              |             \
//!    server.accept()  server.incoming()  server.events()     one of these three
//!        Socket           Incoming         ServerEvent
//! ```
//!
//! A [`Socket`] is one session: [`recv`](Socket::recv) and [`send`](Sender::send). An [`Incoming`]
//! is a client that waits to be accepted or refused. A [`ServerEvent`] is an event of any session,
//! for servers that handle all sessions in one place.
//!
//! # An echo beside a web application
//!
//! ```
//! use axum::{Router, routing::get};
//! use engineio_tokio::{ServerConfig, Server, Socket};
//!
//! async fn echo(mut socket: Socket) {
//!     while let Some(message) = socket.recv().await {
//!         if socket.send(message).await.is_err() {
//!             break; // the session is over
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::new(ServerConfig::default());
//!
//! let accepting = server.clone();
//! tokio::spawn(async move {
//!     while let Some(socket) = accepting.accept().await {
//!         tokio::spawn(echo(socket));
//!     }
//! });
//!
//! // It takes the requests of /engine.io and leaves all others to the routes.
//! let app = Router::new().route("/", get(|| async { "hello" })).layer(server.layer());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let address = listener.local_addr()?;
//! # let serving = async {
//! axum::serve(listener, app).await?;
//! # Ok::<(), std::io::Error>(())
//! # };
//! # tokio::select! {
//! #     served = serving => served?,
//! #     answers = async {
//! #         let page = get_once(address, "/").await?;
//! #         Ok::<_, std::io::Error>((page, get_once(address, "/engine.io/?EIO=4&transport=polling").await?))
//! #     } => {
//! #         let (page, open) = answers?;
//! #         assert!(page.ends_with("hello"), "{page}");
//! #         assert!(open.contains(r#"0{"sid":""#), "{open}");
//! #     }
//! # }
//! # Ok(())
//! # }
//! # async fn get_once(address: std::net::SocketAddr, target: &str) -> std::io::Result<String> {
//! #     use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! #     let mut stream = tokio::net::TcpStream::connect(address).await?;
//! #     let request = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
//! #     stream.write_all(request.as_bytes()).await?;
//! #     let mut answer = String::new();
//! #     stream.read_to_string(&mut answer).await?;
//! #     Ok(answer)
//! # }
//! ```
//!
//! # Alone
//!
//! ```
//! use std::time::Duration;
//! use engineio_tokio::{ServerConfig, Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server: Server = Server::new(ServerConfig::builder().max_payload(100_000).build()?);
//! let serving = tokio::spawn(server.bind("127.0.0.1:0")?);
//!
//! // .. and at the end: sessions are flushed and closed, the listener stops.
//! server.close(Duration::from_secs(10)).await;
//! serving.await??;
//! # Ok(())
//! # }
//! ```
//!
//! # A client
//!
//! [`connect`] reaches any Engine.IO server; the example there is all it takes. [`reconnecting`]
//! makes a client that connects again when its session is lost.
//!
//! # Features
//!
//! - `client` (default): `Client`.
//! - `tls` (default): `https` and `wss` for the client, by rustls.
//! - `cluster`: `ServerBuilder::cluster`, for several processes behind a load balancer.
//! - `json`: `Message::json` and `Message::to_json`.
//! - `metrics`: counts sessions, refusals, messages and bytes for the `metrics` crate, by
//!   `MetricsObserver`.
//! - `tracing`: reports refusals, openings, upgrades and closes to the `tracing` crate: at the
//!   level `debug`, and the first refusal of a kind in a minute at `warn`. Without it, give the
//!   [`ServerBuilder`] an [`Observer`].
//!
//! # Where to look next
//!
//! [`Server`] lists its methods by purpose. [`ServerConfig`] has every setting, its default and the
//! reason for it. The example `echo` is a complete program with options.
#![cfg_attr(docsrs, feature(doc_cfg))] // says which feature an item needs
#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

mod by_hyper;
#[cfg(feature = "client")]
mod client;
mod clock;
#[cfg(feature = "cluster")]
mod cluster;
mod core;
mod http2;
mod idle;
mod listener;
mod prefixed;
mod server;
mod service;

pub use engineio_hub::{
    Data, Events, Group, Handler, Handshake, Incoming, Observer, Overflow, RefusedRequest,
    RemoteAddr, Sender, ServerEvent, Sessions, Socket,
};
pub use engineio_hyper::{BodyError, ResponseBody, Serving};
pub use engineio_proto::{
    CloseCode, ConfigError, Cookie, Cors, DecodeError, InvalidHeader, InvalidNodeTag, InvalidSid,
    Message, NodeTag, Outgoing, PacketError, Revision, Revisions, SameSite, SendError,
    ServerCloseReason, ServerConfig, ServerConfigBuilder, Sid, Transport, Transports, Violation,
    server::{Ambiguity, ConnectionFault, OriginRule, ProbeFailure, Refusal, RefusalCause},
};
pub use {bytes, bytestring, http};

#[cfg(feature = "client")]
pub use client::{connect, reconnecting, reconnecting_with};
#[cfg(feature = "tracing")]
pub use engineio_hub::TracingObserver;
#[cfg(feature = "client")]
pub use engineio_hub::client::{
    Attempt, Client, ClientEvent, ClientOptions, ClientSender, ConnectError, GaveUp, InvalidUrl,
    ReconnectingClient, ReconnectingEvent, ReconnectingSender, Redirects,
};
pub use engineio_hub::cluster::{Bus, BusError, BusLoss, Deliver, Subscription};
#[cfg(feature = "cluster")]
pub use engineio_hub::cluster::{Cluster, Directory, InvalidTemplate, Locating, Nodes};
#[cfg(feature = "metrics")]
pub use engineio_hub::{MetricsObserver, Sample};
#[cfg(feature = "metrics")]
pub use engineio_proto::Traffic;
#[cfg(feature = "client")]
pub use engineio_proto::client::Backoff;
#[cfg(feature = "client")]
pub use engineio_proto::{
    ClientCloseReason, ClientConfig, ClientConfigBuilder, Refused, RevisionChoice,
};
pub use server::{Server, ServerBuilder};
pub use service::{EngineIoLayer, EngineIoService, NotFound, ServiceFuture};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
