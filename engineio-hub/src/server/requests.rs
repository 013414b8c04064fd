//! How a request finds its place: at a session, with the application, at another node, or with its
//! answer at once.

use std::sync::Arc;

use bytes::Bytes;
use engineio_proto::Response;
use engineio_proto::server::{Exchange, Input, Kind, Opening, Refusal, Route, foreign, route};
use http::request::Parts;

use super::body::RequestBody;
use super::handler::carry;
use super::handshake::{Connection, RemoteAddr};
use super::hub::Hub;
use super::pending::RETRY_AFTER;
use super::seat::{Place, Seat, UNAVAILABLE};
use super::session::ServerSession;
use crate::data::Data;
use crate::head::{Head, RequestHead};
use crate::http_map;
#[cfg(feature = "http1")]
use crate::http1::ReadHead;
use crate::refused::RequestLine;
use crate::shared::session::Pace;
use crate::upgrade::Upgrade;
use crate::websocket::Deflate;

impl<D: Data> Hub<D> {
    /// Admits a request. `None`: its path isn't this server's.
    ///
    /// To show the application the peer's address, add it to the request's extensions as a
    /// [`RemoteAddr`].
    pub fn admit(&self, request: &Parts) -> Option<Seat<D>> {
        let peer = request.extensions.get().copied();
        self.admit_from(request, Connection::http1(peer))
    }

    /// As [`admit`](Self::admit), with what the request itself needn't carry: extensions cost an
    /// allocation or two.
    pub fn admit_from(&self, request: &Parts, connection: Connection) -> Option<Seat<D>> {
        let admitted = self.admit_head(Head::Shared(request), connection, None)?;
        Some(self.seat(admitted))
    }

    /// As [`admit_from`](Self::admit_from), without a copy of the head for the application: if the
    /// request becomes a handshake, all but the extensions is taken from it.
    pub fn admit_taking(&self, request: &mut Parts, connection: Connection) -> Option<Seat<D>> {
        let admitted = self.admit_head(Head::Taken(request), connection, None)?;
        Some(self.seat(admitted))
    }

    /// As [`admit`](Self::admit), a request that was read here. Its body may be given at once if all
    /// of it has come and it is within `max_payload`. Returns the seat only if something of it is left
    /// to be read (`is_whole` is false), or if its answer isn't known or has to be compressed.
    #[cfg(feature = "http1")]
    pub(crate) fn admit_read(
        &self,
        head: &ReadHead<'_>,
        body: Option<&[u8]>,
        is_whole: bool,
        peer: Option<RemoteAddr>,
    ) -> Option<Result<Response, Seat<D>>> {
        let admitted = self.admit_head(Head::Read(head), Connection::http1(peer), body)?;
        Some(match admitted {
            Admitted::Answered(mut response, _) if is_whole && response.coding.is_none() => {
                self.running.core.count_answer(&mut response);
                Ok(response)
            }
            Admitted::Answered(..) | Admitted::Seated(_) => Err(self.seat(admitted)),
        })
    }

    fn admit_head(
        &self,
        head: Head<'_>,
        connection: Connection,
        body: Option<&[u8]>,
    ) -> Option<Admitted<D>> {
        match head.look(|head| self.find_place(&Asked { head, connection, body }))? {
            Found::Admitted(admitted) => Some(admitted),
            Found::Handshake(asking) => Some(self.admit_handshake(asking, head)),
        }
    }

    /// The seat of a request that was admitted.
    fn seat(&self, admitted: Admitted<D>) -> Seat<D> {
        let place = match admitted {
            Admitted::Answered(response, None) => Place::Answered(response),
            Admitted::Answered(response, Some(session)) => Place::Opened(session, response),
            Admitted::Seated(seat) => return seat,
        };
        let body = RequestBody::unwanted(self.config().max_payload());
        Seat::new(&self.running, place, body, None, None)
    }

    /// Finds the place of a request, but for one for a session, which may keep the head. `None`: its
    /// path isn't this server's.
    fn find_place(&self, asked: &Asked<'_>) -> Option<Found<D>> {
        let &Asked { head, connection, .. } = asked;
        let plain = http_map::request(self.config(), head, connection);
        let farewell = self.take_farewell(head, &plain);
        let line = || RequestLine::new(self.config(), head, connection.peer);
        let admitted = match farewell.map_or_else(|| route(self.config(), &plain), Route::Answer) {
            Route::Foreign => return None,
            Route::Answer(response) => Admitted::Answered(response, None),
            Route::Refuse(refusal) => self.turn_away(&line(), refusal),
            Route::Open(opening) => match self.check_opening(opening, head, connection) {
                Ok((opening, upgrade)) => {
                    return Some(Found::Handshake(Asking { opening, upgrade, line: line() }));
                }
                Err(refusal) => self.turn_away(&line(), refusal),
            },
            Route::Session { sid, exchange } => self.admit_exchange(&sid, exchange, asked),
        };
        Some(Found::Admitted(admitted))
    }

    /// What the answer to a request for a WebSocket needs. `None`: its handshake is broken.
    pub(super) fn upgrade(
        &self,
        head: &RequestHead<'_>,
        connection: Connection,
    ) -> Option<Box<Upgrade>> {
        let mut upgrade = Upgrade::of(head, connection)?;
        if self.config().websocket_compression() {
            let threshold = self.config().websocket_compression_threshold();
            let lines = head.fields.websocket_extensions.iter().copied();
            upgrade.deflate = Deflate::accept_of(lines, threshold);
        }
        Some(Box::new(upgrade))
    }

