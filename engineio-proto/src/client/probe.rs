//! A WebSocket that is tried while polling goes on.

use bytestring::ByteString;

use super::core::Core;
use super::io::Transmit;
use crate::codec::{self, BinaryEncoding};
use crate::conn::ConnId;
use crate::frame::Frame;
use crate::packet::Packet;
use crate::time::Instant;

/// A WebSocket on trial, beside polling.
#[derive(Debug)]
pub(super) struct Probe {
    /// None until it was started.
    pub(super) conn: Option<ConnId>,
    stage: Stage,
    /// By when it has to get on.
    pub(super) by: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No 101 yet.
    Asked,
    /// The 101 came: `2probe` is to be sent.
    Switched,
    /// `2probe` was sent.
    Probed,
    /// `3probe` came: no request is started, and those under way are waited for.
    Pausing,
}

/// The probe came to nothing.
pub(super) struct Failed;

impl Probe {
    pub(super) const fn new(by: Instant) -> Self {
        Self { conn: None, stage: Stage::Asked, by }
    }

    pub(super) fn is(&self, conn: ConnId) -> bool {
        self.conn == Some(conn)
    }

    /// The 101 came.
    pub(super) fn switched(&mut self) {
        if self.stage == Stage::Asked {
            self.stage = Stage::Switched;
        }
    }

    /// Whether `2probe` is to be sent.
    pub(super) fn owes_ping(&self) -> bool {
        self.stage == Stage::Switched
    }

    /// `2probe`, if it is to be sent.
    pub(super) fn ping(&mut self, core: &Core) -> Option<Transmit> {
        if !self.owes_ping() {
            return None;
        }
        self.stage = Stage::Probed;
        let ping = Packet::Ping(ByteString::from_static(PROBE));
        Some(Transmit::Frame(codec::encode_frame(core.common.revision, ping, BinaryEncoding::Raw)))
    }

    /// A frame came. Only `3probe` is welcome, and only once.
    pub(super) fn handle_frame(&mut self, core: &Core, frame: Frame) -> Result<(), Failed> {
        let is_pong = matches!(
            codec::decode_frame(core.common.revision, frame),
            Ok(Packet::Pong(data)) if *data == *PROBE
        );
        if !is_pong || self.stage != Stage::Probed {
            return Err(Failed);
        }
        self.stage = Stage::Pausing;
        self.by = core.common.now + core.config.upgrade_timeout();
        Ok(())
    }

    /// The WebSocket that takes over once nothing is under way over polling.
    pub(super) fn successor(&self) -> Option<ConnId> {
        self.conn.filter(|_| self.is_pausing())
    }

    pub(super) fn is_pausing(&self) -> bool {
        self.stage == Stage::Pausing
    }
}

/// The data of the ping and pong that probe.
const PROBE: &str = "probe";
