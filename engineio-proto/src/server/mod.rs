//! The server's half of the protocol: where requests belong, and one session at a time.
//!
//! [`route`] is a pure function from a request to a [`Route`]. [`Session`] is one
//! client's session, from the handshake to its end. The driver connects the two, with
//! a map from `sid` to session.
//!
//! # What a driver does
//!
//! 1. **A request comes in.** Give it a [`ConnId`](crate::ConnId) of its own and ask [`route`]:
//!    - [`Route::Foreign`]: not ours.
//!    - [`Route::Answer`] and [`Route::Refuse`]: write that answer.
//!    - [`Route::Open`]: ask the application. Then [`Session::open`] and put the session
//!      into the map, or [`Opening::refuse`] and write that.
//!    - [`Route::Session`]: look the session up. If there is none, write
//!      [`Exchange::unknown_session`]; else tell it [`Input::Request`]. Its [`Kind`]
//!      says how to go on: read the body of a [`Kind::Post`], at most
//!      [`max_payload`](crate::ServerConfig::max_payload) bytes, for [`Input::Body`].
//! 2. **A connection may write.** Pull [`Session::poll_transmit`] with its `ConnId`, as
//!    long as it gives something and there is room to write it:
//!    - [`Transmit::Respond`] is the one answer to a GET or POST; so is [`Transmit::Refuse`],
//!      with the cause for the logs.
//!    - [`Transmit::Upgrade`] is the 101 of a WebSocket, or its 200 over HTTP/2. From then on
//!      every message that arrives is an [`Input::Frame`], and the output is
//!      [`Transmit::Frame`]s and at last one [`Transmit::Hangup`].
//! 3. **A connection broke, or its peer did something that HTTP or WebSocket doesn't
//!    allow**: [`Input::Failed`].
//! 4. **Time.** Call [`Session::handle_timeout`] at [`Session::poll_timeout`]. Early, late
//!    and repeated calls are harmless: a session only looks at `now`.
//! 5. **The application** takes [`Session::poll_event`] and calls [`Session::send`].
//! 6. **The end.** Once [`Session::is_closed`], take the session out of the map. Its
//!    connections still get their last words from `poll_transmit`; then drop it.
//!
//! Each of these calls may change every sink, so look at all of them afterwards:
//! [`has_transmit`](Session::has_transmit) for the connections that wait,
//! [`has_event`](Session::has_event) and [`is_writable`](Session::is_writable) for the
//! application, [`poll_timeout`](Session::poll_timeout) for the clock.
//!
//! # An upgrade
//!
//! Nothing is pulled before it can be written, so nothing is lost between two transports:
//!
//! ```
//! use std::sync::Arc;
//!
//! use engineio_proto::server::{Event, Input, Kind, Route, Session, Transmit, route};
//! use engineio_proto::ConnId;
//! use engineio_proto::{ServerConfig, Frame, Instant, Request, Sid, Transport};
//!
//! let config = Arc::new(ServerConfig::default());
//! let now = Instant::ZERO;
//! let request = |target, upgrade| Request { method: "GET", target, upgrade, ..Request::default() };
//! let (polling, socket) = (ConnId(0), ConnId(1));
//!
//! let handshake = request("/engine.io/?EIO=4&transport=polling", false);
//! let Route::Open(opening) = route(&config, &handshake) else { panic!() };
//! let sid = Sid::from_text("example").unwrap();
//! let mut session = Session::open(&config, opening, sid, polling, now);
//! let Some(Transmit::Respond(_)) = session.poll_transmit(polling) else { panic!() };
//!
//! // No poll waits, so a message has to.
//! session.send("where do I go?")?;
//!
//! // A WebSocket comes and probes.
//! let websocket = request("/engine.io/?EIO=4&transport=websocket&sid=example", true);
//! let Route::Session { sid, exchange } = route(&config, &websocket) else { panic!() };
//! assert_eq!((&*sid, exchange.kind()), ("example", Kind::Framed(Transport::WebSocket)));
//! session.handle_input(now, Input::Request(socket, exchange));
//! let Some(Transmit::Upgrade(_)) = session.poll_transmit(socket) else { panic!() };
//! session.handle_input(now, Input::Frame(socket, Frame::text("2probe".into())));
//!
//! let mut frame = |session: &mut Session| match session.poll_transmit(socket) {
//!     Some(Transmit::Frame(frame)) => String::from_utf8(frame.parts().concat()).unwrap(),
//!     other => panic!("{other:?}"),
//! };
//! assert_eq!(frame(&mut session), "3probe");
//!
//! // It takes over, and gets what waited.
//! session.handle_input(now, Input::Frame(socket, Frame::text("5".into())));
//! assert_eq!(session.poll_event(), Some(Event::Upgraded(Transport::WebSocket)));
//! assert_eq!(frame(&mut session), "4where do I go?");
//! # Ok::<(), engineio_proto::SendError>(())
//! ```

mod cause;
mod connection_fault;
mod core;
mod exchange;
mod framed;
mod get;
mod io;
mod jsonp;
mod polling;
mod post;
mod probe;
mod query;
mod refusal;
mod replies;
mod route;
mod session;
mod timers;
mod transport;

pub use cause::{Ambiguity, OriginRule, ProbeFailure, RefusalCause};
pub use connection_fault::ConnectionFault;
pub use exchange::{Exchange, Kind, Opening, Unavailable};
pub use io::{Event, Input, Transmit};
pub use refusal::Refusal;
pub use route::{Route, foreign, is_ours, route};
pub use session::Session;
