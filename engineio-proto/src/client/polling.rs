//! GETs that bring packets, POSTs that take them away.

use super::close::ClientCloseReason;
use super::io::Connect;
use super::opening::payload;
use super::session::{Session, check};
use super::target::target;
use super::transport::{Probe, ProbeStage, State};
use crate::close::Violation;
use crate::codec::{self, PayloadSize};
use crate::conn::ConnId;
use crate::http::Response;
use crate::outbox::Batch;
use crate::packet::{Packet, unshare};
use crate::transport::Transport;

/// What there is to start.
pub(super) enum Start {
    Opening,
    Probe,
    Post,
    Get,
}

impl Session {
    pub(super) fn next_start(&self) -> Option<Start> {
        let polling = match &self.state {
            State::Opening(opening) => return opening.conn.is_none().then_some(Start::Opening),
            State::Probing(_, Probe { conn: None, .. }) => return Some(Start::Probe),
            State::Probing(_, Probe { stage: ProbeStage::Pausing, .. }) => return None,
            State::Polling(polling) | State::Probing(polling, _) => polling,
            State::Framed(_) | State::Closed => return None,
        };
        if polling.has_said_close {
            None
        } else if polling.post.is_none() && self.has_packet() {
            Some(Start::Post)
        } else if polling.get.is_none() && self.inbox.has_room() {
            Some(Start::Get)
        } else {
            None
        }
    }

    /// Whether something waits to leave.
    pub(super) fn has_packet(&self) -> bool {
        self.heartbeat.as_ref().is_some_and(|heartbeat| heartbeat.has_packet())
            || !self.outbox.is_empty()
            || self.closing.is_some()
    }

    pub(super) fn start(&mut self, start: Start, conn: ConnId) -> Connect {
        let transport = match (&mut self.state, &start) {
            (State::Opening(opening), _) => {
                opening.conn = Some(conn);
                opening.transport
            }
            (State::Probing(_, probe), Start::Probe) => {
                probe.conn = Some(conn);
                Transport::WebSocket
            }
            (State::Polling(polling) | State::Probing(polling, _), Start::Post) => {
                polling.post = Some(conn);
                Transport::Polling
            }
            (State::Polling(polling) | State::Probing(polling, _), _) => {
                polling.get = Some(conn);
                Transport::Polling
            }
            (State::Framed(_) | State::Closed, _) => Transport::Polling,
        };
        let sid = self.handshake.as_ref().map(|handshake| &handshake.sid);
        let target = target(&self.config, self.revision, transport, sid, &mut self.random);
        match (start, transport) {
            (Start::Post, _) => {
                let payload = self.fill_post();
                let content_type = if payload.binary {
                    "application/octet-stream"
                } else {
                    "text/plain;charset=UTF-8"
                };
                Connect::Post { target, body: payload.body, content_type }
            }
            (Start::Probe, _) | (Start::Opening, Transport::WebSocket) => {
                Connect::WebSocket { target }
            }
            (Start::Opening | Start::Get, _) => Connect::Get { target },
        }
    }

    /// The heartbeat, then messages, then the end: as much as the server takes at once.
    fn fill_post(&mut self) -> codec::Payload {
        let max_bytes = self.handshake.as_ref().and_then(|handshake| handshake.max_payload);
        let mut batch = Batch::new(
            PayloadSize::new(self.revision, true),
            max_bytes.unwrap_or(UNTOLD_MAX_PAYLOAD),
            self.config.max_batch_packets(),
        );
        if let Some(heartbeat) = &mut self.heartbeat {
            while let Some(packet) = heartbeat.packet()
                && batch.offer(packet)
            {
                heartbeat.note_sent();
            }
        }
        self.outbox.fill(&mut batch, u64::MAX);
        if self.closing.is_some()
            && self.outbox.is_empty()
            && batch.offer(Packet::Close)
            && let Some(polling) = self.state.polling_mut()
        {
            polling.has_said_close = true;
        }
        codec::encode_payload(self.revision, batch.packets(), true)
    }

    pub(super) fn get_responded(&mut self, response: Response) {
        if self.has_said_close() {
            // The goodbye may have overtaken the poll: then the server doesn't know the session
            // any more. And nobody waits for messages.
            return;
        }
        let response = match check(response) {
            Ok(response) => response,
            Err(refused) => return self.finish(ClientCloseReason::Refused(refused)),
        };
        let payload = payload(response);
        let length = payload.body.len();
        let violation = if length > self.config.max_payload() {
            Violation::TooLarge
        } else {
            match codec::decode_payload(self.revision, payload, self.config.max_packets()) {
                Ok(packets) => return self.packets(unshare(packets, length)),
                Err(error) => Violation::Packet(error),
            }
        };
        self.finish(ClientCloseReason::Violation(violation));
    }

    /// Whether only the answer to the last POST is waited for.
    pub(super) fn has_said_close(&self) -> bool {
        self.state.polling().is_some_and(|polling| polling.has_said_close)
    }

    pub(super) fn post_responded(&mut self, response: Response) {
        match check(response) {
            // The session may have been over at the server already.
            _ if self.has_said_close() => self.finish(ClientCloseReason::Application),
            Ok(_) => {}
            Err(refused) => self.finish(ClientCloseReason::Refused(refused)),
        }
    }
}

/// The limit of a server that doesn't tell its own: what the reference takes by default.
const UNTOLD_MAX_PAYLOAD: usize = 1_000_000;
