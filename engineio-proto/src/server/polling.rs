//! GETs that wait and POSTs that bring.

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use super::exchange::Exchange;
use super::refusal::RefusalCause;
use super::session::Session;
use super::transport::{Get, Polling, Post, PostStage};
use crate::close::{ServerCloseReason, Violation};
use crate::codec::{self, Payload, PayloadSize};
use crate::conn::{ConnId, Failure};
use crate::http::{Headers, Response};
use crate::outbox::Batch;
use crate::packet::{Packet, unshare};

impl Session {
    pub(super) fn poll(&mut self, conn: ConnId, exchange: Exchange) {
        let now = self.now;
        let noop_at = self.state.probe_mut().and_then(|probe| probe.noop_at(now));
        let Some(polling) = self.state.polling_mut() else {
            return self.refuse(conn, exchange, RefusalCause::TransportMismatch);
        };
        if polling.get.is_some() {
            self.reply(conn, Response::empty(400, exchange.headers));
            return self.finish(ServerCloseReason::Violation(Violation::OverlappingPolls));
        }
        polling.absence = None;
        polling.get = Some(Get {
            conn,
            headers: exchange.headers,
            coding: exchange.coding,
            handshake: None,
            hold_until: None,
            noop_at,
        });
        self.start_hold();
    }

    pub(super) fn post(&mut self, conn: ConnId, exchange: Exchange) {
        let by = self.now + self.config.body_timeout();
        let Some(polling) = self.state.polling_mut() else {
            return self.refuse(conn, exchange, RefusalCause::TransportMismatch);
        };
        let violation = if polling.post.is_some() {
            Violation::OverlappingPosts
        } else if exchange.is_binary && !self.revision.has_binary_payloads() {
            Violation::BinaryBody
        } else {
            polling.end_abandonment();
            polling.post = Some(Post {
                conn,
                headers: exchange.headers,
                is_binary: exchange.is_binary,
                stage: PostStage::Receiving { by },
            });
            return;
        };
        self.reply(conn, Response::empty(400, exchange.headers));
        self.finish(ServerCloseReason::Violation(violation));
    }

    /// The whole body of a POST.
    pub(super) fn body(&mut self, conn: ConnId, body: Bytes) {
        let Some(post) = self.take_receiving(conn) else { return };
        if body.len() > self.config.max_payload() {
            return self.reply(conn, Response::empty(413, post.headers));
        }
        let length = body.len();
        let payload = Payload { body, binary: post.is_binary };
        let packets = codec::decode_payload(self.revision, payload, self.config.max_packets());
        let outcome = match packets {
            Ok(packets) if self.is_too_much(&packets) => {
                self.reply(conn, Response::empty(503, post.headers));
                return self.finish(ServerCloseReason::Overloaded);
            }
            Ok(packets) => {
                unshare(packets, length).into_iter().try_for_each(|packet| self.packet(packet))
            }
            Err(error) => Err(ServerCloseReason::Violation(Violation::Packet(error))),
        };
        match outcome {
            Ok(()) => {
                let until = self.now + OK_PATIENCE;
                if let Some(polling) = self.state.polling_mut() {
                    polling.post = Some(Post { stage: PostStage::Withheld { until }, ..post });
                }
            }
            Err(reason) => {
                let response = if reason == ServerCloseReason::Peer {
                    ok(post.headers)
                } else {
                    Response::empty(400, post.headers)
                };
                self.reply(conn, response);
                self.finish(reason);
            }
        }
    }

    /// Whether messages came although no more can be taken in: the client didn't wait for the `ok`
    /// of its last POST but cut it. Heartbeats are welcome all the same.
    fn is_too_much(&self, packets: &[Packet]) -> bool {
        self.inbox.is_at_limit()
            && self.closing.is_none()
            && packets.iter().any(|packet| matches!(packet, Packet::Message(_)))
    }

    /// A GET or POST can't go on. If it can still be written to, it is answered.
    pub(super) fn exchange_failed(&mut self, conn: ConnId, why: Failure) {
        let Some(polling) = self.state.polling_mut() else { return };
        if let Some(get) = polling.get.take_if(|get| get.conn == conn) {
            self.get_failed(get, why);
        } else if let Some(post) = polling.post.take_if(|post| post.conn == conn) {
            self.post_failed(post, why);
        }
    }

    fn get_failed(&mut self, get: Get, why: Failure) {
        if let Some(status) = why.status() {
            self.reply(get.conn, Response::empty(status, get.headers));
        }
        if get.handshake.is_some() {
            // Nobody else knows the sid.
            return self.finish(ServerCloseReason::TransportLost);
        }
        let by = self.now + self.config.poll_grace();
        if let Some(polling) = self.state.polling_mut() {
            polling.absence = Some((by, ServerCloseReason::TransportLost));
        }
    }

    fn post_failed(&mut self, post: Post, why: Failure) {
        if let PostStage::Withheld { .. } = post.stage {
            // Its packets were delivered: only the `ok` is lost, and only if it can't be
            // written.
            if why.status().is_some()
                && let Some(polling) = self.state.polling_mut()
            {
                polling.post = Some(post);
            }
            return;
        }
        if let Some(status) = why.status() {
            self.reply(post.conn, Response::empty(status, post.headers));
        }
        self.finish(match why {
            Failure::TooLarge => return,
            Failure::Gone | Failure::Closed(_) => ServerCloseReason::TransportLost,
            Failure::Malformed => ServerCloseReason::Violation(Violation::Framing),
            Failure::TimedOut => ServerCloseReason::Violation(Violation::SlowBody),
        });
    }

