//! What holds for every pair of sessions, at any time and at its end.

use engineio_proto::ClientCloseReason as ClientClose;
use engineio_proto::{ContentType, Payload, ServerCloseReason, Violation, decode_payload};

use super::laws::extends_prefix;
use super::pair::Pair;
use super::pair_client::Kind;

impl Pair {
    /// At any time.
    pub(super) fn check(&mut self) {
        if !self.is_hostile {
            self.check_messages();
            self.check_faults();
        }
        let client = &mut self.client;
        let session = &client.session;
        assert_eq!(session.is_closed(), session.poll_timeout().is_none(), "deadlines");
        assert_eq!(session.is_closed(), session.close_reason().is_some(), "reasons");
        assert_eq!(session.is_closed(), session.transport().is_none(), "transports");
        if client.closed.is_some() {
            assert_eq!(session.close_reason(), client.closed.as_ref(), "the event says why");
        }
        for kind in [Kind::Get, Kind::Post] {
            let count = client.conns.values().filter(|known| **known == kind).count();
            assert!(count <= 1, "{kind:?} twice at a time");
        }
        assert!(session.handed_over() <= session.accepted(), "what left was queued");
        assert!(self.server.answers.values().all(|answers| *answers <= 1), "answered twice");
        for end in &self.server.ends {
            let most = self.server.config.outbox_high_water() + LONGEST;
            assert!(end.session.queued_bytes() <= most, "the outbox of the server");
        }
    }

    /// Each side got a prefix of what the other sent.
    fn check_messages(&mut self) {
        let client = &mut self.client;
        for end in &mut self.server.ends {
            if Some(&end.sid) == client.session.sid() {
                extends_prefix(&mut client.verified, &client.received, &end.sent);
                extends_prefix(&mut end.verified, &end.received, &client.sent);
            } else {
                assert!(end.received.is_empty(), "messages for a session that nobody heard of");
            }
        }
    }

    /// Neither side finds fault with the other.
    fn check_faults(&self) {
        for end in &self.server.ends {
            let is_fault = match end.session.close_reason() {
                // After a sleep, a body may have taken too long.
                Some(ServerCloseReason::Violation(Violation::SlowBody)) => !self.is_lossy,
                Some(ServerCloseReason::Violation(_)) => true,
                _ => false,
            };
            assert!(!is_fault, "the server complains: {:?}", end.session.close_reason());
        }
        let reason = self.client.session.close_reason();
        let is_fault =
            matches!(reason, Some(ClientClose::Violation(_) | ClientClose::WrongRevision(_)));
        assert!(!is_fault, "the client complains: {reason:?}");
    }

    /// A POST must be one that the server accepts.
    pub(super) fn check_post(&self, body: &bytes::Bytes) {
        if self.is_hostile {
            return;
        }
        let revision = self.client.session.revision();
        let is_binary = body.first().is_some_and(|byte| *byte <= 1);
        let content_type = if is_binary { ContentType::Binary } else { ContentType::Text };
        let payload = Payload { body: body.clone(), content_type };
        let packets = decode_payload(revision, payload, usize::MAX).expect("a legal payload");
        assert!(packets.len() <= 16, "{} packets in a POST", packets.len());
        let max = self.server.config.max_payload();
        assert!(body.len() <= max, "{} bytes in a POST of {} packets", body.len(), packets.len());
    }

    /// Everybody reads again.
    pub(crate) const fn calm(&mut self) {
        self.client.is_stalled = false;
        self.client.is_reading = true;
        self.server.is_stalled = false;
        self.server.is_reading = true;
    }

    /// Runs to the end, however it comes, and checks what must hold then.
    pub(crate) fn finish(mut self) {
        self.calm();
        let is_over = self.client.session.is_closed()
            || self.server.ends.iter().any(|end| end.session.is_closed());
        let was_lossy = self.is_lossy || is_over;
        self.client_close();
        self.run_for(10_000);
        assert!(self.client.closed.is_some(), "a close takes no longer than its time-out");
        assert!(self.client.conns.is_empty(), "{:?} got no last word", self.client.conns);
        self.run_for(100_000);
        for end in &self.server.ends {
            assert!(end.closed.is_some(), "the server's session never ends");
        }
        let answers = &self.server.answers;
        assert!(answers.values().all(|answers| *answers == 1), "a request without an answer");
        assert!(self.server.live.is_empty(), "{:?} got no last word", self.server.live);
        if !was_lossy {
            assert_eq!(self.client.closed, Some(ClientClose::Application));
            assert_eq!(self.end().received, self.client.sent, "a close loses nothing");
        }
    }
}

/// More than the longest message of a test.
const LONGEST: usize = 150_000;
