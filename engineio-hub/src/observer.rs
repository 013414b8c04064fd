//! Notifications for logs and metrics.

use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(feature = "metrics")]
use std::time::Duration;

use engineio_proto::{NodeTag, Revision, ServerCloseReason, Sid, Transport};

use crate::cluster::BusLoss;
use crate::refused::RefusedRequest;
#[cfg(feature = "metrics")]
use crate::sample::Sample;

/// Is told what happens to requests and sessions, for logs and metrics.
///
/// By default every method does nothing. They are called while a request is served, under no lock.
/// Be quick, and count rather than write where peers can cause calls at will. A panic in a method
/// loses that notification only.
pub trait Observer: Send + Sync + 'static {
    /// A request was turned away: by the protocol, for lack of room or time, or by the
    /// application. [`RefusedRequest::cause`] says why.
    ///
    /// Also called for a connection that is turned away before a request of it is understood, as
    /// [`Connection`](engineio_proto::server::RefusalCause::Connection), for a WebSocket that
    /// didn't take over its session, and for a handshake whose client left after a while without a
    /// decision, as
    /// [`NotAccepted`](engineio_proto::server::RefusalCause::NotAccepted).
    fn refused(&self, request: &RefusedRequest<'_>) {
        let _ = request;
    }

    /// A handshake was accepted.
    fn opened(&self, sid: &Sid, revision: Revision, transport: Transport) {
        let _ = (sid, revision, transport);
    }

    /// A session moved to another transport.
    fn upgraded(&self, sid: &Sid, transport: Transport) {
        let _ = (sid, transport);
    }

    /// A session ended. Called once for each session that was opened.
    fn closed(&self, sid: &Sid, reason: &ServerCloseReason) {
        let _ = (sid, reason);
    }

    /// A session's client answered a ping, after so long. Only revision 4: in revision 3 the client
    /// pings.
    #[cfg(feature = "metrics")]
    fn heartbeat(&self, sid: &Sid, round_trip: Duration) {
        let _ = (sid, round_trip);
    }

    /// Whether to take figures of the whole server. Asked once. By default none are taken.
    #[cfg(feature = "metrics")]
    fn wants_samples(&self) -> bool {
        false
    }

    /// New figures of the whole server, four times a second while there are sessions and once after
    /// the last, if the observer [wants](Self::wants_samples) them.
    #[cfg(feature = "metrics")]
    fn sampled(&self, sample: &Sample) {
        let _ = sample;
    }

    /// A request for a session of another node is about to be forwarded to that. A WebSocket is one
    /// request.
    fn forwarded(&self, node: NodeTag) {
        let _ = node;
    }

    /// A forwarded request didn't reach its node. Its client is also told to be
    /// [refused](Self::refused).
    fn unreachable(&self, node: NodeTag) {
        let _ = node;
    }

    /// Messages between the nodes of a cluster are lost: they didn't leave, or didn't come.
    /// `is_first`: the first of its kind in a minute, and worth a warning.
    fn bus_lost(&self, loss: &BusLoss<'_>, is_first: bool) {
        let _ = (loss, is_first);
    }

    /// All clients together hold [`max_memory`](engineio_proto::ServerConfig::max_memory), and so
    /// many bytes are counted. Until an eighth of it is free again, large bodies are
    /// [refused](engineio_proto::server::RefusalCause::Memory), and sessions that hold much without
    /// getting on end as [overloaded](ServerCloseReason::Overloaded). Called once a minute at most.
    fn memory_exceeded(&self, held: usize) {
        let _ = held;
    }

    /// The application uses the server in a way that can't work. The text says how.
    fn misused(&self, what: &str) {
        let _ = what;
    }
}

/// Ignores everything.
impl Observer for () {}

/// Tells both, one after the other.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn refused(&self, request: &RefusedRequest<'_>) {
        self.0.refused(request);
        self.1.refused(request);
    }

    fn opened(&self, sid: &Sid, revision: Revision, transport: Transport) {
        self.0.opened(sid, revision, transport);
        self.1.opened(sid, revision, transport);
    }

    fn upgraded(&self, sid: &Sid, transport: Transport) {
        self.0.upgraded(sid, transport);
        self.1.upgraded(sid, transport);
    }

    fn closed(&self, sid: &Sid, reason: &ServerCloseReason) {
        self.0.closed(sid, reason);
        self.1.closed(sid, reason);
    }

    #[cfg(feature = "metrics")]
    fn heartbeat(&self, sid: &Sid, round_trip: Duration) {
        self.0.heartbeat(sid, round_trip);
        self.1.heartbeat(sid, round_trip);
    }

    #[cfg(feature = "metrics")]
    fn wants_samples(&self) -> bool {
        self.0.wants_samples() || self.1.wants_samples()
    }

    #[cfg(feature = "metrics")]
    fn sampled(&self, sample: &Sample) {
        self.0.sampled(sample);
        self.1.sampled(sample);
    }

    fn forwarded(&self, node: NodeTag) {
        self.0.forwarded(node);
        self.1.forwarded(node);
    }

    fn unreachable(&self, node: NodeTag) {
        self.0.unreachable(node);
        self.1.unreachable(node);
    }

    fn bus_lost(&self, loss: &BusLoss<'_>, is_first: bool) {
        self.0.bus_lost(loss, is_first);
        self.1.bus_lost(loss, is_first);
    }

    fn memory_exceeded(&self, held: usize) {
        self.0.memory_exceeded(held);
        self.1.memory_exceeded(held);
    }

    fn misused(&self, what: &str) {
        self.0.misused(what);
        self.1.misused(what);
    }
}

/// Catches a panic in the observer, since its caller may be in the middle of a change.
pub(crate) struct Guarded(pub(crate) Box<dyn Observer>);

impl Guarded {
    fn tell(&self, tell: impl FnOnce(&dyn Observer)) {
        // The panic hook has reported it.
        let _ = catch_unwind(AssertUnwindSafe(|| tell(&*self.0)));
    }

    pub(crate) fn refused(&self, request: &RefusedRequest<'_>) {
        self.tell(|observer| observer.refused(request));
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

    #[cfg(feature = "metrics")]
    pub(crate) fn heartbeat(&self, sid: &Sid, round_trip: Duration) {
        self.tell(|observer| observer.heartbeat(sid, round_trip));
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn sampled(&self, sample: &Sample) {
        self.tell(|observer| observer.sampled(sample));
    }

    pub(crate) fn forwarded(&self, node: NodeTag) {
        self.tell(|observer| observer.forwarded(node));
    }

    pub(crate) fn unreachable(&self, node: NodeTag) {
        self.tell(|observer| observer.unreachable(node));
    }

    pub(crate) fn bus_lost(&self, loss: &BusLoss<'_>, is_first: bool) {
        self.tell(|observer| observer.bus_lost(loss, is_first));
    }

    pub(crate) fn memory_exceeded(&self, held: usize) {
        self.tell(|observer| observer.memory_exceeded(held));
    }

    pub(crate) fn misused(&self, what: &str) {
        self.tell(|observer| observer.misused(what));
    }
}
