//! Engine.IO as a pure state machine: bytes and time in, packets and events out.
//!
//! Engine.IO is the layer below Socket.IO. It gives a browser and a server one ordered
//! stream of text and binary messages each way, which begins as HTTP long-polling and
//! moves to a WebSocket where it can. This crate is the protocol and nothing else: both
//! revisions in use (3 and 4), the codec, the HTTP semantics, and both ends of a session.
//!
//! It is **neither** a server **nor** a client. It has no sockets, threads, timers, locks or
//! random numbers, no map of sessions, and no HTTP or WebSocket library. It is `no_std` and
//! needs `alloc`, and it has no `unsafe` code. To serve clients, or to be one, take a
//! binding such as `engineio-tokio`. To write a binding, start from `engineio-hub`, which
//! is the half that all bindings share. To put Engine.IO where neither fits, read on.
//!
//! # The picture
//!
//! ```text
//!     network facts             the clock             the application
//!  handle_input(now, Input)  handle_timeout(now)  send(message)  close(now)
//!              \                     |                     /
//!               +-->  server::Session, client::Session  <--+
//!              /                     |                     \
//!    poll_transmit(conn)       poll_timeout()         poll_event()
//!      one connection            the clock           the application
//! ```
//!
//! Three sources, three sinks. The driver of a session tells it what happened, with the
//! time at which it happened, and then asks each sink what follows. No call blocks, none
//! of the sources but `send` can fail, and a peer's mistake is a fact like any other.
//! [`server`] has the contract in full for one end, [`client`] for the other, which has a
//! fourth sink: `poll_connect` names the connections to start.
//!
//! # A session by hand
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//!
//! use engineio_proto::server::{Event, Input, Route, Session, Transmit, route};
//! use engineio_proto::ConnId;
//! use engineio_proto::{ServerCloseReason, ServerConfig, Instant, Request, Sid};
//!
//! let config = Arc::new(ServerConfig::default());
//! let mut now = Instant::ZERO;
//! let polling = |method, target| Request { method, target, ..Request::default() };
//!
//! // A client asks for a session. The session needs a name that nobody can guess.
//! let request = polling("GET", "/engine.io/?EIO=4&transport=polling");
//! let Route::Open(opening) = route(&config, &request) else { panic!("it is a handshake") };
//! let sid = Sid::from_random([7; 16]); // of a secure random source, outside of examples
//! let mut session = Session::open(&config, opening, sid, ConnId(0), now);
//! let Some(Transmit::Respond(open)) = session.poll_transmit(ConnId(0)) else { panic!() };
//! assert!(open.body.starts_with(br#"0{"sid":"BwcHBwcHBwcHBwcHBwcHBw""#));
//!
//! // It polls. There is nothing to say, so this request waits.
//! let request = polling("GET", "/engine.io/?EIO=4&transport=polling&sid=BwcHBwcHBwcHBwcHBwcHBw");
//! let Route::Session { exchange, .. } = route(&config, &request) else { panic!() };
//! session.handle_input(now, Input::Request(ConnId(1), exchange));
//! assert_eq!(session.poll_transmit(ConnId(1)), None);
//!
//! // It posts a message. The application reads it and answers: the poll has its answer.
//! let request = Request { method: "POST", ..request };
//! let Route::Session { exchange, .. } = route(&config, &request) else { panic!() };
//! session.handle_input(now, Input::Request(ConnId(2), exchange));
//! session.handle_input(now, Input::Body(ConnId(2), "4ping pong?".into()));
//! assert_eq!(session.poll_event(), Some(Event::Message("ping pong?".into())));
//! assert_eq!(session.poll_event(), None);
//! session.send("any time")?;
//! let Some(Transmit::Respond(answer)) = session.poll_transmit(ConnId(1)) else { panic!() };
//! assert_eq!(answer.body, "4any time");
//!
//! // The POST is answered, too, and on ConnId(2) nothing else will ever come.
//! let Some(Transmit::Respond(ok)) = session.poll_transmit(ConnId(2)) else { panic!() };
//! assert_eq!(ok.body, "ok");
//!
//! // Then the client vanishes. The heartbeat notices.
//! while let Some(at) = session.poll_timeout() {
//!     now = at;
//!     session.handle_timeout(now);
//! }
//! assert_eq!(now.since_zero(), Duration::from_secs(25 + 20));
//! assert_eq!(session.poll_event(), Some(Event::Closed(ServerCloseReason::PingTimeout)));
//! # Ok::<(), engineio_proto::SendError>(())
//! ```
//!
//! The example `by_hand` continues from there, through an upgrade, and prints a transcript;
//! `std_server` serves real clients with `std` alone.
//!
//! # Contents
//!
//! | | |
//! |---|---|
//! | [`server::route`] | says where a request belongs; needs no session |
//! | [`server::Session`], [`client::Session`] | one session, whatever its transport |
//! | [`ServerConfig`], [`ClientConfig`] | every setting, with defaults and their reasons |
//! | [`encode_payload`], [`decode_payload`], [`encode_frame`], [`decode_frame`], [`PayloadSize`] | the codec, for use on its own |
//! | [`Packet`], [`Message`], [`Frame`], [`Payload`], [`HandshakeData`] | what travels |
//! | [`Request`], [`Response`], [`Headers`], [`Cors`], [`Cookie`], [`Coding`] | HTTP as plain data |
//!
//! Input from a peer can't cause a panic: the lints forbid indexing, `unwrap` and the
//! like in this crate. The memory that a peer can make a session hold is bounded by [`ServerConfig`]
//! ([`max_payload`](ServerConfig::max_payload), [`max_packets`](ServerConfig::max_packets),
//! [`inbox_limit`](ServerConfig::inbox_limit), [`outbox_high_water`](ServerConfig::outbox_high_water)),
//! as long as the driver reads a WebSocket only while the session
//! [wants input](server::Session::wants_input).
//!
//! # Features
//!
//! - `std` (default): turns on `std` in the dependencies. Without it the crate needs no
//!   more than `core` and `alloc`, and does the same.
//! - `json`: `Message::json` and `Message::to_json`.
//! - `metrics`: a session counts its messages and bytes, and measures the round trip of the
//!   heartbeat.
//!
//! The revisions are not features but a setting, [`ServerConfig::revisions`].
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))] // says which feature an item needs
#![forbid(unsafe_code)]
// Input from a peer must not be able to cause a panic.
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)]
#![warn(
    clippy::alloc_instead_of_core,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::std_instead_of_core,
    clippy::wildcard_enum_match_arm
)]

