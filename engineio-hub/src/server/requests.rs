//! How a request finds its place: at a session, with the application, at another node, or with its
//! answer at once.

use bytes::Bytes;
use engineio_proto::Response;
use engineio_proto::server::{Exchange, Input, Kind, Opening, Refusal, Route, foreign, route};
use http::Method;
use http::request::Parts;

use super::body::RequestBody;
use super::handler::carry;
use super::handshake::{Connection, RemoteAddr};
use super::hub::Hub;
use super::pending::RETRY_AFTER;
use super::seat::{Place, Seat};
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
        self.admit_head(Head::Shared(request), connection, None)
    }

    /// As [`admit_from`](Self::admit_from), without a copy of the head for the application: if the
    /// request becomes a handshake, all but the extensions is taken from it.
    pub fn admit_taking(&self, request: &mut Parts, connection: Connection) -> Option<Seat<D>> {
        self.admit_head(Head::Taken(request), connection, None)
    }

    /// As [`admit`](Self::admit), a request that was read here. Its body may be given at once if all
    /// of it has come and it is within `max_payload`.
    #[cfg(feature = "http1")]
    pub(crate) fn admit_read(
        &self,
        head: &ReadHead<'_>,
        body: Option<&[u8]>,
        peer: Option<RemoteAddr>,
    ) -> Option<Seat<D>> {
        self.admit_head(Head::Read(head), Connection::http1(peer), body)
    }

    fn admit_head(
        &self,
        head: Head<'_>,
        connection: Connection,
        body: Option<&[u8]>,
    ) -> Option<Seat<D>> {
        let found = head.look(|head| self.find_place(&Asked { head, connection, body }))?;
        let Found { way, line, is_post, length, deflate } = found;
        let (place, upgrade) = match way {
            Way::Placed(admitted) => admitted,
            Way::Handshake(opening, upgrade) => {
                let place = self.admit_handshake(*opening, head, &line);
                let is_refused = matches!(place, Place::Answered(_));
                (place, upgrade.filter(|_| !is_refused))
            }
        };
        let limit = self.config().max_payload();
        let body = match &place {
            _ if body.is_some() => RequestBody::Done,
            Place::Seated(..) if is_post => RequestBody::new(limit, length),
            Place::Elsewhere(_) => RequestBody::Done,
            Place::Seated(..)
            | Place::Answered(_)
            | Place::Opened(..)
            | Place::Waiting(..)
            | Place::Compressing(_)
            | Place::Done => RequestBody::unwanted(limit),
        };
        let deflate = deflate.filter(|_| upgrade.is_some());
        Some(Seat::new(&self.running, place, body, upgrade, deflate, line))
    }

    /// Finds the place of a request, but for one for a session, which may keep the head. `None`: its
    /// path isn't this server's.
    fn find_place(&self, asked: &Asked<'_>) -> Option<Found<D>> {
        let &Asked { head, connection, .. } = asked;
        let plain = http_map::request(self.config(), head, connection);
        let farewell = self.take_farewell(head, &plain);
        let routed = farewell.map_or_else(|| route(self.config(), &plain), Route::Answer);
        if matches!(routed, Route::Foreign) {
            return None;
        }
        let line = RequestLine::new(self.config(), head, connection.peer);
        let way = match routed {
            Route::Foreign => return None,
            Route::Answer(response) => Way::Placed((Place::Answered(response), None)),
            Route::Refuse(refusal) => Way::Placed(self.turn_away(&line, refusal)),
            Route::Open(opening) => match self.check_opening(opening, head, connection) {
                Ok((opening, upgrade)) => Way::Handshake(Box::new(opening), upgrade),
                Err(refusal) => Way::Placed(self.turn_away(&line, refusal)),
            },
            Route::Session { sid, exchange } => {
                Way::Placed(self.admit_exchange(&sid, exchange, asked, &line))
            }
        };
        let is_post = head.method == Method::POST;
        let length = is_post.then(|| http_map::content_length(head)).flatten();
        let deflate = plain.upgrade.then(|| self.compression(head)).flatten();
        Some(Found { way, line, is_post, length, deflate })
    }

    /// What to agree on of the compression that a WebSocket's request offers.
    fn compression(&self, head: &RequestHead<'_>) -> Option<Deflate> {
        let threshold = self.config().websocket_compression_threshold();
        let lines = head.fields.websocket_extensions.iter().copied();
        let is_on = self.config().websocket_compression();
        is_on.then(|| Deflate::accept_of(lines, threshold)).flatten()
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
        self.running.core.refused(&refusal, &RequestLine::new(self.config(), head, peer));
        refusal.response()
    }

    fn admit_exchange(
        &self,
        sid: &str,
        exchange: Exchange,
        asked: &Asked<'_>,
        line: &RequestLine,
    ) -> Admitted<D> {
        let &Asked { head, connection, body } = asked;
        let Some(session) = self.running.core.sessions.get(sid) else {
            return self.admit_elsewhere(sid, exchange, head, connection, line);
        };
        let (exchange, upgrade) = match self.check_upgrade(exchange, head, connection) {
            Ok(checked) => checked,
            Err(refusal) => return self.turn_away(line, refusal),
        };
        let lacks_memory = exchange.kind() == Kind::Post
            && self.running.core.budget.is_exceeded()
            && http_map::content_length(head)
                .is_some_and(|length| session.side.lacks_memory_for(length));
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
                turn.state.probe = Some(Box::new(line.clone()));
            } else {
                turned_away = turn.session.poll_turned_away();
            }
            Some((conn, None))
        });
        if let Some((_, refusal)) = turned_away {
            self.running.core.refused(&refusal, line);
        }
        match (admitted.flatten(), exchange) {
            (Some((_, Some(Ok(response)))), _) => (Place::Answered(response), None),
            (Some((_, Some(Err(refusal)))), _) => self.turn_away(line, refusal),
            (Some((conn, None)), _) => (Place::Seated(session, conn), upgrade),
            (None, Some(exchange)) => self.turn_away(line, exchange.unknown_session()),
            (None, None) => (Place::Done, None),
        }
    }

    /// Checks the WebSocket handshake, if the request asks for a WebSocket.
    pub(super) fn check_upgrade(
        &self,
        exchange: Exchange,
        head: &RequestHead<'_>,
        connection: Connection,
    ) -> Result<(Exchange, Option<Upgrade>), Refusal> {
        match exchange.kind() {
            Kind::Framed(_) => match Upgrade::of(head, connection) {
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
        (Place::Answered(refusal.response()), None)
    }
}

/// Where a request is served, and for a WebSocket what its answer needs.
pub(super) type Admitted<D> = (Place<D>, Option<Upgrade>);

/// What a client asks for.
struct Asked<'r> {
    head: &'r RequestHead<'r>,
    connection: Connection,
    /// The body, if all of it has come.
    body: Option<&'r [u8]>,
}

/// What was found out about a request.
struct Found<D: Data> {
    way: Way<D>,
    line: RequestLine,
    is_post: bool,
    /// How long its body is, if it is a POST that says so.
    length: Option<usize>,
    deflate: Option<Deflate>,
}

enum Way<D: Data> {
    Placed(Admitted<D>),
    /// It asks for a session, which may be refused still.
    Handshake(Box<Opening>, Option<Upgrade>),
}
