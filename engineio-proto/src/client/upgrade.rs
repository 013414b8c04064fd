//! A WebSocket: on trial beside polling, and as the session's own.

use super::close::ClientCloseReason;
use super::io::{Event, Transmit};
use super::session::Session;
use super::transport::{Framed, Probe, ProbeStage, State};
use crate::close::{CloseCode, Violation};
use crate::codec;
use crate::conn::ConnId;
use crate::frame::Frame;
use crate::packet::Packet;
use crate::transport::Transport;

impl Session {
    /// A WebSocket got its 101.
    pub(super) fn upgraded(&mut self, conn: ConnId) {
        if let State::Probing(_, probe) = &mut self.state
            && probe.conn == Some(conn)
            && probe.stage == ProbeStage::Asked
        {
            probe.stage = ProbeStage::Upgraded;
        }
    }

    /// A frame came, on whatever connection.
    pub(super) fn frame(&mut self, conn: ConnId, frame: Frame) {
        match &self.state {
            State::Opening(opening) if opening.conn == Some(conn) => self.opening_frame(frame),
            State::Probing(_, probe) if probe.conn == Some(conn) => self.probe_frame(frame),
            State::Framed(framed) if framed.conn == conn => self.session_frame(frame),
            State::Opening(_)
            | State::Polling(_)
            | State::Probing(..)
            | State::Framed(_)
            | State::Closed => {}
        }
    }

    fn probe_frame(&mut self, frame: Frame) {
        let State::Probing(_, probe) = &mut self.state else { return };
        let is_pong = matches!(
            codec::decode_frame(self.revision, frame),
            Ok(Packet::Pong(data)) if data == "probe"
        );
        if is_pong && probe.stage == ProbeStage::Probed {
            probe.stage = ProbeStage::Pausing;
            probe.by = self.now + self.config.upgrade_timeout();
        } else {
            self.abandon_probe();
        }
    }

    /// Goes on with polling alone.
    pub(super) fn abandon_probe(&mut self) {
        let State::Probing(polling, probe) = &mut self.state else { return };
        let (polling, conn) = (core::mem::take(polling), probe.conn);
        self.state = State::Polling(polling);
        if let Some(conn) = conn {
            self.hang_up(conn, CloseCode::NORMAL);
        }
    }

    /// Moves to the WebSocket once nothing is under way over polling: what the server had
    /// sent there has arrived, and so has what was sent to it.
    pub(super) fn finish_upgrade(&mut self) {
        if let State::Probing(polling, Probe { conn: Some(conn), stage: ProbeStage::Pausing, .. }) =
            &self.state
            && polling.get.is_none()
            && polling.post.is_none()
        {
            let framed = Framed { conn: *conn, owes_upgrade: true };
            self.state = State::Framed(framed);
            self.inbox.push(Event::Upgraded(Transport::WebSocket));
        }
    }

    fn session_frame(&mut self, frame: Frame) {
        if frame.len() > self.config.max_payload() {
            return self.finish(ClientCloseReason::Violation(Violation::TooLarge));
        }
        match codec::decode_frame(self.revision, frame) {
            Ok(packet) => self.packets([packet].into()),
            Err(error) => self.finish(ClientCloseReason::Violation(Violation::Packet(error))),
        }
    }

    pub(super) fn has_frame(&self, framed: &Framed) -> bool {
        framed.owes_upgrade || self.has_packet()
    }

    /// The end of the upgrade, the heartbeat, then messages, then the end.
    pub(super) fn next_frame(&mut self) -> Option<Transmit> {
        let framed = self.state.framed_mut()?;
        let heartbeat = self.heartbeat.as_mut()?;
        let packet = if framed.owes_upgrade {
            framed.owes_upgrade = false;
            Packet::Upgrade
        } else if let Some(packet) = heartbeat.packet() {
            heartbeat.note_sent();
            packet
        } else if let Some(message) = self.outbox.pop() {
            Packet::Message(message)
        } else {
            self.closing?;
            // All that is left is the hang-up, and it waits until it is pulled.
            self.finish(ClientCloseReason::Application);
            Packet::Close
        };
        Some(self.encode(packet))
    }

    pub(super) fn encode(&self, packet: Packet) -> Transmit {
        Transmit::Frame(codec::encode_frame(self.revision, packet, true))
    }
}
