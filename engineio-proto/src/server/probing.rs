//! A WebSocket that asks to take over from polling.

use core::mem;
use core::time::Duration;

use bytestring::ByteString;

use super::exchange::Exchange;
use super::io::{Event, Transmit};
use super::refusal::RefusalCause;
use super::session::Session;
use super::transport::{Framed, Probe, ProbeStage, State};
use crate::close::CloseCode;
use crate::codec;
use crate::conn::ConnId;
use crate::frame::Frame;
use crate::packet::Packet;
use crate::time::Instant;
use crate::transport::Transport;

impl Session {
    /// A request for a WebSocket with this session's sid.
    pub(super) fn upgrade_request(&mut self, conn: ConnId, exchange: Exchange) {
        if matches!(self.state, State::Polling(_)) && !self.config.can_upgrade() {
            return self.refuse(conn, exchange, RefusalCause::UpgradeNotAllowed);
        }
        let mut headers = exchange.headers;
        if let Some(subprotocol) = exchange.subprotocol {
            headers.push("sec-websocket-protocol", subprotocol);
        }
        self.replies.push(conn, Transmit::Upgrade(headers));
        self.state = match mem::replace(&mut self.state, State::Closed) {
            State::Polling(mut polling) => {
                polling.end_abandonment();
                let probe = Probe {
                    conn,
                    is_binary: !exchange.wants_text,
                    by: self.now + self.config.upgrade_timeout(),
                    stage: ProbeStage::Silent,
                };
                State::Probing(polling, probe)
            }
            taken @ (State::Probing(..) | State::Framed(_) | State::Closed) => {
                // Whoever is first stays. The reference servers let this one in and
                // close it, and clients expect that rather than a refusal.
                self.replies.push(conn, Transmit::Hangup(CloseCode::POLICY));
                taken
            }
        };
    }

    /// A frame of the probing connection.
    pub(super) fn probe_frame(&mut self, frame: Frame) {
        match codec::decode_frame(self.revision, frame) {
            Ok(Packet::Ping(data)) if *data == *PROBE => self.probed(),
            Ok(Packet::Upgrade) => self.upgrade(),
            Ok(_) | Err(_) => self.abandon_probe(),
        }
    }

    /// `2probe` came. The client now waits for `3probe`, and for its GET to end.
    fn probed(&mut self) {
        let now = self.now;
        let State::Probing(polling, probe) = &mut self.state else { return };
        match &mut probe.stage {
            ProbeStage::Probed { owes_pong, .. } => *owes_pong = true,
            ProbeStage::Silent => {
                // Clients can't go back to polling once they saw `3probe`.
                probe.by = now + self.config.ping_timeout();
                probe.stage = ProbeStage::Probed { owes_pong: true, quick_polls: QUICK_POLLS };
                if let Some(get) = &mut polling.get {
                    get.noop_at = Some(now);
                }
            }
        }
    }

    /// `5` came: from now on everything goes over this connection.
    fn upgrade(&mut self) {
        if let (Some(pong), Some(probe)) = (self.probe_pong(), self.state.probe()) {
            self.replies.push(probe.conn, pong);
        }
        match mem::replace(&mut self.state, State::Closed) {
            State::Probing(polling, probe) => {
                self.state = State::Framed(Framed {
                    conn: probe.conn,
                    is_binary: probe.is_binary,
                    has_said_close: false,
                });
                // A client that keeps to the protocol has nothing under way here.
                self.leave_polling(polling, Packet::Noop);
                self.inbox.push(Event::Upgraded(Transport::WebSocket));
            }
            other @ (State::Polling(_) | State::Framed(_) | State::Closed) => self.state = other,
        }
    }

    /// The probe came to nothing. Polling goes on as if it had never been.
    pub(super) fn abandon_probe(&mut self) {
        match mem::replace(&mut self.state, State::Closed) {
            State::Probing(mut polling, probe) => {
                if let Some(get) = &mut polling.get {
                    get.noop_at = None;
                }
                self.replies.push(probe.conn, Transmit::Hangup(CloseCode::NORMAL));
                self.state = State::Polling(polling);
            }
            other @ (State::Polling(_) | State::Framed(_) | State::Closed) => self.state = other,
        }
    }

    /// `3probe`, if it is owed.
    pub(super) fn probe_pong(&mut self) -> Option<Transmit> {
        let revision = self.revision;
        let probe = self.state.probe_mut()?;
        let ProbeStage::Probed { owes_pong, .. } = &mut probe.stage else { return None };
        if !mem::replace(owes_pong, false) {
            return None;
        }
        let pong = Packet::Pong(ByteString::from_static(PROBE));
        Some(Transmit::Frame(codec::encode_frame(revision, pong, probe.is_binary)))
    }
}

impl Probe {
    pub(super) const fn is_probed(&self) -> bool {
        matches!(self.stage, ProbeStage::Probed { .. })
    }

    pub(super) const fn owes_pong(&self) -> bool {
        matches!(self.stage, ProbeStage::Probed { owes_pong: true, .. })
    }

    /// From when on a GET that comes now is in the way. The first few at once; more
    /// of them mean that `3probe` was lost, and the client shouldn't spin meanwhile.
    pub(super) fn noop_at(&mut self, now: Instant) -> Option<Instant> {
        match &mut self.stage {
            ProbeStage::Silent => None,
            ProbeStage::Probed { quick_polls: 0, .. } => Some(now + SLOW_POLL),
            ProbeStage::Probed { quick_polls, .. } => {
                *quick_polls -= 1;
                Some(now)
            }
        }
    }
}

/// The data of the ping and pong that probe.
const PROBE: &str = "probe";

/// How many GETs behind the one that waits at `2probe` are answered at once.
const QUICK_POLLS: u8 = 2;

/// How long later ones wait.
const SLOW_POLL: Duration = Duration::from_millis(100);
