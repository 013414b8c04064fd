//! The interface for the task that does a client's I/O.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use engineio_proto::ClientConfig;
use engineio_proto::client::{Connect, Input};
use engineio_proto::{ConnId, Failure};
use engineio_proto::{Headers, Instant, Response};
use http::{HeaderMap, StatusCode, header, response};

use super::client::Connecting;
use super::request::Remote;
use super::retry_after::retry_after;
use super::session::ClientSession;
use crate::clock::Clock;
use crate::shared::framed::Framed;
use crate::websocket::{Deflate, WebSocket};

/// Connects to a server. Returns the future that the application awaits, and the driver for the
/// I/O.
pub fn connect(config: ClientConfig, remote: Remote, clock: impl Clock) -> (Connecting, Driver) {
    let session = ClientSession::connect(Arc::new(config), clock);
    let driver = Driver { session: Arc::clone(&session), remote, accept: None };
    (Connecting::new(session), driver)
}

/// A client's session, for the one task or thread that does its I/O.
///
/// Dropping it ends the session.
pub struct Driver {
    session: Arc<ClientSession>,
    remote: Remote,
    /// The `Sec-WebSocket-Accept` that the requested WebSocket must be answered with.
    accept: Option<(ConnId, String)>,
}

/// Something to start.
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum Start {
    /// Send this request; its answer goes to [`Driver::answered`].
    Request(http::Request<Bytes>),
    /// Send this request for a WebSocket; a 101 goes to [`Driver::switched`], anything else to
    /// [`Driver::answered`].
    WebSocket(http::Request<Bytes>),
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, request) = match self {
            Self::Request(request) => ("Request", request),
            Self::WebSocket(request) => ("WebSocket", request),
        };
        // The query names the session.
        f.debug_struct(name)
            .field("method", request.method())
            .field("path", &request.uri().path())
            .field("length", &request.body().len())
            .finish_non_exhaustive()
    }
}

impl Driver {
    /// The longest body to read of an answer, in bytes. Report a longer one as
    /// [`Failure::TooLarge`].
    pub fn body_limit(&self) -> usize {
        self.session.side.config.max_payload()
    }

    /// The next request to start. `Ready(None)`: there will be none, as the session is over and all
    /// requests have finished or were given up.
    ///
    /// Whenever the task is woken, call this until it is pending, and then check
    /// [`timeout`](Self::timeout).
    pub fn poll_start(&mut self, cx: &mut Context<'_>) -> Poll<Option<(ConnId, Start)>> {
        let started = self.session.turn(|turn| {
            turn.state.expire_lingers(turn.now);
            if let Some((conn, connect)) = turn.session.poll_connect() {
                turn.state.conns.push(conn);
                return Poll::Ready(Some((conn, connect)));
            }
            if turn.session.is_closed() && turn.state.conns.is_empty() {
                return Poll::Ready(None);
            }
            turn.state.driver = Some(cx.waker().clone());
            Poll::Pending
        });
        let Poll::Ready(started) = started.unwrap_or(Poll::Ready(None)) else {
            return Poll::Pending;
        };
        Poll::Ready(started.map(|(conn, connect)| (conn, self.request(conn, connect))))
    }

    fn request(&mut self, conn: ConnId, connect: Connect) -> Start {
        let cookies = self.remote.jar.header(self.remote.is_secure());
        let with_cookies = |request| self.remote.finish(request, cookies);
        match connect {
            Connect::Get { target } => {
                Start::Request(with_cookies(self.remote.get(&target, Bytes::new())))
            }
            Connect::Post { target, body, content_type } => {
                Start::Request(with_cookies(self.remote.post(&target, body, content_type)))
            }
            Connect::WebSocket { target } => {
                let key = tungstenite::handshake::client::generate_key();
                let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
                self.accept = Some((conn, accept));
                let may_compress = self.session.side.config.websocket_compression();
                let offer = may_compress.then(Deflate::offer);
                Start::WebSocket(with_cookies(self.remote.websocket(&target, &key, offer)))
            }
        }
    }

