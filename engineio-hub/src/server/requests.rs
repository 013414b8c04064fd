//! How a request finds its place: at a session, with the application, at another node, or with its
//! answer at once.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use engineio_proto::server::{
    Exchange, Input, Kind, Opening, Refusal, Route, Unavailable, foreign, route,
};
use engineio_proto::{Response, Transport};
use http::Method;
use http::request::Parts;

use super::body::RequestBody;
use super::deadlines::Target;
use super::handler::carry;
use super::handshake::{Connection, Handshake, RemoteAddr};
use super::hub::Hub;
use super::pending::{PendingHandshake, RETRY_AFTER};
use super::reception::{Arrival, Received};
use super::seat::{Place, Seat};
use crate::data::Data;
use crate::head::{Head, KeptHead, RequestHead};
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
        self.admit_head(Head::Shared(request), connection)
    }

    /// As [`admit_from`](Self::admit_from), without a copy of the head for the application: if the
    /// request becomes a handshake, all but the extensions is taken from it.
    pub fn admit_taking(&self, request: &mut Parts, connection: Connection) -> Option<Seat<D>> {
        self.admit_head(Head::Taken(request), connection)
    }

    /// As [`admit`](Self::admit), a request that was read here.
    #[cfg(feature = "http1")]
    pub(crate) fn admit_read(
        &self,
        head: &ReadHead<'_>,
        peer: Option<RemoteAddr>,
    ) -> Option<Seat<D>> {
        self.admit_head(Head::Read(head), Connection::http1(peer))
    }

    fn admit_head(&self, head: Head<'_>, connection: Connection) -> Option<Seat<D>> {
        let found = head.look(|head| self.find_place(head, connection))?;
        let Found { way, line, is_post, length, deflate } = found;
        let (place, upgrade) = match way {
            Way::Placed(admitted) => admitted,
            Way::Handshake(opening, upgrade) => {
                let place = self.admit_handshake(*opening, head.keep(), &line);
                let is_waiting = matches!(place, Place::Waiting(..));
                (place, upgrade.filter(|_| is_waiting))
            }
        };
        let limit = self.config().max_payload();
        let body = match &place {
            Place::Seated(..) if is_post => RequestBody::new(limit, length),
            Place::Elsewhere(_) => RequestBody::Done,
            Place::Seated(..)
            | Place::Answered(_)
            | Place::Waiting(..)
            | Place::Compressing(_)
            | Place::Done => RequestBody::unwanted(limit),
        };
        let deflate = deflate.filter(|_| upgrade.is_some());
        Some(Seat::new(&self.running, place, body, upgrade, deflate, line))
    }

    /// Finds the place of a request, but for a handshake, which takes the head with it. `None`: its
    /// path isn't this server's.
    fn find_place(&self, head: &RequestHead<'_>, connection: Connection) -> Option<Found<D>> {
        let plain = http_map::request(self.config(), head, connection);
        let farewell = self.take_farewell(head, &plain);
        let routed = farewell.map_or_else(|| route(self.config(), &plain), Route::Answer);
        if matches!(routed, Route::Foreign) {
            return None;
        }
        let line = RequestLine::new(self.config(), head, connection.peer);
        let way = match routed {
            Route::Foreign => return None,
            Route::Answer(response) => Way::Placed((Place::Answered(Box::new(response)), None)),
            Route::Refuse(refusal) => Way::Placed(self.turn_away(&line, refusal)),
            Route::Open(opening) => match self.check_opening(opening, head, connection) {
                Ok((opening, upgrade)) => Way::Handshake(Box::new(opening), upgrade),
                Err(refusal) => Way::Placed(self.turn_away(&line, refusal)),
            },
            Route::Session { sid, exchange } => {
                Way::Placed(self.admit_exchange(&sid, exchange, head, connection, &line))
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
        head: &RequestHead<'_>,
        connection: Connection,
        line: &RequestLine,
    ) -> Admitted<D> {
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
            (Some((_, Some(Ok(response)))), _) => (Place::Answered(Box::new(response)), None),
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

    /// Checks the WebSocket handshake of a session that begins with one.
    fn check_opening(
        &self,
        opening: Opening,
        head: &RequestHead<'_>,
        connection: Connection,
    ) -> Result<(Opening, Option<Upgrade>), Refusal> {
        if opening.transport() == Transport::Polling {
            return Ok((opening, None));
        }
        match Upgrade::of(head, connection) {
            None => Err(opening.broken_websocket()),
            Some(_) if !self.running.core.upgradability.note(connection) => {
                Err(opening.no_upgrade())
            }
            upgrade => Ok((opening, upgrade)),
        }
    }

    fn admit_handshake(
        &self,
        mut opening: Opening,
        head: KeptHead,
        line: &RequestLine,
    ) -> Place<D> {
        let core = &self.running.core;
        if opening.transport() == Transport::Polling && core.upgradability.is_missing() {
            opening.withhold_upgrades();
        }
        let waiting = core.waiting.load(Relaxed);
        let unavailable = if core.is_closing() {
            Some(Unavailable::Closing)
        } else if waiting >= core.config.max_waiting() {
            Some(Unavailable::TooManyWaiting)
        } else {
            let is_full = core.sessions.len() + waiting >= core.config.max_sessions();
            is_full.then_some(Unavailable::Overloaded)
        };
        let now = core.now();
        let slot = match unavailable {
            None => core.entrance.admit(now, line.remote()),
            Some(why) => Err(why),
        };
        let slot = match slot {
            Ok(slot) => slot,
            Err(why) => {
                let refusal = opening.unavailable(why, RETRY_AFTER.as_secs());
                return self.turn_away(line, refusal).0;
            }
        };
        let handshake = Handshake::new(&core.config, head, &opening, line.remote());
        let pending = PendingHandshake::new(core, opening, handshake.may_compress(), slot, now);
        let arrival = Arrival { pending: Arc::clone(&pending), handshake };
        match self.running.reception.receive(arrival) {
            Received::Queued => {}
            Received::Login(arrival, login, audience) => self.log_in(*arrival, &login, audience),
            Received::Closed => pending.turn_away(Unavailable::Closing),
        }
        if !pending.is_decided() {
            let at = now + core.config.accept_timeout();
            core.deadlines.arm_anywhere(at, Target::Handshake(pending.as_expire()));
        }
        Place::Waiting(pending, None)
    }

    pub(super) fn turn_away(&self, line: &RequestLine, refusal: Refusal) -> Admitted<D> {
        self.running.core.refused(&refusal, line);
        (Place::Answered(Box::new(refusal.response())), None)
    }
}

/// Where a request is served, and for a WebSocket what its answer needs.
pub(super) type Admitted<D> = (Place<D>, Option<Upgrade>);

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
    /// It becomes one, for which the head is kept.
    Handshake(Box<Opening>, Option<Upgrade>),
}
