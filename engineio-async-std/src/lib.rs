//! Engine.IO for async-std and smol: a server and a client on `futures-io`.
//!
//! Both speak both revisions of the protocol in use, 3 (`engine.io-client` 1.x to 3.x) and
//! 4 (from 4.x on), by long-polling and WebSocket, with the upgrade from one to the other.
//! The protocol itself is in [`engineio_proto`], what all bindings share in
//! [`engineio_hub`]; this crate moves the bytes, beside an application's pages with hyper.
//!
//! **async-std is discontinued.** Its last release is from August 2025, its authors recommend smol,
//! and RUSTSEC-2025-0052 lists it as unmaintained: it no longer receives fixes. It works today, and
//! the feature `async-std` is for programs that already depend on it. New programs should use smol:
//! `default-features = false, features = ["smol", "client", "tls"]`. Both use the same reactor,
//! `async-io`, so only the tasks differ here.
//!
//! It is **not** Socket.IO: there are no namespaces, rooms, event names or acknowledgements, just
//! ordered messages of text or bytes. The server speaks HTTP/1.1. It has no TLS of its own: put a
//! proxy in front, or hand your TLS streams to [`Server::serve_connection`].
//!
//! # A server
//!
//! ```no_run
//! use engineio_async_std::{ServerConfig, Server, Socket};
//!
//! async fn echo(mut socket: Socket) {
//!     while let Some(message) = socket.recv().await {
//!         if socket.send(message).await.is_err() {
//!             break; // the session is over
//!         }
//!     }
//! }
//!
//! # #[cfg(feature = "async-std")]
//! async fn serve() -> std::io::Result<()> {
//!     let server = Server::new(ServerConfig::default());
//!     async_std::task::spawn(server.bind("127.0.0.1:3000")?); // or smol's `spawn`
//!     while let Some(socket) = server.accept().await {
//!         async_std::task::spawn(echo(socket));
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Features
//!
//! - `async-std` (default), `smol`: the runtime to spawn tasks on. With both, async-std.
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

mod accepting;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "cluster")]
mod cluster;
mod connection;
mod core;
mod listener;
mod rt;
mod server;
mod stop;
mod stream;
#[cfg(any(feature = "client", feature = "cluster"))]
mod tcp;

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
pub use engineio_hub::{
    Data, Events, Group, Handler, Handshake, Incoming, Observer, Overflow, RefusedRequest,
    RemoteAddr, Sender, ServerEvent, Sessions, Socket,
};
#[cfg(feature = "metrics")]
pub use engineio_hub::{MetricsObserver, Sample};
pub use engineio_hyper::{BoxError, Serving};
#[cfg(feature = "metrics")]
pub use engineio_proto::Traffic;
#[cfg(feature = "client")]
pub use engineio_proto::client::Backoff;
#[cfg(feature = "client")]
pub use engineio_proto::{
    ClientCloseReason, ClientConfig, ClientConfigBuilder, Refused, RevisionChoice,
};
pub use engineio_proto::{
    CloseCode, ConfigError, Cookie, Cors, DecodeError, InvalidHeader, InvalidNodeTag, InvalidSid,
    Message, NodeTag, Outgoing, PacketError, Revision, Revisions, SameSite, SendError,
    ServerCloseReason, ServerConfig, ServerConfigBuilder, Sid, Transport, Transports, Violation,
    server::{Ambiguity, ConnectionFault, OriginRule, ProbeFailure, Refusal, RefusalCause},
};
pub use {bytes, bytestring, http};

pub use listener::Listener;
pub use server::{Server, ServerBuilder};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
