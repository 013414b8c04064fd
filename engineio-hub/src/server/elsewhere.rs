//! Requests for sessions of other nodes.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use engineio_proto::server::{Exchange, Kind, Refusal};
use engineio_proto::{Instant, NodeTag};
use http::request::Parts;
use http::{Response, Uri, response};

use super::handshake::Connection;
use super::hub::Hub;
use super::pending::RETRY_AFTER;
use super::requests::Admitted;
use super::running::Running;
use super::seat::Place;
use crate::cluster::{Cluster, head};
use crate::data::Data;
use crate::http_map;
use crate::refused::RequestLine;
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::upgrade::Upgrade;

/// What a server knows of the other nodes.
#[derive(Default)]
pub(crate) struct Elsewhere {
    cluster: OnceLock<Cluster>,
    /// How many forwards there are.
    forwards: AtomicUsize,
    /// How many of them are requests without an answer, or in the middle of one.
    requests: AtomicUsize,
}

impl Elsewhere {
    /// Counts one more forward, unless there are as many as there may be.
    fn begin(&self, cluster: &Cluster) -> bool {
        let is_full = self.forwards.fetch_add(1, Relaxed) >= cluster.most_forwards();
        if is_full {
            self.forwards.fetch_sub(1, Relaxed);
        } else {
            self.requests.fetch_add(1, Relaxed);
        }
        !is_full
    }

    /// Whether a request waits for the rest of its answer.
    pub(super) fn has_requests(&self) -> bool {
        self.requests.load(Relaxed) > 0
    }
}

/// A request or a WebSocket for a session of another node, which is to be forwarded there.
///
/// It goes there whole, once: it is never repeated, since the first attempt may have reached the
/// session. Keep this until the end of the answer or of the WebSocket, as it counts as
/// [under way](Hub::forwards) that long.
pub struct Forward {
    node: NodeTag,
    exchange: Exchange,
    /// For a WebSocket: what its answer needs.
    upgrade: Option<Upgrade>,
    line: RequestLine,
    /// It is a WebSocket by now, and no request.
    is_switched: bool,
    home: Arc<dyn Home>,
}

impl Forward {
    /// The node that has the session.
    pub const fn node(&self) -> NodeTag {
        self.node
    }

    /// Whether the request has a body to forward.
    pub fn has_body(&self) -> bool {
        self.exchange.kind() == Kind::Post
    }

    /// How long the second half of a WebSocket may go on after the first has ended.
    pub fn linger(&self) -> Duration {
        self.home.linger()
    }

    /// Finds out where the node is, which may take until `patience` is ready. `None`: it is
    /// [unreachable](Self::unreachable).
    pub async fn locate(&self, patience: impl Future<Output = ()>) -> Option<Uri> {
        let cluster = self.home.elsewhere().cluster.get()?;
        cluster.locate(self.node, || self.home.now(), patience).await
    }

    /// Makes the head of the request to send to the node that is at this place: without what was
    /// meant for this hop alone (RFC 9110, section 7.6.1), and marked, so that it isn't forwarded
    /// again. `None`: nothing can be at this place.
    pub fn request(&self, head: Parts, place: &Uri) -> Option<Parts> {
        let (is_websocket, client) = (self.upgrade.is_some(), self.line.remote());
        head::forwarded(head, place, self.has_body(), is_websocket, client, self.home.tag())
    }

    /// Makes the head of the node's answer one for the client.
    pub fn answer(&self, head: &mut response::Parts) {
        head::answered(&mut head.headers);
    }

    /// Makes the node's 101 one for the client, or over HTTP/2 a 200. `None`: no WebSocket was asked
    /// for.
    pub fn switch(&mut self, mut head: response::Parts) -> Option<Response<()>> {
        head::answered(&mut head.headers);
        let response = self.upgrade.take()?.proxied(head.headers);
        self.is_switched = true;
        self.end_request();
        Some(response)
    }

    /// The answer if the node can't be reached, and nothing of the request was sent.
    pub fn unreachable(&self) -> Response<Bytes> {
        self.home.unreachable(self.node);
        self.refuse(self.exchange.clone().unreachable_node(self.node))
    }

