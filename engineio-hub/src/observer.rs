//! What operators want to hear about.

use std::panic::{AssertUnwindSafe, catch_unwind};

use engineio_proto::server::Refusal;
use engineio_proto::{Revision, ServerCloseReason, Sid, Transport};

/// Hears what happens to requests and sessions, for logs and metrics.
///
/// Every method does nothing unless it is written. They are called on the path of
/// requests, under no lock: be quick, and count rather than write where peers can
/// cause the call at will. One that panics loses what it was told, and nothing else.
pub trait Observer: Send + Sync + 'static {
    /// A request was turned away: by the rules of the protocol, for want of room or time,
    /// or by the application. [`Refusal::cause`] says why.
    fn refused(&self, refusal: &Refusal) {
        let _ = refusal;
    }

    /// A handshake was accepted.
    fn opened(&self, sid: &Sid, revision: Revision, transport: Transport) {
        let _ = (sid, revision, transport);
    }

    /// A session moved to another transport.
    fn upgraded(&self, sid: &Sid, transport: Transport) {
        let _ = (sid, transport);
    }

    /// A session ended. Once for each that was opened.
    fn closed(&self, sid: &Sid, reason: &ServerCloseReason) {
        let _ = (sid, reason);
    }

    /// The application uses the server in a way that can't work; the text says how.
    fn misused(&self, what: &str) {
        let _ = what;
    }
}

/// Listens to nothing.
impl Observer for () {}

/// Keeps the panics of the application's observer from whoever called it, who may be in the middle
/// of something.
pub(crate) struct Guarded(pub(crate) Box<dyn Observer>);

impl Guarded {
    fn tell(&self, tell: impl FnOnce(&dyn Observer)) {
        // The panic hook has reported it.
        let _ = catch_unwind(AssertUnwindSafe(|| tell(&*self.0)));
    }

    pub(crate) fn refused(&self, refusal: &Refusal) {
        self.tell(|observer| observer.refused(refusal));
    }

    pub(crate) fn opened(&self, sid: &Sid, revision: Revision, transport: Transport) {
        self.tell(|observer| observer.opened(sid, revision, transport));
    }

    pub(crate) fn upgraded(&self, sid: &Sid, transport: Transport) {
        self.tell(|observer| observer.upgraded(sid, transport));
    }

    pub(crate) fn closed(&self, sid: &Sid, reason: &ServerCloseReason) {
        self.tell(|observer| observer.closed(sid, reason));
    }

    pub(crate) fn misused(&self, what: &str) {
        self.tell(|observer| observer.misused(what));
    }
}
