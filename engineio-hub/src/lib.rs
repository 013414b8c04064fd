//! The shared half of every Engine.IO binding: sessions, wake-ups and deadlines, no I/O.
//!
//! [`engineio_proto`] knows the protocol and one session at a time. A binding knows an executor and
//! its sockets. This crate is what lies between and is the same for all bindings:
//!
//! - the [`Hub`]: the map of sessions, the queue of deadlines, handshakes that wait for the
//!   application, broadcasts, closing a server;
//! - the [`Seat`] of a request and the [`Framed`] of a WebSocket, which wait and wake through
//!   `core::task` alone;
//! - the handles of the application: [`Incoming`], [`Socket`], [`Sender`],
//!   [`Events`], [`Handler`], [`Sessions`], [`Group`];
//! - the [`client`]: its session, its requests and cookies, its handles;
//! - the limits that a listener sets for connections ([`listener`]);
//! - where the other nodes of a [`cluster`] are;
//! - with the feature `http1`, a whole connection of HTTP/1.1 over memory, for a listener without
//!   an HTTP library;
//! - WebSocket over memory ([`websocket`]: bytes in, messages out), conversions between the types
//!   of the `http` crate and the core's plain data, and compression of responses and messages.
//!
//! It has **no** sockets, timers, threads or tasks, and it decides nothing about the protocol. To
//! serve clients, take a binding such as
//! `engineio-tokio`, which re-exports the handles.
//!
//! # The picture
//!
//! ```text
//!    HTTP library                 your timer              the application
//!         |                           |                          |
//!   hub.admit(head)            hub.expire(cx)            hub.poll_incoming(cx)
//!         |                           |                  incoming.accept()
//!         v                           v                          v
//!  Seat: body in, answer out   next call at ..      Socket: recv, send, close
//!         |
//!         | after a 101, or a 200 over HTTP/2
//!         v
//!  Framed: bytes in, bytes out
//! ```
//!
//! # A binding
//!
//! All that a binding has to do, except for its executor and its HTTP library. Here these are
//! stubs, so that the example runs as it is:
//!
//! ```
//! use std::future::poll_fn;
//! use std::task::{Context, Poll, ready};
//!
//! use bytes::Bytes;
//! use engineio_hub::{Answer, Framed, Hub, Write};
//! use engineio_proto::{ServerConfig, Instant};
//! # use std::{future::Future, io, pin::pin, task::Waker};
//! # trait Stream {
//! #     fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>;
//! #     fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;
//! #     fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
//! # }
//! # fn spawn_when_upgraded<F: Future>(_: impl FnOnce(Box<dyn Stream>) -> F) {}
//! # fn block_on<F: Future>(future: F) -> F::Output {
//! #     let mut future = pin!(future);
//! #     let mut cx = Context::from_waker(Waker::noop());
//! #     loop {
//! #         if let Poll::Ready(output) = future.as_mut().poll(&mut cx) { return output }
//! #     }
//! # }
//!
//! /// The HTTP half. (A real one may have the answer before it has read the body.)
//! async fn serve(hub: &Hub, request: http::Request<Bytes>) -> http::Response<Bytes> {
//!     let (head, body) = request.into_parts();
//!     let Some(mut seat) = hub.admit(&head) else {
//!         return http::Response::new("not our path".into());
//!     };
//!     seat.data(body);
//!     seat.end();
//!     let answer = poll_fn(|cx| match seat.poll_answer(cx) {
//!         Poll::Ready(Answer::Yield) => {
//!             cx.waker().wake_by_ref(); // to the end of the queue, if that lets input in
//!             Poll::Pending
//!         }
//!         answer => answer,
//!     });
//!     match answer.await {
//!         Answer::Yield => unreachable!(),
//!         Answer::Respond { response, drain: _ } => response,
//!         Answer::Upgrade(response, mut framed) => {
//!             spawn_when_upgraded(move |mut stream| async move {
//!                 poll_fn(|cx| carry(&mut *stream, &mut framed, cx)).await;
//!             });
//!             response.map(|()| Bytes::new())
//!         }
//!     }
//! }
//!
//! /// The WebSocket half: writes what there is, reads what may be read, in one task.
//! fn carry(stream: &mut dyn Stream, framed: &mut Framed, cx: &mut Context<'_>) -> Poll<()> {
//!     loop {
//!         while let Poll::Ready(write) = framed.poll_write(cx) {
//!             let bytes = match write {
//!                 Write::Bytes([bytes, _]) => bytes, // or both at once
//!                 Write::Shutdown => {
//!                     let _ = ready!(stream.poll_shutdown(cx));
//!                     framed.shut_down();
//!                     continue;
//!                 }
//!                 Write::End => return Poll::Ready(()),
//!             };
//!             match stream.poll_write(cx, bytes) {
//!                 Poll::Ready(Ok(count)) => framed.written(count),
//!                 Poll::Ready(Err(_)) => return Poll::Ready(framed.failed()),
//!                 Poll::Pending => break,
//!             }
//!         }
//!         if framed.poll_abort().is_ready() {
//!             return Poll::Ready(());
//!         }
//!         let mut buffer = [0; 4096];
//!         let read = |cx: &mut Context<'_>, into: &mut [u8]| stream.poll_read(cx, into);
//!         ready!(framed.poll_receive(cx, &mut buffer, read));
//!     }
//! }
//!
//! // A clock that stands still is enough for an example.
//! let hub = Hub::new(ServerConfig::default(), || Instant::ZERO, Box::new(()));
//!
//! // The application accepts everyone, and greets them.
//! let application = hub.clone();
//! let mut greet = |cx: &mut Context<'_>| match application.poll_incoming(cx) {
//!     Poll::Ready(Some(incoming)) => incoming.message("hello").accept(),
//!     Poll::Ready(None) | Poll::Pending => None,
//! };
//!
//! let uri = "/engine.io/?EIO=4&transport=polling";
//! let request = http::Request::get(uri).header("host", "localhost").body(Bytes::new()).unwrap();
//! let mut serving = Box::pin(serve(&hub, request));
//! let response = block_on(poll_fn(|cx| {
//!     let response = serving.as_mut().poll(cx); // waits for the application's decision
//!     greet(cx).map(|socket| socket.detach());
//!     response
//! }));
//! assert!(response.body().ends_with(b"\x1e4hello"));
//! assert_eq!(hub.sessions().len(), 1);
//!
//! // One task or thread calls this in a loop: it returns when to call it again.
//! let next = hub.expire(&mut Context::from_waker(Waker::noop()));
//! assert!(next.is_some_and(|at| at <= Instant::ZERO + hub.config().ping_interval()));
//! ```
//!
//! `engineio-hyper` is this for hyper: its `request.rs` is `serve`, its `websocket.rs` is `carry`,
//! its `drive.rs` calls `expire`.
//!
//! # Invariants
//!
//! - A session has one mutex, and so has a group; the map has 16 shards with one mutex each. No two
//!   locks are held at a time. No task is woken, nothing is compressed, and no application code
//!   runs under a lock, not even the [`Observer`].
//! - A session is in the map from its acceptance to its end, whether or not the application reads.
//!   A binding drops a [`Seat`] or a [`Framed`] to report that a client left.
//! - A panic that poisons a session's lock closes that session; the others go on.
//!
//! # Features
//!
//! - `http1`: `http1::ServerConnection`.
//! - `tls`: the TLS options of [`client::ClientOptions`], as a configuration of rustls.
//! - `metrics`: `MetricsObserver`, which reports figures to the `metrics` crate, and the figures of
//!   an [`Observer`].
//! - `tracing`: `TracingObserver`, which reports to the `tracing` crate what an [`Observer`] is
//!   told.
#![cfg_attr(docsrs, feature(doc_cfg))] // says which feature an item needs
#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

