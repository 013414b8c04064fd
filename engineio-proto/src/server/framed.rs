//! One connection that carries everything.

use super::io::Transmit;
use super::session::Session;
use super::transport::State;
use crate::close::{ServerCloseReason, Violation};
use crate::codec;
use crate::conn::{ConnId, Failure};
use crate::frame::Frame;
use crate::packet::Packet;

impl Session {
    /// A frame came, on whatever connection.
    pub(super) fn frame(&mut self, conn: ConnId, frame: Frame) {
        match &self.state {
            State::Framed(framed) if framed.conn == conn => self.session_frame(frame),
            State::Probing(_, probe) if probe.conn == conn => self.probe_frame(frame),
            State::Polling(_) | State::Probing(..) | State::Framed(_) | State::Closed => {}
        }
    }

    fn session_frame(&mut self, frame: Frame) {
        let outcome = if frame.len() > self.config.max_payload() {
            Err(ServerCloseReason::Violation(Violation::TooLarge))
        } else {
            codec::decode_frame(self.revision, frame)
                .map_err(|error| ServerCloseReason::Violation(Violation::Packet(error)))
                .and_then(|packet| self.packet(packet))
        };
        if let Err(reason) = outcome {
            self.finish(reason);
        }
    }

    pub(super) fn framed_failed(&mut self, why: Failure) {
        self.finish(match why {
            Failure::Closed(_) => ServerCloseReason::Peer,
            Failure::Gone | Failure::TimedOut => ServerCloseReason::TransportLost,
            Failure::TooLarge => ServerCloseReason::Violation(Violation::TooLarge),
            Failure::Malformed => ServerCloseReason::Violation(Violation::Framing),
        });
    }

    pub(super) fn has_frame(&self) -> bool {
        self.heartbeat.has_packet() || !self.outbox.is_empty() || self.closing.is_some()
    }

    /// The heartbeat, then messages, then the end.
    pub(super) fn next_frame(&mut self) -> Option<Transmit> {
        let framed = self.state.framed_mut()?;
        let packet = if let Some(packet) = self.heartbeat.packet() {
            self.heartbeat.note_sent();
            packet
        } else if let Some(message) = self.outbox.pop() {
            Packet::Message(message)
        } else if self.closing.is_some() && !framed.has_said_close {
            framed.has_said_close = true;
            Packet::Close
        } else {
            let closing = self.closing.take()?;
            let conn = framed.conn;
            self.finish(closing.reason);
            return self.replies.take(conn);
        };
        Some(Transmit::Frame(codec::encode_frame(self.revision, packet, framed.is_binary)))
    }
}
