//! Engine.IO without an async runtime: a server and a client for threads.
//!
//! Both speak both revisions of the protocol in use, 3 (`engine.io-client` 1.x to 3.x) and
//! 4 (from 4.x on), by long-polling and WebSocket, with the upgrade from one to the other. The
//! protocol itself is in [`engineio_proto`], what all bindings share in [`engineio_hub`]; this
//! crate moves the bytes, with `mio`.
//!
//! It is **not** Socket.IO: there are no namespaces, rooms, event names or acknowledgements, just
//! ordered messages of text or bytes. The server has no TLS and no HTTP/2 (put a proxy in front).
//! It forwards no requests to other processes: of several behind a balancer, each needs the requests
//! of its own sessions, which the balancer can tell by their [`node`](ServerConfig::node).
//! It is not a web server either: a [fallback](ServerBuilder::fallback) is enough for a page and a
//! few files.
//!
//! # The picture
//!
//! ```text
//!    your threads                                   I/O threads, or the Driver in yours
//!
//!    server.accept()    ->  Socket: recv, send <->
//!    server.incoming()  ->  Incoming                  sockets, timers, HTTP, WebSocket,
//!    for event in server.events_with(login)    <->    a Handler's callbacks
//! ```
//!
//! A waiting poll and an idle WebSocket are state of an I/O thread, not threads of their own: one
//! thread holds thousands. Your own threads wait in [`accept`](Server::accept),
//! [`recv`](Socket::recv), [`send`](Sender::send) or [`events`](Server::events).
//!
//! # A thread for each session
//!
//! ```
//! use std::thread;
//!
//! use engineio_sync::{ServerConfig, Server, Socket};
//!
//! fn echo(mut socket: Socket) {
//!     while let Some(message) = socket.recv() {
//!         if socket.send(message).is_err() {
//!             break; // the session is over
//!         }
//!     }
//! }
//!
//! # fn main() -> std::io::Result<()> {
//! let server = Server::bind("127.0.0.1:0", ServerConfig::default())?;
//! # let closing = server.clone();
//! # thread::spawn(move || closing.close(std::time::Duration::ZERO));
//! while let Some(socket) = server.accept() {
//!     thread::spawn(|| echo(socket));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # All sessions in one place
//!
//! ```
//! use engineio_sync::{ServerConfig, Server, ServerEvent};
//!
//! # fn main() -> std::io::Result<()> {
//! let server = Server::bind("127.0.0.1:0", ServerConfig::default())?;
//! # let closing = server.clone();
//! # std::thread::spawn(move || closing.close(std::time::Duration::ZERO));
//! for event in server.events() {
//!     match event {
//!         ServerEvent::Connect(sender) => println!("{:?} is there", sender.sid()),
//!         ServerEvent::Message(_, message) => server.broadcast(message),
//!         ServerEvent::Disconnect(_, reason) => println!("somebody has left: {reason}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Events`] shows the same for several workers, [`Driver`] a game loop that does the I/O itself.
//!
//! # HTTP
//!
//! The server takes HTTP/1.1 and 1.0, with keep-alive and pipelining. A head may have 16 KiB and 100
//! headers; a longer one gets 431. A request that two servers could read differently gets 400, and
//! its connection is closed: `Content-Length` together with `Transfer-Encoding` or twice, any
//! transfer coding except exactly `chunked`, a missing `Host`, a bare line feed. A head may take
//! [30 s](ServerBuilder::head_timeout). A connection may be idle for
//! [`ping_interval`](ServerConfig::ping_interval) plus
//! [`ping_timeout`](ServerConfig::ping_timeout), 30 s at least, and is dropped when its peer takes
//! no bytes for that long.
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
//! - `json`: `Message::json` and `Message::to_json`.
//! - `metrics`: counts sessions, refusals, messages and bytes for the `metrics` crate, by
//!   `MetricsObserver`.
//! - `tracing`: reports refusals, openings, upgrades and closes to the `tracing` crate: at the
//!   level `debug`, and the first refusal of a kind in a minute at `warn`. Without it, give the
//!   [`ServerBuilder`] an [`Observer`].
#![cfg_attr(docsrs, feature(doc_cfg))] // says which feature an item needs
#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

mod block;
mod carry;
#[cfg(feature = "client")]
mod client;
mod clock;
mod error;
mod io;
mod server;
mod stream;
mod wake;

/// The types of requests and answers, of the `http` crate.
pub use ::http;
#[cfg(feature = "client")]
pub use client::{
    Client, ClientSender, ReconnectingClient, ReconnectingSender, connect, reconnecting,
    reconnecting_with,
};
#[cfg(feature = "tracing")]
pub use engineio_hub::TracingObserver;
#[cfg(feature = "client")]
pub use engineio_hub::client::{
    Attempt, ClientEvent, ClientOptions, ConnectError, GaveUp, InvalidUrl, ReconnectingEvent,
    Redirects,
};
pub use engineio_hub::cluster::{Bus, BusError, BusLoss, Deliver, Subscription};
pub use engineio_hub::{
    Data, Group, Handshake, Observer, Overflow, RefusedRequest, RemoteAddr, Sessions,
};
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
pub use engineio_proto::{
    CloseCode, ConfigError, Cookie, Cors, DecodeError, InvalidHeader, InvalidNodeTag, InvalidSid,
    Message, NodeTag, Outgoing, PacketError, Revision, Revisions, SameSite, SendError,
    ServerCloseReason, ServerConfig, ServerConfigBuilder, Sid, Transport, Transports, Violation,
    server::{Ambiguity, ConnectionFault, OriginRule, ProbeFailure, Refusal, RefusalCause},
};
pub use {bytes, bytestring};

pub use error::{RecvTimeoutError, TryRecvError};
pub use server::{
    Driver, Events, Handler, Incoming, Sender, Server, ServerBuilder, ServerEvent, Socket,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
