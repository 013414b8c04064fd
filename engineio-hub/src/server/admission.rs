//! How a handshake becomes a session, or is refused.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use engineio_proto::server::{Opening, Refusal, Session, Unavailable};
use engineio_proto::{Instant, Message, NodeTag, ServerCloseReason, Sid, Transport};

use super::audience::Audience;
use super::entrance::Slot;
use super::handler::carry;
use super::login::Decision;
use super::pending::{FirstAnswer, PendingHandshake};
use super::running::Running;
use super::session::{FIRST_CONN, Overflow, ServerSession, ServerSide};
use crate::data::Data;
use crate::memory::Holding;
use crate::shared::session::Pace;
use crate::sync::atomic::AtomicBool;

/// A handshake that can be accepted or refused once. Dropping it refuses with 403.
pub(crate) struct Admission<D: Data> {
    running: Arc<Running<D>>,
    pending: Arc<PendingHandshake<D>>,
    pub(crate) extras: Extras,
}

/// What the application adds to the handshake.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) headers: Vec<(ByteString, ByteString)>,
    pub(crate) messages: Vec<Message>,
    pub(crate) sid: Option<Sid>,
    pub(crate) overflow: Overflow,
}

impl<D: Data> Admission<D> {
    pub(crate) fn new(running: &Arc<Running<D>>, pending: Arc<PendingHandshake<D>>) -> Self {
        Self { running: Arc::clone(running), pending, extras: Extras::default() }
    }

    /// Whether the client still waits for a decision.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.pending.is_decided()
    }

    /// Carries out a login's decision.
    pub(crate) fn conclude(mut self, decision: Decision<D>, audience: Audience) {
        match decision {
            Ok(data) => drop(self.open(data, audience)),
            Err(refusal) => self.refuse(refusal),
        }
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        if let Some(opening) = self.pending.take_opening() {
            self.pending.refuse(opening.refuse_with(refusal));
        }
    }

    /// Opens the session. `None`: the client has left, or the server is closing.
    pub(crate) fn open(&mut self, data: D, audience: Audience) -> Option<Arc<ServerSession<D>>> {
        if self.running.core.is_closing() {
            self.pending.turn_away(Unavailable::Closing);
        }
        let mut opening = self.pending.take_opening()?;
        let extras = mem::take(&mut self.extras);
        for (name, value) in extras.headers {
            // Checked when it was added.
            let _ = opening.header(name, value);
        }
        extras.messages.into_iter().for_each(|message| opening.message(message));
        let beginning = Beginning {
            opening,
            sid: extras.sid,
            data,
            overflow: extras.overflow,
            audience,
            may_compress: self.pending.may_compress(),
            slot: self.pending.take_slot(),
            now: self.running.core.now(),
        };
        let (session, answer) = beginning.open(&self.running)?;
        let is_wanted = self.pending.accept(&session, answer);
        if !is_wanted {
            session.abort(ServerCloseReason::TransportLost);
        }
        is_wanted.then_some(session)
    }
}

/// A session that was decided for.
pub(crate) struct Beginning<D> {
    pub(crate) opening: Opening,
    /// The application's choice.
    pub(crate) sid: Option<Sid>,
    pub(crate) data: D,
    pub(crate) overflow: Overflow,
    pub(crate) audience: Audience,
    pub(crate) may_compress: bool,
    pub(crate) slot: Slot,
    pub(crate) now: Instant,
}

impl<D: Data> Beginning<D> {
    /// Opens it. It is in the map before its client can know its identifier.
    pub(crate) fn open(
        self,
        running: &Arc<Running<D>>,
    ) -> Option<(Arc<ServerSession<D>>, FirstAnswer)> {
        let Self { opening, sid, data, overflow, audience, may_compress, slot, now } = self;
        let core = &running.core;
        let (revision, transport) = (opening.revision(), opening.transport());
        let mut make = Some(|sid: Sid| {
            let mut session = Session::open(&core.config, opening, sid.clone(), FIRST_CONN, now);
            if matches!(audience, Audience::Handler(_)) {
                session.couple_input();
            }
            let core = Arc::clone(core);
            let has_progressed = AtomicBool::new(false);
            let is_blocked = AtomicBool::new(false);
            let holding = Holding::new(&core.budget);
            let side = ServerSide {
                sid,
                revision,
                data,
                core,
                may_compress,
                has_progressed,
                is_blocked,
                holding,
                slot,
            };
            ServerSession::open(side, session, overflow, audience)
        });
        let chosen = sid.and_then(|sid| core.sessions.insert(sid, &mut make));
        let random = || core.sessions.insert(random_sid(core.config.node()), &mut make);
        let session = chosen.or_else(random)?;
        core.observer.opened(&session.side.sid, revision, transport);
        #[cfg(feature = "metrics")]
        core.begin_sampling();
        // The first turn arms the first deadline.
        let answer = carry(running.handler(), &session, Pace::At(now), |turn| {
            if core.is_closing() {
                // The server began to close and didn't see this session.
                turn.session.shutdown(turn.now);
            }
            // A session that has just been opened refuses nothing.
            if transport == Transport::Polling { turn.take_answer(FIRST_CONN)?.ok() } else { None }
        });
        Some((session, answer.flatten()))
    }
}

impl<D: Data> Drop for Admission<D> {
    fn drop(&mut self) {
        if self.running.core.is_closing() {
            self.pending.turn_away(Unavailable::Closing);
        } else {
            self.refuse(Refusal::application(403, Bytes::from_static(FORBIDDEN)));
        }
    }
}

/// 128 bits from the operating system, behind the tag of this node if it has one. A thread asks for
/// the bits of 16 identifiers at once.
#[expect(clippy::expect_used, reason = "without randomness there can be no sessions")]
fn random_sid(node: Option<NodeTag>) -> Sid {
    thread_local! {
        static RANDOM: RefCell<Vec<[u8; 16]>> = const { RefCell::new(Vec::new()) };
    }
    let bytes = RANDOM.with_borrow_mut(|random| {
        random.pop().unwrap_or_else(|| {
            let mut fresh = [[0; 16]; 16];
            getrandom::fill(fresh.as_flattened_mut())
                .expect("the operating system provides randomness");
            let [first, rest @ ..] = fresh;
            random.extend(rest);
            first
        })
    });
    match node {
        Some(node) => Sid::on_node(node, bytes),
        None => Sid::from_random(bytes),
    }
}

/// The reference server's body when its application refuses without a reason.
const FORBIDDEN: &[u8] = br#"{"code":4,"message":"Forbidden"}"#;