    /// The answer if the node broke off after something of the request was sent.
    pub fn lost(&self) -> Response<Bytes> {
        self.refuse(self.exchange.clone().lost_node(self.node))
    }

    fn end_request(&self) {
        self.home.elsewhere().requests.fetch_sub(1, Relaxed);
        self.home.request_ended();
    }

    fn refuse(&self, refusal: Refusal) -> Response<Bytes> {
        self.home.refused(&refusal, &self.line);
        http_map::response(refusal.response())
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.home.elsewhere().forwards.fetch_sub(1, Relaxed);
        if !self.is_switched {
            self.end_request();
        }
    }
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward").field("node", &self.node).finish_non_exhaustive()
    }
}

/// The server that a forward belongs to, of whatever data.
trait Home: Send + Sync {
    fn elsewhere(&self) -> &Elsewhere;
    fn now(&self) -> Instant;
    fn tag(&self) -> Option<NodeTag>;
    fn linger(&self) -> Duration;
    fn request_ended(&self);
    fn unreachable(&self, node: NodeTag);
    fn refused(&self, refusal: &Refusal, line: &RequestLine);
}

impl<D: Data> Home for Running<D> {
    fn elsewhere(&self) -> &Elsewhere {
        &self.elsewhere
    }

    fn now(&self) -> Instant {
        self.core.now()
    }

    fn tag(&self) -> Option<NodeTag> {
        self.core.config.node()
    }

    fn linger(&self) -> Duration {
        self.core.config.linger()
    }

    fn request_ended(&self) {
        if self.core.is_closing() {
            self.core.note_end();
        }
    }

    fn unreachable(&self, node: NodeTag) {
        self.core.observer.unreachable(node);
    }

    fn refused(&self, refusal: &Refusal, line: &RequestLine) {
        self.core.refused(refusal, line);
    }
}

impl<D: Data> Hub<D> {
    /// Makes the server a node of a cluster: requests for sessions of other nodes are
    /// [forwarded](crate::Seat::forward). Has no effect on a server that is in one already.
    pub fn join(&self, cluster: Cluster) {
        if self.config().node().is_none() {
            self.running.core.observer.misused(
                "a server without `node` was made part of a cluster: it forwards requests for \
                 sessions of other nodes, but its own sessions are unknown to them",
            );
        }
        let _ = self.running.elsewhere.cluster.set(cluster);
    }

    /// How many requests and WebSockets for sessions of other nodes are under way.
    pub fn forwards(&self) -> usize {
        self.running.elsewhere.forwards.load(Relaxed)
    }

    /// Admits a request for a session that isn't here.
    pub(super) fn admit_elsewhere(
        &self,
        sid: &str,
        exchange: Exchange,
        parts: &Parts,
        connection: Connection,
        line: &RequestLine,
    ) -> Admitted<D> {
        let cluster = self.running.elsewhere.cluster.get();
        let node = NodeTag::of_sid(sid).filter(|node| self.config().node() != Some(*node));
        // One that was forwarded has come to its node, or the nodes don't agree about who is who.
        let (Some(cluster), Some(node), false) = (cluster, node, head::was_forwarded(parts)) else {
            return self.turn_away(line, exchange.unknown_session());
        };
        let upgrade = match self.check_upgrade(exchange, parts, connection) {
            Ok((exchange, upgrade)) if self.running.elsewhere.begin(cluster) => (exchange, upgrade),
            Ok((exchange, _)) => {
                return self.turn_away(line, exchange.too_many_forwards(RETRY_AFTER.as_secs()));
            }
            Err(refusal) => return self.turn_away(line, refusal),
        };
        self.running.core.observer.forwarded(node);
        let (exchange, upgrade) = upgrade;
        let home: Arc<dyn Home> = Arc::<Running<D>>::clone(&self.running);
        let line = line.clone();
        let forward = Forward { node, exchange, upgrade, line, is_switched: false, home };
        (Place::Elsewhere(Box::new(forward)), None)
    }
}
