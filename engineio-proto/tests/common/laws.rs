//! What holds in every world, at any time and at its end.

use engineio_proto::Message;

use super::world::World;

impl World {
    /// At any time.
    pub(super) fn check(&mut self) {
        let [to_client, to_server] = &mut self.verified;
        extends_prefix(to_client, &self.client.received, &self.sent);
        extends_prefix(to_server, &self.received, &self.client_sent);
        let Some(session) = &self.session else { return };
        assert_eq!(session.is_closed(), session.poll_timeout().is_none(), "deadlines");
        assert_eq!(session.is_closed(), session.close_reason().is_some(), "reasons");
        if let Some(reason) = &self.closed {
            assert_eq!(session.close_reason(), Some(reason), "the event says why");
        }
        assert!(self.answers.values().all(|answers| *answers <= 1), "two answers to a request");
        assert!(session.handed_over() <= session.accepted(), "what left was queued");
        let most = self.config.outbox_high_water() + self.largest + 128;
        assert!(session.queued_bytes() <= most, "{} bytes wait to leave", session.queued_bytes());
    }

    /// Runs to the end, however it comes, and checks what must hold then.
    pub(crate) fn finish(mut self) {
        self.is_stalled = false;
        self.is_reading = true;
        self.client_close();
        self.run_for(200_000);
        let Some(session) = &self.session else { return };
        assert!(session.is_closed(), "it never ends");
        assert!(self.closed.is_some(), "nobody was told of the end");
        assert!(self.answers.values().all(|answers| *answers == 1), "a request without an answer");
        assert!(self.live.is_empty(), "{:?} got no last word", self.live);
    }
}

/// The received messages are a prefix of those sent. The first `verified` are
/// known to be.
pub(super) fn extends_prefix(verified: &mut usize, received: &[Message], sent: &[Message]) {
    assert!(received.len() <= sent.len(), "more was received than sent");
    assert_eq!(received[*verified..], sent[*verified..received.len()], "in order, none missing");
    *verified = received.len();
}
