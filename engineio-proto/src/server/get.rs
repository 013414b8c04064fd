//! A GET that waits for its answer.

use alloc::vec::Vec;
use core::time::Duration;

use bytestring::ByteString;

use super::cause::RefusalCause;
use super::core::Core;
use super::exchange::Exchange;
use super::jsonp::Style;
use crate::close::ServerCloseReason;
use crate::codec::{self, Payload, PayloadSize};
use crate::coding::Coding;
use crate::conn::ConnId;
use crate::heartbeat::Heartbeat;
use crate::http::{Headers, Response};
use crate::outbox::Batch;
use crate::packet::Packet;
use crate::time::Instant;
use crate::transport::Transport;

/// A poll that is parked until there is something to answer it with.
#[derive(Debug)]
pub(super) struct Get {
    pub(super) conn: ConnId,
    /// For the answer.
    headers: Headers,
    coding: Option<Coding>,
    /// The handshake's.
    handshake: Option<First>,
    /// Until when messages wait for those that the application is about to add.
    hold_until: Option<Instant>,
    /// From when on it is in the way of a probe.
    pub(super) noop_at: Option<Instant>,
}

/// What the answer to the handshake holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    /// The messages up to this position, behind the open packet.
    pub(super) last: u64,
    /// Whether the open packet names the WebSocket.
    pub(super) offers_upgrades: bool,
}

impl Get {
    /// The handshake's own request.
    pub(super) const fn handshake(
        conn: ConnId,
        headers: Headers,
        coding: Option<Coding>,
        first: First,
    ) -> Self {
        Self { conn, headers, coding, handshake: Some(first), hold_until: None, noop_at: None }
    }

    pub(super) fn new(conn: ConnId, exchange: Exchange, noop_at: Option<Instant>) -> Self {
        Self {
            conn,
            headers: exchange.headers,
            coding: exchange.coding,
            handshake: None,
            hold_until: None,
            noop_at,
        }
    }

    /// Whether it is the handshake's.
    pub(super) const fn is_handshake(&self) -> bool {
        self.handshake.is_some()
    }

    /// Lets messages wait in turn for those that the application adds next, if it can: an
    /// application that answers a batch is heard as one batch.
    pub(super) fn start_hold(&mut self, now: Instant) {
        self.hold_until.get_or_insert(now + HOLD);
    }

    /// Whether it can be answered now.
    pub(super) fn is_answerable(&self, core: &Core, heartbeat: &Heartbeat) -> bool {
        self.is_handshake()
            || core.common.is_closing()
            || heartbeat.has_packet()
            || self.noop_at.is_some_and(|at| at <= core.common.now)
            || (!core.common.outbox.is_empty() && !self.is_held(core))
    }

    fn is_held(&self, core: &Core) -> bool {
        let (max_bytes, max_packets) = (core.config.max_payload(), core.config.max_batch_packets());
        self.hold_until.is_some_and(|until| core.common.now < until)
            && core.common.inbox.is_in_work()
            && core.common.outbox.is_writable()
            && !core.common.outbox.fills_a_batch(max_bytes, max_packets)
    }

    /// When it may be answered because time has passed.
    pub(super) fn timer(&self, now: Instant) -> Option<Instant> {
        [self.hold_until, self.noop_at].into_iter().flatten().filter(|at| now < *at).min()
    }

    /// The answer, with all that waits and fits. If the close packet is in it, it comes with the
    /// reason why the session ends.
    pub(super) fn answer(
        self,
        core: &mut Core,
        heartbeat: &mut Heartbeat,
        style: &Style,
    ) -> (Response, Option<ServerCloseReason>) {
        let size = PayloadSize::new(core.common.revision, style.binary);
        let (max_bytes, max_packets) = (core.config.max_payload(), core.config.max_batch_packets());
        let mut batch = Batch::new(size, max_bytes, max_packets);
        let mut is_compressible = false;
        if let Some(first) = self.handshake {
            let upgrades: &[_] = if first.offers_upgrades { &[Transport::WebSocket] } else { &[] };
            // The first always fits.
            let _ = batch.offer(core.open_packet(upgrades));
            is_compressible = true;
        }
        let last = self.handshake.map_or(u64::MAX, |first| first.last);
        is_compressible |= core.common.fill(heartbeat, &mut batch, last);
        let mut end = None;
        // While the server stops, the client's next request has to show that it got these messages:
        // a POST that meets the end of its session makes clients give up, whatever is on its way.
        let is_last = !core.common.hears() || !batch.packets().any(is_message);
        if core.common.owes_close() && is_last && batch.offer(Packet::Close).is_ok() {
            end = core.common.take_closing();
        }
        if batch.is_empty() {
            let _ = batch.offer(Packet::Noop);
        }
        (self.respond(core, batch.encode(), style, is_compressible), end)
    }

    /// Answers with this packet, when polling ends.
    pub(super) fn leave(self, core: &mut Core, style: &Style, last: Packet) {
        let mut packets = Vec::new();
        if self.is_handshake() {
            packets.push(core.open_packet(&[]));
        }
        packets.push(last);
        let conn = self.conn;
        let payload = codec::encode_payload(core.common.revision, &packets, style.binary);
        let response = self.respond(core, payload, style, false);
        core.reply(conn, response);
    }

    /// Refuses it.
    pub(super) fn refuse(self, core: &mut Core, cause: RefusalCause) {
        core.refuse(self.conn, self.headers, cause);
    }

    fn respond(
        self,
        core: &Core,
        payload: Payload,
        style: &Style,
        is_compressible: bool,
    ) -> Response {
        let threshold = core.config.compression_threshold().filter(|_| is_compressible);
        let is_worth_it = threshold.is_some_and(|least| payload.body.len() >= least);
        let (body, content_type) = style.answer(payload);
        let mut headers = self.headers.uncached();
        if style.jsonp.is_some() {
            // A browser must not find anything but a script in it.
            headers.push("x-content-type-options", ByteString::from_static("nosniff"));
        }
        Response {
            coding: self.coding.filter(|_| is_worth_it),
            ..Response::with_body(200, headers, content_type, body)
        }
    }
}

const fn is_message(packet: &Packet) -> bool {
    matches!(packet, Packet::Message(_))
}

/// How long messages wait for the application to add more: long enough for an application that
/// is about to, too short to be noticed.
const HOLD: Duration = Duration::from_millis(5);
