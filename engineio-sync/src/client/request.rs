//! A request under way, from the connection that it needs to its answer.

use std::task::Poll;

use bytes::Bytes;
use engineio_hub::client::Start;
use engineio_proto::Instant;
use engineio_proto::{ConnId, Failure};
use http::{Method, Request};
use mio::event::Event;
use mio::{Registry, Token};

use super::connection::Connection;
use super::connector::Connector;
use super::dial::Dial;
use super::error::BoxError;
use super::exchange::{Answer, ClientExchange};

/// A request, and how far it is.
pub(super) struct ClientRequest {
    pub(super) conn: ConnId,
    pub(super) is_for_websocket: bool,
    request: Request<Bytes>,
    /// The longest body of an answer, in bytes.
    limit: usize,
    stage: Stage,
}

enum Stage {
    /// Nothing was done yet.
    Waiting,
    Dialing(Dial),
    /// `is_used`: the connection has had another request before.
    Talking {
        connection: Connection,
        exchange: Box<ClientExchange>,
        is_used: bool,
    },
    Over,
}

/// How a request ended.
pub(super) type Outcome = Result<(Answer, Connection), (Failure, BoxError)>;

/// What the thread lends to the request whose turn it is.
pub(super) struct Tools<'a> {
    pub(super) connector: &'a mut Connector,
    pub(super) registry: &'a Registry,
    pub(super) tokens: &'a mut Tokens,
    pub(super) now: Instant,
    pub(super) scratch: &'a mut [u8],
}

/// Gives each connection its own token.
#[derive(Default)]
pub(super) struct Tokens(usize);

impl Tokens {
    pub(super) const fn next(&mut self) -> Token {
        self.0 = self.0.wrapping_add(1);
        Token(self.0)
    }
}

impl ClientRequest {
    pub(super) fn new(conn: ConnId, start: Start, limit: usize) -> Self {
        let (request, is_for_websocket) = match start {
            Start::Request(request) => (request, false),
            Start::WebSocket(request) => (request, true),
        };
        Self { conn, is_for_websocket, request, limit, stage: Stage::Waiting }
    }

    /// Uses a connection that has had another request before.
    pub(super) fn reuse(&mut self, connection: Connection) -> Result<(), (Failure, BoxError)> {
        self.talk(connection, true)
    }

    /// Notes an event, if it is one of this request's connection.
    pub(super) fn ready(&mut self, event: &Event) {
        match &mut self.stage {
            Stage::Waiting | Stage::Over => {}
            Stage::Dialing(dial) => dial.ready(event),
            Stage::Talking { connection, .. } => connection.ready(event),
        }
    }

    /// When to poll again, at the latest.
    pub(super) const fn timeout(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Dialing(dial) => dial.timeout(),
            Stage::Waiting | Stage::Talking { .. } | Stage::Over => None,
        }
    }

    pub(super) fn poll(&mut self, tools: &mut Tools<'_>) -> Poll<Outcome> {
        loop {
            let Tools { connector, registry, tokens, now, scratch } = tools;
            match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Waiting => {
                    let dial = Dial::begin(tokens.next(), connector);
                    self.stage = Stage::Dialing(dial.map_err(|error| (Failure::Gone, error))?);
                }
                Stage::Dialing(mut dial) => {
                    let Poll::Ready(connection) = dial.poll(connector, registry, *now, scratch)
                    else {
                        self.stage = Stage::Dialing(dial);
                        return Poll::Pending;
                    };
                    self.talk(connection.map_err(|error| (Failure::Gone, error))?, false)?;
                }
                Stage::Talking { mut connection, mut exchange, is_used } => {
                    match exchange.poll(&mut connection, scratch) {
                        Poll::Pending => {
                            connection.flush();
                            self.stage = Stage::Talking { connection, exchange, is_used };
                            return Poll::Pending;
                        }
                        Poll::Ready(Ok(answer)) => return Poll::Ready(Ok((answer, connection))),
                        Poll::Ready(Err(_)) if is_used && self.may_retry(&exchange) => {
                            self.stage = Stage::Waiting;
                        }
                        Poll::Ready(Err(fault)) => {
                            return Poll::Ready(Err((fault.failure(), fault.into())));
                        }
                    }
                }
                Stage::Over => return Poll::Pending,
            }
        }
    }

    /// A server may close an idle connection at any time, even when a request is on its way, which
    /// it then hasn't seen. A POST must not be sent twice.
    fn may_retry(&self, exchange: &ClientExchange) -> bool {
        !exchange.has_heard() && self.request.method() == Method::GET
    }

    fn talk(&mut self, connection: Connection, is_used: bool) -> Result<(), (Failure, BoxError)> {
        let exchange = ClientExchange::new(self.request.clone(), self.limit);
        let exchange = Box::new(exchange.map_err(|error| (Failure::Gone, error))?);
        self.stage = Stage::Talking { connection, exchange, is_used };
        Ok(())
    }
}