    /// When to poll again at the latest.
    pub fn timeout(&self) -> Option<Instant> {
        let timeout = self.session.turn(|turn| {
            turn.state.known_timeout = turn.session.poll_timeout();
            let lingers = turn.state.lingers.iter().map(|(until, _)| *until).min();
            turn.state.known_timeout.into_iter().chain(lingers).min()
        });
        timeout.flatten()
    }

    /// How long it is until [`timeout`](Self::timeout), for timers that take a duration.
    pub fn time_left(&self) -> Option<Duration> {
        let now = self.session.turn(|turn| turn.now)?;
        Some(self.timeout()?.saturating_since(now))
    }

    /// Whether the session has given up a request, or a WebSocket that has no 101 yet: drop it.
    pub fn is_given_up(&mut self, conn: ConnId) -> bool {
        let is_given_up = self.session.turn(|turn| {
            let is_hung_up = turn.session.is_hung_up(conn);
            if is_hung_up {
                while turn.session.poll_transmit(conn).is_some() {}
                turn.state.conns.retain(|known| *known != conn);
            }
            is_hung_up
        });
        is_given_up.unwrap_or(true)
    }

    /// Takes the complete answer to a request.
    pub fn answered(&mut self, conn: ConnId, parts: &response::Parts, body: Bytes) {
        self.remote.jar.take_in(&parts.headers);
        let mut headers = Headers::new();
        for name in [header::CONTENT_TYPE, header::LOCATION] {
            if let Some(text) = parts.headers.get(&name).and_then(|value| value.to_str().ok()) {
                // An illegal value counts as missing.
                let _ = headers.try_push(name.as_str().to_owned(), text.to_owned());
            }
        }
        if let Some(wait) = retry_after(&parts.headers) {
            let _ = headers.try_push(header::RETRY_AFTER.as_str(), wait.as_secs().to_string());
        }
        let status = parts.status.as_u16();
        let response = Response { status, headers, body, coding: None };
        self.tell(conn, Input::Responded(conn, response));
    }

    /// Takes the 101 of a WebSocket. `None`: it isn't a valid one, and the session has been told
    /// so.
    pub fn switched(&mut self, conn: ConnId, parts: &response::Parts) -> Option<Framed> {
        self.remote.jar.take_in(&parts.headers);
        let accept = self.accept.take_if(|(asked, _)| *asked == conn)?.1;
        let given = parts.headers.get(header::SEC_WEBSOCKET_ACCEPT);
        let is_accepted = parts.status == StatusCode::SWITCHING_PROTOCOLS
            && given.is_some_and(|given| given.as_bytes() == accept.as_bytes());
        let Some(deflate) = self.agreed(&parts.headers).filter(|_| is_accepted) else {
            self.failed(conn, Failure::Malformed);
            return None;
        };
        self.session.turn(|turn| {
            // From now on `Framed` carries it.
            turn.state.conns.retain(|known| *known != conn);
            turn.session.handle_input(turn.now, Input::Upgraded(conn));
        })?;
        let socket = WebSocket::client(self.session.side.config.max_payload()).compressed(deflate);
        Some(Framed::new(Box::new(Arc::clone(&self.session)), conn, socket))
    }

    /// The compression that a 101 agrees to. `None`: it has an extension that wasn't offered.
    fn agreed(&self, headers: &HeaderMap) -> Option<Option<Deflate>> {
        let config = &self.session.side.config;
        let threshold = config.websocket_compression_threshold();
        let agreed = Deflate::agreed(headers, threshold).ok()?;
        (agreed.is_none() || config.websocket_compression()).then_some(agreed)
    }

    /// Reports that a request failed.
    pub fn failed(&mut self, conn: ConnId, why: Failure) {
        self.tell(conn, Input::Failed(conn, why));
    }

    fn tell(&self, conn: ConnId, input: Input) {
        self.session.turn(|turn| {
            turn.state.conns.retain(|known| *known != conn);
            turn.session.handle_input(turn.now, input);
            // Nothing pulls it any more.
            while turn.session.poll_transmit(conn).is_some() {}
        });
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.session.turn(|turn| turn.session.abort(turn.now));
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("remote", &self.remote).finish_non_exhaustive()
    }
}