pub mod client;
mod clock;
pub mod cluster;
mod compression;
mod data;
mod default_observer;
mod head;
mod headers;
#[cfg(feature = "http1")]
pub mod http1;
mod http_map;
pub mod listener;
mod memory;
#[cfg(feature = "metrics")]
mod metrics_observer;
#[cfg(test)]
mod models;
mod observer;
mod refused;
#[cfg(feature = "metrics")]
mod sample;
mod server;
mod shared;
mod sync;
#[cfg(feature = "tracing")]
mod tracing_observer;
mod upgrade;
pub mod websocket;
mod wire;

pub use clock::Clock;
pub use compression::compress;
pub use data::Data;
pub use default_observer::default_observer;
#[cfg(feature = "metrics")]
pub use metrics_observer::MetricsObserver;
pub use observer::Observer;
pub use refused::RefusedRequest;
#[cfg(feature = "metrics")]
pub use sample::Sample;
pub use server::{
    Answer, Connection, Events, Forward, Group, Handler, Handshake, Hub, Incoming, Overflow,
    RemoteAddr, Seat, Sender, ServerEvent, Sessions, Socket, WeakHub,
};
pub use shared::fairness::LONGEST_READ;
pub use shared::framed::{Framed, Write};
pub use shared::scratch::with_scratch;
#[cfg(feature = "tracing")]
pub use tracing_observer::TracingObserver;
pub use wire::Wire;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