    /// The answer to a request that isn't [admitted](Self::admit), where nothing else serves it.
    pub fn not_found(&self, request: &Parts, peer: Option<RemoteAddr>) -> http::Response<Bytes> {
        http_map::response(self.not_found_at(&RequestHead::of(request), peer))
    }

    /// As [`not_found`](Self::not_found), as the core writes it.
    pub(crate) fn not_found_at(
        &self,
        head: &RequestHead<'_>,
        peer: Option<RemoteAddr>,
    ) -> Response {
        let plain = http_map::request(self.config(), head, Connection::http1(peer));
        let refusal = foreign(self.config(), &plain);
        self.running.core.refused(&refusal, &RequestLine::foreign(self.config(), head, peer));
        refusal.response()
    }

    fn admit_exchange(&self, sid: &str, exchange: Exchange, asked: &Asked<'_>) -> Admitted<D> {
        let &Asked { head, connection, body } = asked;
        let core = &self.running.core;
        let line = || RequestLine::new(&core.config, head, connection.peer);
        let Some(session) = core.sessions.get(sid) else {
            return self.admit_elsewhere(sid, exchange, head, connection, line());
        };
        let is_post = exchange.kind() == Kind::Post;
        let (exchange, upgrade) = match self.check_upgrade(exchange, head, connection) {
            Ok(checked) => checked,
            Err(refusal) => return self.turn_away(&line(), refusal),
        };
        let length = if is_post { http_map::content_length(head) } else { None };
        let lacks_memory = core.budget.is_exceeded()
            && length.is_some_and(|length| session.side.lacks_memory_for(length));
        let (mut exchange, mut turned_away) = (Some(exchange), None);
        let admitted = carry(self.running.handler(), &session, Pace::Full, |turn| {
            let conn = turn.new_conn();
            let exchange = exchange.take()?;
            turn.session.handle_input(turn.now, Input::Request(conn, exchange));
            if lacks_memory {
                turn.session.refuse_body(turn.now, conn, RETRY_AFTER.as_secs());
            } else if let Some(body) = body {
                let body = Bytes::copy_from_slice(body);
                turn.session.handle_input(turn.now, Input::Body(conn, body));
            }
            if upgrade.is_none() {
                return Some((conn, turn.take_answer(conn)));
            }
            if turn.session.probe() == Some(conn) {
                turn.state.probe = Some(Box::new(line()));
            } else {
                turned_away = turn.session.poll_turned_away();
            }
            Some((conn, None))
        });
        if let Some((_, refusal)) = turned_away {
            core.refused(&refusal, &line());
        }
        match (admitted.flatten(), exchange) {
            (Some((_, Some(Ok(response)))), _) => Admitted::Answered(response, None),
            (Some((_, Some(Err(refusal)))), _) => self.turn_away(&line(), refusal),
            (Some((conn, None)), _) => {
                let limit = core.config.max_payload();
                let body = match body {
                    Some(_) => RequestBody::Done,
                    None if is_post => RequestBody::new(limit, length),
                    None => RequestBody::unwanted(limit),
                };
                let place = Place::Seated(session, conn);
                let (running, line) = (&self.running, line());
                Admitted::Seated(Seat::new(running, place, body, upgrade, Some(line)))
            }
            (None, Some(exchange)) => self.turn_away(&line(), exchange.unknown_session()),
            (None, None) => Admitted::Answered(UNAVAILABLE, None),
        }
    }

    /// Checks the WebSocket handshake, if the request asks for a WebSocket.
    pub(super) fn check_upgrade(
        &self,
        exchange: Exchange,
        head: &RequestHead<'_>,
        connection: Connection,
    ) -> Result<(Exchange, Option<Box<Upgrade>>), Refusal> {
        match exchange.kind() {
            Kind::Framed(_) => match self.upgrade(head, connection) {
                None => Err(exchange.broken_websocket()),
                Some(_) if !self.running.core.upgradability.note(connection) => {
                    Err(exchange.no_upgrade())
                }
                upgrade => Ok((exchange, upgrade)),
            },
            Kind::Poll | Kind::Post => Ok((exchange, None)),
        }
    }

    pub(super) fn turn_away(&self, line: &RequestLine, refusal: Refusal) -> Admitted<D> {
        self.running.core.refused(&refusal, line);
        Admitted::Answered(refusal.response(), None)
    }
}

/// A request that was admitted.
pub(super) enum Admitted<D: Data> {
    /// Its answer is known. It may have opened this session, whose client learns of it there.
    Answered(Response, Option<Arc<ServerSession<D>>>),
    /// Its answer comes later.
    Seated(Seat<D>),
}

/// What a client asks for.
struct Asked<'r> {
    head: &'r RequestHead<'r>,
    connection: Connection,
    /// The body, if all of it has come.
    body: Option<&'r [u8]>,
}

/// What was found out about a request.
enum Found<D: Data> {
    Admitted(Admitted<D>),
    Handshake(Asking),
}

/// A request for a session, which may be refused still.
pub(super) struct Asking {
    pub(super) opening: Opening,
    /// What the answer needs if the session begins with a WebSocket.
    pub(super) upgrade: Option<Box<Upgrade>>,
    pub(super) line: RequestLine,
}
