//! Requests for sessions of other nodes.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use engineio_proto::server::{Exchange, Kind, Refusal};
use engineio_proto::{Instant, NodeTag};
use http::request::Parts;
use http::{Response, Uri, Version, response};

use super::body::RequestBody;
use super::deadlines::Target;
use super::handshake::Connection;
use super::hub::Hub;
use super::passing::{Guest, Passing};
use super::pending::RETRY_AFTER;
use super::requests::Admitted;
use super::running::Running;
use super::seat::{Place, Seat};
use crate::cluster::{self, Cluster, is_node_url};
use crate::data::Data;
use crate::head::RequestHead;
use crate::http_map;
use crate::refused::RequestLine;
use crate::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use crate::upgrade::Upgrade;

/// What a server knows of the other nodes.
#[derive(Default)]
pub(crate) struct Elsewhere {
    cluster: OnceLock<Cluster>,
    /// The application was told of a place where no node can be.
    misplaced: OnceLock<()>,
    /// How many forwards there are.
    forwards: AtomicUsize,
    /// Those of them that may last.
    pub(super) passing: Passing,
}

impl Elsewhere {
    /// Counts one more forward, unless there are as many as there may be.
    fn begin(&self, cluster: &Cluster) -> bool {
        let is_full = self.forwards.fetch_add(1, Relaxed) >= cluster.most_forwards();
        if is_full {
            self.forwards.fetch_sub(1, Relaxed);
        }
        !is_full
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
    upgrade: Option<Box<Upgrade>>,
    line: RequestLine,
    /// Of a poll or a WebSocket.
    guest: Option<Guest>,
    /// What tells the node which of them has to leave.
    farewell: Option<Box<str>>,
    /// The client's connection ends with an answer that says so.
    is_http1: bool,
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
    /// again. `None`: no node can be [reached](crate::cluster::is_node_url) at this place.
    pub fn request(&self, head: Parts, place: &Uri) -> Option<Parts> {
        if !is_node_url(place) {
            self.home.misplaced(self.node, place);
            return None;
        }
        let (is_websocket, client) = (self.upgrade.is_some(), self.line.remote());
        cluster::head::forwarded(
            head,
            place,
            self.has_body(),
            is_websocket,
            client,
            self.home.tag(),
        )
    }

    /// Makes the head of the node's answer one for the client.
    pub fn answer(&self, head: &mut response::Parts) {
        // A closing server's clients look for another one.
        let is_last = self.is_http1 && self.home.is_closing();
        cluster::head::answered(&mut head.headers, is_last);
    }

    /// Makes the node's 101 one for the client, or over HTTP/2 a 200. `None`: no WebSocket was asked
    /// for.
    pub fn switch(&mut self, mut head: response::Parts) -> Option<Response<()>> {
        cluster::head::answered(&mut head.headers, false);
        Some(self.upgrade.take()?.proxied(head.headers))
    }

    /// Ready when the server closes and it is this request's or WebSocket's turn to leave. Then send
    /// what [`farewell`](Self::farewell) makes to the node, once, and go on as before: the node
    /// answers the poll, or flushes and ends the session of the WebSocket, and that ends it here.
    /// A WebSocket has no turn before it was [switched](Self::switch) to.
    pub fn poll_leave(&self, cx: &Context<'_>) -> Poll<()> {
        let guest = self.guest.as_ref().filter(|_| self.upgrade.is_none());
        guest.map_or(Poll::Pending, |guest| guest.poll(cx))
    }

    /// Makes the head of the request, without a body, that asks the node to let this one leave. The
    /// answer to it doesn't matter. To find the node may take until `patience` is ready. `None`: it
    /// is unreachable, or the target is too long to be kept.
    pub fn farewell<P: Future<Output = ()>>(
        &self,
        patience: P,
    ) -> impl Future<Output = Option<Parts>> + use<P> {
        let (home, node, target) = (Arc::clone(&self.home), self.node, self.farewell.clone());
        async move {
            let (target, cluster) = (target?, home.elsewhere().cluster.get()?);
            let place = cluster.locate(node, || home.now(), patience).await?;
            cluster::head::farewell(&place, &target, home.tag())
        }
    }

    /// The answer if the node can't be reached, and nothing of the request was sent.
    pub fn unreachable(&self) -> Response<Bytes> {
        http_map::response(self.not_forwarded())
    }

    /// As [`unreachable`](Self::unreachable), as the core writes it.
    pub(crate) fn not_forwarded(&self) -> engineio_proto::Response {
        self.home.unreachable(self.node);
        self.refuse(self.exchange.clone().unreachable_node(self.node))
    }

    /// The answer if the node broke off after something of the request was sent.
    pub fn lost(&self) -> Response<Bytes> {
        http_map::response(self.refuse(self.exchange.clone().lost_node(self.node)))
    }

    fn refuse(&self, refusal: Refusal) -> engineio_proto::Response {
        self.home.refused(&refusal, &self.line);
        refusal.response()
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        let elsewhere = self.home.elsewhere();
        self.guest.iter().for_each(|guest| elsewhere.passing.leave(guest));
        elsewhere.forwards.fetch_sub(1, Relaxed);
        self.home.forward_ended();
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
    fn is_closing(&self) -> bool;
    fn forward_ended(&self);
    fn unreachable(&self, node: NodeTag);
    fn refused(&self, refusal: &Refusal, line: &RequestLine);
    fn misplaced(&self, node: NodeTag, place: &Uri);
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

    fn is_closing(&self) -> bool {
        self.core.is_closing()
    }

    fn forward_ended(&self) {
        if self.core.is_closing() {
            self.core.note_end();
        }
    }

    fn unreachable(&self, node: NodeTag) {
        self.core.observer.unreachable(node);
    }

    fn misplaced(&self, node: NodeTag, place: &Uri) {
        self.elsewhere.misplaced.get_or_init(|| {
            self.core.observer.misused(&format!(
                "the directory has `{place}` for the node `{node}`, and nodes are reached by `http` \
                 URLs with a host: they speak HTTP without TLS to each other",
            ));
        });
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
        head: &RequestHead<'_>,
        connection: Connection,
        line: RequestLine,
    ) -> Admitted<D> {
        let cluster = self.running.elsewhere.cluster.get();
        let node = NodeTag::of_sid(sid).filter(|node| self.config().node() != Some(*node));
        // One that was forwarded has come to its node, or the nodes don't agree about who is who.
        let (Some(cluster), Some(node), false) = (cluster, node, head.fields.has_hopped) else {
            return self.turn_away(&line, exchange.unknown_session());
        };
        let kind = exchange.kind();
        if matches!(kind, Kind::Framed(_)) && self.is_closing() {
            // The session stays where it is, and its client on polling.
            return self.turn_away(&line, exchange.closing(RETRY_AFTER.as_secs()));
        }
        let (exchange, upgrade) = match self.check_upgrade(exchange, head, connection) {
            Ok((exchange, upgrade)) if self.running.elsewhere.begin(cluster) => (exchange, upgrade),
            Ok((exchange, _)) => {
                return self.turn_away(&line, exchange.too_many_forwards(RETRY_AFTER.as_secs()));
            }
            Err(refusal) => return self.turn_away(&line, refusal),
        };
        self.running.core.observer.forwarded(node);
        let home: Arc<dyn Home> = Arc::<Running<D>>::clone(&self.running);
        let is_http1 = head.version <= Version::HTTP_11;
        let may_last = kind != Kind::Post;
        let guest = may_last.then(|| self.receive());
        let farewell = may_last.then(|| cluster::head::farewell_target(&head.target)).flatten();
        let forward = Forward { node, exchange, upgrade, line, guest, farewell, is_http1, home };
        let place = Place::Elsewhere(Box::new(forward));
        Admitted::Seated(Seat::new(&self.running, place, RequestBody::Done, None, None))
    }

    /// Counts a poll or a WebSocket that passes through.
    fn receive(&self) -> Guest {
        let core = &self.running.core;
        let (guest, turn) = self.running.elsewhere.passing.enter(|| core.now());
        if let Some(turn) = turn {
            core.deadlines.arm_anywhere(turn, Target::Alarm(guest.alarm()));
        }
        guest
    }
}
