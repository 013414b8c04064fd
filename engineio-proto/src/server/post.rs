//! A POST that brings packets.

use core::time::Duration;

use bytes::Bytes;

use super::cause::RefusalCause;
use super::core::Core;
use super::exchange::Exchange;
use super::jsonp::Style;
use crate::close::{ServerCloseReason, Violation};
use crate::codec::{self, ContentType};
use crate::conn::{ConnId, Failure};
use crate::heartbeat::Heartbeat;
use crate::http::{Headers, Response};
use crate::packet::{Packet, unshare};
use crate::time::Instant;

/// A POST that waits for its body, or for its answer.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) conn: ConnId,
    /// For the answer.
    headers: Headers,
    content_type: ContentType,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The body has to be there by then.
    Receiving { by: Instant },
    /// Delivered, but the `ok` is withheld: until the inbox has room, at most until then.
    Withheld { until: Instant },
}

/// The next step of a POST.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    Body,
    Ok,
}

impl Post {
    pub(super) fn new(conn: ConnId, exchange: Exchange, by: Instant) -> Self {
        let Exchange { headers, content_type, .. } = exchange;
        Self { conn, headers, content_type, stage: Stage::Receiving { by } }
    }

    pub(super) const fn is_receiving(&self) -> bool {
        matches!(self.stage, Stage::Receiving { .. })
    }

    /// Takes in the whole body. The POST goes on waiting for its `ok`, unless it has got another
    /// answer.
    pub(super) fn receive(
        self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
        style: &Style,
        body: Bytes,
    ) -> Result<Option<Self>, ServerCloseReason> {
        if body.len() > core.config.max_payload() {
            self.refuse(core, Violation::TooLarge.into());
            return Ok(None);
        }
        let length = body.len();
        let payload = style.payload(body, self.content_type);
        let max_packets = core.config.max_packets();
        let packets = codec::decode_payload(core.common.revision, payload, max_packets);
        let outcome = match packets {
            Ok(packets) if is_too_much(core, &packets) => {
                self.refuse(core, RefusalCause::Unread);
                return Err(ServerCloseReason::Overloaded);
            }
            Ok(packets) => core.common.handle_packets(heartbeat, unshare(packets, length)),
            Err(error) => Err(Violation::Packet(error).into()),
        };
        match outcome {
            Ok(()) => {
                let until = core.common.now + OK_PATIENCE;
                Ok(Some(Self { stage: Stage::Withheld { until }, ..self }))
            }
            Err(reason @ ServerCloseReason::Peer(_)) => {
                self.release(core);
                Err(reason)
            }
            Err(reason) => {
                let cause = if let ServerCloseReason::Violation(violation) = &reason {
                    violation.clone().into()
                } else {
                    RefusalCause::Unfinished
                };
                self.refuse(core, cause);
                Err(reason)
            }
        }
    }

    /// Its connection failed. If it can still get its `ok`, it stays; else it is answered, if the
    /// peer can read that.
    pub(super) fn fail(
        self,
        core: &mut Core,
        why: Failure,
    ) -> Result<Option<Self>, ServerCloseReason> {
        if let Stage::Withheld { .. } = self.stage {
            // Its packets were delivered: only the `ok` is lost, and only if it can't be
            // written.
            return Ok(why.violation().map(|_| self));
        }
        if let Some(violation) = why.violation() {
            self.refuse(core, violation.into());
        }
        Err(match why {
            Failure::TooLarge => return Ok(None),
            Failure::Gone | Failure::Closed(_) => ServerCloseReason::TransportLost,
            Failure::Malformed => Violation::Framing.into(),
            Failure::TimedOut => Violation::SlowBody.into(),
        })
    }

    /// Whether it can have its `ok`: the application keeps up, or it can't wait any longer. A
    /// client that paused for an upgrade finishes it only after its POST.
    pub(super) fn is_free(&self, core: &Core, is_probed: bool) -> bool {
        let Stage::Withheld { until } = self.stage else { return false };
        let is_urgent = is_probed || core.common.now >= until;
        core.has_room() || (is_urgent && !core.common.inbox.is_at_limit())
    }

    /// Answers `ok`.
    pub(super) fn release(self, core: &mut Core) {
        let body = Bytes::from_static(b"ok");
        let response = Response::with_body(200, self.headers.uncached(), "text/html", body);
        core.reply(self.conn, response);
    }

    /// Refuses it.
    pub(super) fn refuse(self, core: &mut Core, cause: RefusalCause) {
        core.refuse(self.conn, self.headers, cause);
    }

    /// The answer when polling ends.
    pub(super) fn leave(self, core: &mut Core) {
        if self.is_receiving() {
            self.refuse(core, RefusalCause::Unfinished);
        } else {
            self.release(core);
        }
    }

    /// The next step, and by when it has to come.
    pub(super) fn timer(&self, now: Instant) -> Option<(Instant, Wait)> {
        match self.stage {
            Stage::Receiving { by } => Some((by, Wait::Body)),
            Stage::Withheld { until } => (now < until).then_some((until, Wait::Ok)),
        }
    }
}

/// Whether messages came although the inbox is at its limit: the client cut its last POST
/// instead of waiting for the `ok`. Heartbeats are still accepted.
fn is_too_much(core: &Core, packets: &[Packet]) -> bool {
    core.common.inbox.is_at_limit()
        && core.common.hears()
        && packets.iter().any(|packet| matches!(packet, Packet::Message(_)))
}

/// How long the `ok` of a POST is withheld: python-engineio's client gives up at 5 s.
const OK_PATIENCE: Duration = Duration::from_secs(4);