extern crate alloc;

mod any_session;
mod attachments;
pub mod client;
mod close;
mod codec;
mod coding;
mod common_state;
mod config;
mod config_error;
mod conn;
mod cookie;
mod cors;
mod error;
mod excerpt;
mod frame;
mod heartbeat;
mod http;
mod inbox;
mod node_tag;
mod outbox;
mod packet;
mod queue;
mod revision;
pub mod server;
mod settings;
mod sid;
mod tally;
mod text;
mod time;
mod transport;

pub use any_session::{AnySession, FramedSession, FramedTransmit};
pub use attachments::Attachment;
pub use client::close::{ClientCloseReason, Refused};
pub use client::config::{ClientConfig, ClientConfigBuilder, RevisionChoice};
pub use close::{CloseCode, ServerCloseReason, Violation};
pub use codec::{
    BinaryEncoding, ContentType, HandshakeData, Payload, PayloadSize, decode_frame, decode_payload,
    encode_frame, encode_payload,
};
pub use coding::Coding;
pub use config::{Revisions, ServerConfig, ServerConfigBuilder, Transports};
pub use config_error::ConfigError;
pub use conn::{ConnId, Failure};
pub use cookie::{Cookie, SameSite};
pub use cors::{Cors, OriginCheck};
pub use error::{DecodeError, PacketError};
pub use frame::Frame;
pub use http::{Header, Headers, InvalidHeader, Request, Response};
pub use node_tag::{InvalidNodeTag, NodeTag};
pub use outbox::{Outgoing, SendError};
pub use packet::{Message, Packet, PacketType};
pub use revision::Revision;
pub use sid::{InvalidSid, Sid};
#[cfg(feature = "metrics")]
pub use tally::Traffic;
pub use time::Instant;
pub use transport::Transport;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
