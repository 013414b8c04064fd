//! How a request for a new session is admitted: it is turned away, decided at once, or waits for
//! the application.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use engineio_proto::Transport;
use engineio_proto::server::{Opening, Refusal, Unavailable};

use super::admission::Beginning;
use super::body::RequestBody;
use super::deadlines::Target;
use super::handshake::{Connection, Handshake};
use super::hub::Hub;
use super::login::{Login, decide};
use super::pending::{PendingHandshake, RETRY_AFTER};
use super::reception::{Arrival, Received};
use super::requests::{Admitted, Asking};
use super::seat::{Place, Seat, UNAVAILABLE};
use super::session::{FIRST_CONN, Overflow};
use crate::data::Data;
use crate::head::{Head, RequestHead};
use crate::refused::RequestLine;
use crate::upgrade::Upgrade;

impl<D: Data> Hub<D> {
    /// Checks the WebSocket handshake of a session that begins with one.
    pub(super) fn check_opening(
        &self,
        opening: Opening,
        head: &RequestHead<'_>,
        connection: Connection,
    ) -> Result<(Opening, Option<Box<Upgrade>>), Refusal> {
        if opening.transport() == Transport::Polling {
            return Ok((opening, None));
        }
        match self.upgrade(head, connection) {
            None => Err(opening.broken_websocket()),
            Some(_) if !self.running.core.upgradability.note(connection) => {
                Err(opening.no_upgrade())
            }
            upgrade => Ok((opening, upgrade)),
        }
    }

    /// Finds a place for a handshake, whose head is kept if there is one.
    pub(super) fn admit_handshake(&self, asking: Asking, head: Head<'_>) -> Admitted<D> {
        let Asking { mut opening, upgrade, line } = asking;
        let core = &self.running.core;
        if opening.transport() == Transport::Polling && core.upgradability.is_missing() {
            opening.withhold_upgrades();
        }
        let slot = match self.full() {
            None => core.entrance.admit(|| core.now(), line.remote()),
            Some(why) => Err(why),
        };
        let slot = match slot {
            Ok(slot) => slot,
            Err(why) => {
                let refusal = opening.unavailable(why, RETRY_AFTER.as_secs());
                return self.turn_away(&line, refusal);
            }
        };
        let handshake = Handshake::new(&core.config, head.keep(), &opening, line.remote());
        let may_compress = handshake.may_compress();
        if let Some((login, audience)) = self.running.reception.login()
            && let Login::Now(login) = &*login
        {
            core.waiting.fetch_add(1, Relaxed);
            let decision = decide(login, &handshake);
            core.waiting.fetch_sub(1, Relaxed);
            let data = match decision {
                Ok(data) if !core.is_closing() => data,
                Ok(_) => {
                    let why = Unavailable::Closing;
                    let refusal = opening.unavailable(why, RETRY_AFTER.as_secs());
                    return self.turn_away(&line, refusal);
                }
                Err(refusal) => return self.turn_away(&line, opening.refuse_with(refusal)),
            };
            let (overflow, may_compress) = (Overflow::default(), may_compress.get());
            let beginning = Beginning {
                opening,
                sid: None,
                data,
                overflow,
                audience,
                may_compress,
                slot,
                now: core.now(),
            };
            return match beginning.open(&self.running) {
                Some((session, Some(answer))) => Admitted::Answered(answer, Some(session)),
                Some((session, None)) => {
                    self.seat_at(Place::Seated(session, FIRST_CONN), upgrade, line)
                }
                None => Admitted::Answered(UNAVAILABLE, None),
            };
        }
        let now = core.now();
        let pending = PendingHandshake::new(core, opening, may_compress, slot, now);
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
        self.seat_at(Place::Waiting(pending, None), upgrade, line)
    }

    /// The seat of a handshake, whose answer comes later.
    fn seat_at(
        &self,
        place: Place<D>,
        upgrade: Option<Box<Upgrade>>,
        line: RequestLine,
    ) -> Admitted<D> {
        let body = RequestBody::unwanted(self.config().max_payload());
        Admitted::Seated(Seat::new(&self.running, place, body, upgrade, Some(line)))
    }

    /// Why there is no room for another session, if there is none.
    fn full(&self) -> Option<Unavailable> {
        let core = &self.running.core;
        let waiting = core.waiting.load(Relaxed);
        if core.is_closing() {
            Some(Unavailable::Closing)
        } else if waiting >= core.config.max_waiting() {
            Some(Unavailable::TooManyWaiting)
        } else {
            let is_full = core.sessions.len() + waiting >= core.config.max_sessions();
            is_full.then_some(Unavailable::Overloaded)
        }
    }
}
