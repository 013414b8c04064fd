//! The client's half of the protocol: one session with a server.
//!
//! [`Session::connect`] begins one. It names the connections to start and says what to write
//! to them, and its driver tells it the results.
//!
//! # What a driver does
//!
//! 1. **Start what [`Session::poll_connect`] names**, each under its [`ConnId`](crate::ConnId):
//!    - [`Connect::Get`] and [`Connect::Post`] are requests. The whole answer is an
//!      [`Input::Responded`].
//!    - [`Connect::WebSocket`] becomes an [`Input::Upgraded`] at its 101, and every message
//!      that arrives from then on is an [`Input::Frame`]. Any other answer is an
//!      [`Input::Responded`].
//! 2. **Write what [`Session::poll_transmit`] gives** to each connection: frames to a
//!    WebSocket. At a [`Transmit::Hangup`] the session no longer needs it: close the
//!    WebSocket with its code, or drop the request.
//! 3. **A connection broke, or couldn't be made**: [`Input::Failed`].
//! 4. **Time.** Call [`Session::handle_timeout`] at [`Session::poll_timeout`].
//! 5. **The application** takes [`Session::poll_event`] and calls [`Session::send`].
//! 6. **The end.** Once [`Session::is_closed`], its connections still have a hang-up each to
//!    be pulled; then drop it. [`Retries`] says whether to connect again, and when.
//!
//! Cookies, headers, proxies and TLS are the driver's: all connections of a session should
//! have the same. Each of these calls may change every sink, so look at all of them
//! afterwards.
//!
//! # An upgrade
//!
//! A client and a server, with nothing between them:
//!
//! ```
//! use std::sync::Arc;
//!
//! use engineio_proto::client::{Connect, Event, Input, Session, Transmit};
//! use engineio_proto::ClientConfig;
//! use engineio_proto::{Frame, Headers, Instant, Response, Transport};
//!
//! let answer = |body: &str| {
//!     let body = body.to_owned().into();
//!     Response { status: 200, headers: Headers::new(), body, coding: None }
//! };
//! let config = Arc::new(ClientConfig::builder().timestamp(false).build()?);
//! let now = Instant::ZERO;
//! let mut session = Session::connect(&config, now, 1);
//!
//! // It begins with a poll, and its answer is the handshake.
//! let (get, Connect::Get { target }) = session.poll_connect().unwrap() else { panic!() };
//! assert_eq!(target, "/engine.io/?EIO=4&transport=polling");
//! let open = r#"0{"sid":"S","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#;
//! session.handle_input(now, Input::Responded(get, answer(open)));
//! assert!(matches!(session.poll_event(), Some(Event::Opened(_))));
//!
//! // From now on there is always a poll. A WebSocket is tried beside it.
//! let (socket, Connect::WebSocket { target }) = session.poll_connect().unwrap() else { panic!() };
//! assert_eq!(target, "/engine.io/?EIO=4&transport=websocket&sid=S");
//! let (get, _) = session.poll_connect().unwrap();
//! session.handle_input(now, Input::Upgraded(socket));
//! let written = |transmit| match transmit {
//!     Some(Transmit::Frame(frame)) => frame.parts().concat(),
//!     other => panic!("no frame: {other:?}"),
//! };
//! assert_eq!(written(session.poll_transmit(socket)), b"2probe");
//! session.handle_input(now, Input::Frame(socket, Frame::text("3probe".into())));
//!
//! // The WebSocket works. What is under way over polling has to arrive first.
//! session.send("hello")?;
//! assert_eq!(session.poll_connect(), None);
//! session.handle_input(now, Input::Responded(get, answer("6")));
//! assert_eq!(session.poll_event(), Some(Event::Upgraded(Transport::WebSocket)));
//! assert_eq!(written(session.poll_transmit(socket)), b"5");
//! assert_eq!(written(session.poll_transmit(socket)), b"4hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backoff;
pub(crate) mod close;
pub(crate) mod config;
mod core;
mod framed;
mod hangups;
mod io;
mod opening;
mod outlook;
mod polling;
mod probe;
mod responses;
mod retries;
mod session;
mod target;
mod timers;
mod transport;

pub use backoff::Backoff;
pub use io::{Connect, Event, Input, Transmit};
pub use retries::{GiveUp, Retries, Verdict};
pub use session::Session;
