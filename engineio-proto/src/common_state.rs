//! The half of a session that is the same at both ends.
//!
//! What each message passes through, from a frame to the inbox and from a send through the outbox to a
//! frame, is inlined by force. Passing a message to another function moves it: it is written field by
//! field and read back at once in wider pieces, for which a processor has to wait.

use alloc::vec::Vec;
use core::fmt;

use crate::close::Violation;
use crate::codec::{self, BinaryEncoding};
use crate::frame::Frame;
use crate::heartbeat::Heartbeat;
use crate::inbox::{self, Inbox};
use crate::outbox::{Batch, Outbox, Outgoing, SendError};
use crate::packet::{Packet, PacketType};
use crate::revision::Revision;
use crate::time::Instant;

/// An end of a session: the server's or the client's.
pub(crate) trait Side: fmt::Debug {
    type Event: inbox::Event + fmt::Debug;
    type CloseReason: From<Violation> + fmt::Debug;

    /// Handles a packet that is neither a message nor part of the heartbeat.
    fn control(packet_type: PacketType) -> Result<(), Self::CloseReason>;
}

/// The state that a session has from its beginning to its end. The heartbeat isn't part of it: it
/// exists only while the session is open.
#[derive(Debug)]
pub(crate) struct CommonState<S: Side> {
    /// The latest time heard of.
    pub(crate) now: Instant,
    pub(crate) revision: Revision,
    pub(crate) outbox: Outbox,
    pub(crate) inbox: Inbox<S::Event>,
    /// Set while the session closes, and cleared when it is closed.
    closing: Option<Closing<S::CloseReason>>,
}

/// The application ends the session, which goes on until all that is queued has left.
#[derive(Debug)]
pub(crate) struct Closing<R> {
    /// The end, whatever is still queued.
    pub(crate) until: Instant,
    /// Whether the application still gets the peer's messages.
    hears: bool,
    pub(crate) reason: R,
}

impl<S: Side> CommonState<S> {
    pub(crate) const fn new(
        now: Instant,
        revision: Revision,
        outbox: Outbox,
        inbox: Inbox<S::Event>,
    ) -> Self {
        Self { now, revision, outbox, inbox, closing: None }
    }

    /// The next timer, if it is due by `now`. The clock goes on to the time it was set for.
    pub(crate) fn due<T>(&mut self, next: Option<(Instant, T)>, now: Instant) -> Option<T> {
        let (at, timer) = next.filter(|(at, _)| *at <= now)?;
        self.now = self.now.max(at);
        Some(timer)
    }

    /// Queues a message or a batch, unless the session closes.
    #[inline(always)]
    pub(crate) fn send(&mut self, outgoing: Outgoing) -> Result<u64, SendError> {
        if self.is_closing() {
            return Err(SendError::Closed(outgoing));
        }
        self.outbox.push(outgoing)
    }

    /// Begins to close. Only the first call has an effect. It says whether the application still
    /// gets the peer's messages.
    pub(crate) fn close(&mut self, until: Instant, reason: S::CloseReason, hears: bool) {
        self.closing.get_or_insert(Closing { until, hears, reason });
    }

    /// Whether the application gets the peer's messages.
    #[inline]
    pub(crate) fn hears(&self) -> bool {
        self.closing.as_ref().is_none_or(|closing| closing.hears)
    }

    #[inline]
    pub(crate) const fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    pub(crate) const fn closing(&self) -> Option<&Closing<S::CloseReason>> {
        self.closing.as_ref()
    }

    /// The reason to end the session now, if it closes.
    pub(crate) fn take_closing(&mut self) -> Option<S::CloseReason> {
        self.closing.take().map(|closing| closing.reason)
    }

    /// The session is over: queued messages are lost, and the application gets this event last.
    pub(crate) fn end(&mut self, last: S::Event) {
        self.outbox.clear();
        self.closing = None;
        self.inbox.push(last);
    }

    /// A frame came on the connection that carries the session.
    #[inline(always)]
    pub(crate) fn handle_frame(
        &mut self,
        heartbeat: &mut Heartbeat,
        frame: Frame,
        max_payload: usize,
    ) -> Result<(), S::CloseReason> {
        if frame.len() > max_payload {
            return Err(Violation::TooLarge.into());
        }
        let packet = codec::decode_frame(self.revision, frame).map_err(Violation::Packet)?;
        self.handle_packet(heartbeat, packet)
    }

    /// Handles packets in order.
    pub(crate) fn handle_packets(
        &mut self,
        heartbeat: &mut Heartbeat,
        packets: Vec<Packet>,
    ) -> Result<(), S::CloseReason> {
        packets.into_iter().try_for_each(|packet| self.handle_packet(heartbeat, packet))
    }

    /// Handles a packet, whatever transport it came by.
    #[inline(always)]
    fn handle_packet(
        &mut self,
        heartbeat: &mut Heartbeat,
        packet: Packet,
    ) -> Result<(), S::CloseReason> {
        heartbeat.heard(self.now);
        let wrong = |_| S::CloseReason::from(Violation::HeartbeatDirection);
        match packet {
            Packet::Message(message) => {
                if self.hears() {
                    self.inbox.push_message(message);
                }
                Ok(())
            }
            Packet::Ping(_) => heartbeat.ping(self.now).map_err(wrong),
            Packet::Pong(_) => heartbeat.pong(self.now).map_err(wrong),
            Packet::Open(_) | Packet::Close | Packet::Upgrade | Packet::Noop => {
                S::control(packet.packet_type())
            }
        }
    }

    /// Whether something waits to leave: the heartbeat, a message or the close packet.
    pub(crate) fn has_packet(&self, heartbeat: &Heartbeat) -> bool {
        heartbeat.has_packet() || !self.outbox.is_empty() || self.is_closing()
    }

    /// The next packet to send, as a frame: the heartbeat's, or else a message. The close packet is
    /// left to the transport.
    #[inline(always)]
    pub(crate) fn next_frame(
        &mut self,
        heartbeat: &mut Heartbeat,
        binary: BinaryEncoding,
    ) -> Option<Frame> {
        if let Some(packet) = heartbeat.packet() {
            heartbeat.note_sent(self.now);
            return Some(codec::encode_frame(self.revision, packet, binary));
        }
        let (message, is_compressible) = self.outbox.pop()?;
        Some(codec::encode_message(self.revision, message, binary).compress(is_compressible))
    }

    /// Moves the heartbeat's packets and then messages up to this position into `batch`, as
    /// long as they fit. Tells whether any of them may be compressed.
    pub(crate) fn fill(&mut self, heartbeat: &mut Heartbeat, batch: &mut Batch, last: u64) -> bool {
        let mut is_compressible = false;
        while let Some(packet) = heartbeat.packet()
            && batch.offer(packet).is_ok()
        {
            heartbeat.note_sent(self.now);
            is_compressible = true;
        }
        is_compressible |= self.outbox.fill(batch, last);
        is_compressible
    }

    /// Whether it is time for the close packet: nothing else waits.
    pub(crate) fn owes_close(&self) -> bool {
        self.is_closing() && self.outbox.is_empty()
    }
}