    fn take_receiving(&mut self, conn: ConnId) -> Option<Post> {
        let is_it = |post: &mut Post| {
            post.conn == conn && matches!(post.stage, PostStage::Receiving { .. })
        };
        self.state.polling_mut()?.post.take_if(is_it)
    }

    /// Gives a POST its `ok` as soon as the application keeps up.
    pub(super) fn release_post(&mut self) {
        let has_room = self.has_room();
        let is_probed = self.state.probe().is_some_and(|probe| probe.is_probed());
        let Some(polling) = self.state.polling_mut() else { return };
        let Some(Post { stage: PostStage::Withheld { until }, .. }) = &polling.post else { return };
        // A client that paused for an upgrade finishes it only after its POST.
        let is_urgent = is_probed || self.now >= *until;
        let is_free = has_room || (is_urgent && !self.inbox.is_at_limit());
        if let Some(post) = polling.post.take_if(|_| is_free) {
            self.reply(post.conn, ok(post.headers));
        }
    }

    /// Lets messages for a waiting GET wait in turn for those that the application
    /// adds next, if it can: an application that answers a batch is heard as one batch.
    pub(super) fn start_hold(&mut self) {
        let until = self.now + HOLD;
        if self.outbox.is_empty() {
            return;
        }
        if let Some(get) = self.state.polling_mut().and_then(|polling| polling.get.as_mut()) {
            get.hold_until.get_or_insert(until);
        }
    }

    /// Whether this connection is a GET that can be answered now.
    pub(super) fn is_answerable(&self, conn: ConnId) -> bool {
        let Some(get) = self.state.polling().and_then(|polling| polling.get.as_ref()) else {
            return false;
        };
        get.conn == conn
            && (get.handshake.is_some()
                || self.closing.is_some()
                || self.heartbeat.has_packet()
                || get.noop_at.is_some_and(|at| at <= self.now)
                || (!self.outbox.is_empty() && !self.is_held(get)))
    }

    fn is_held(&self, get: &Get) -> bool {
        get.hold_until.is_some_and(|until| self.now < until)
            && self.inbox.is_in_work()
            && self.outbox.is_writable()
            && !self
                .outbox
                .fills_a_batch(self.config.max_payload(), self.config.max_batch_packets())
    }

    /// Answers the waiting GET with all that waits and fits.
    pub(super) fn answer_poll(&mut self) -> Option<Response> {
        let polling = self.state.polling_mut()?;
        let get = polling.get.take()?;
        let is_binary = polling.is_binary;
        let size = PayloadSize::new(self.revision, is_binary);
        let (max_bytes, max_packets) = (self.config.max_payload(), self.config.max_batch_packets());
        let mut batch = Batch::new(size, max_bytes, max_packets);
        let mut is_compressible = false;
        if get.handshake.is_some() {
            is_compressible |= batch.offer(self.open_packet());
        }
        while let Some(packet) = self.heartbeat.packet()
            && batch.offer(packet)
        {
            self.heartbeat.note_sent();
            is_compressible = true;
        }
        is_compressible |= self.outbox.fill(&mut batch, get.handshake.unwrap_or(u64::MAX));
        let mut end = None;
        if self.outbox.is_empty() && self.closing.is_some() && batch.offer(Packet::Close) {
            end = self.closing.take().map(|closing| closing.reason);
        }
        if batch.packets().is_empty() {
            batch.offer(Packet::Noop);
        }
        let response = self.poll_response(get, batch.packets(), is_binary, is_compressible);
        if let Some(reason) = end {
            self.finish(reason);
        }
        Some(response)
    }

    fn poll_response(
        &self,
        get: Get,
        packets: &[Packet],
        is_binary: bool,
        is_compressible: bool,
    ) -> Response {
        let payload = codec::encode_payload(self.revision, packets, is_binary);
        let threshold = self.config.compression_threshold().filter(|_| is_compressible);
        let is_worth_it = threshold.is_some_and(|least| payload.body.len() >= least);
        let content_type =
            if payload.binary { "application/octet-stream" } else { "text/plain; charset=UTF-8" };
        Response {
            coding: get.coding.filter(|_| is_worth_it),
            ..Response::with_body(200, get.headers.uncached(), content_type, payload.body)
        }
    }

    /// The last words for whoever still waits when polling ends.
    pub(super) fn leave_polling(&mut self, polling: Polling, last: Packet) {
        if let Some(get) = polling.get {
            let mut packets = Vec::new();
            if get.handshake.is_some() {
                packets.push(self.open_packet());
            }
            packets.push(last);
            let conn = get.conn;
            let response = self.poll_response(get, &packets, polling.is_binary, false);
            self.reply(conn, response);
        }
        if let Some(post) = polling.post {
            let response = match post.stage {
                PostStage::Withheld { .. } => ok(post.headers),
                PostStage::Receiving { .. } => Response::empty(400, post.headers),
            };
            self.reply(post.conn, response);
        }
    }
}

impl Polling {
    /// Whether a client waits for its `ok` because the application is slow.
    pub(super) const fn withholds(&self) -> bool {
        matches!(&self.post, Some(Post { stage: PostStage::Withheld { .. }, .. }))
    }

    /// The client has followed its handshake.
    pub(super) fn end_abandonment(&mut self) {
        self.absence.take_if(|(_, reason)| *reason == ServerCloseReason::Abandoned);
    }
}

/// The answer to a POST that was taken in.
fn ok(headers: Headers) -> Response {
    Response::with_body(200, headers.uncached(), "text/html", Bytes::from_static(b"ok"))
}

/// How long messages wait for the application to add more. Long enough for an
/// application that is at it, too short to be felt.
const HOLD: Duration = Duration::from_millis(5);

/// How long the `ok` of a POST is withheld: python-engineio's client gives up at 5 s.
const OK_PATIENCE: Duration = Duration::from_secs(4);
