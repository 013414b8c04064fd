//! A handshake, for the application to decide about.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use engineio_proto::server::{Opening, Session};
use engineio_proto::{InvalidHeader, Message, Revision, ServerCloseReason, Sid, Transport};
use http::request::Parts;

use crate::server::hub::Hub;
use crate::server::pending::Waiting;
use crate::server::reception::Arrival;
use crate::server::session::{Audience, Cell, FIRST_CONN, Overflow};
use crate::server::socket::Socket;

/// The address that a request came from, as the binding saw it. A binding puts it
/// among the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "bindings make it")]
pub struct RemoteAddr(pub SocketAddr);

/// A client that asks for a session. Look at the request, then accept or refuse;
/// dropping it refuses with 403. No session exists until it is accepted.
#[must_use = "dropping it refuses the client"]
pub struct Incoming<D: Send + Sync + 'static = ()> {
    hub: Arc<Hub<D>>,
    waiting: Arc<Waiting<D>>,
    request: Parts,
    extras: Extras,
}

/// What the application adds to the handshake.
#[derive(Default)]
struct Extras {
    headers: Vec<(ByteString, ByteString)>,
    messages: Vec<Message>,
    sid: Option<Sid>,
    overflow: Overflow,
}

impl<D: Send + Sync + 'static> Incoming<D> {
    pub(crate) fn new(hub: &Arc<Hub<D>>, arrival: Arrival<D>) -> Self {
        let Arrival { waiting, request } = arrival;
        Self { hub: Arc::clone(hub), waiting, request, extras: Extras::default() }
    }

    /// The request of the handshake.
    pub const fn request(&self) -> &Parts {
        &self.request
    }

    /// The client's address: the peer's, or where
    /// [`trust_forwarded`](engineio_proto::ServerConfig::trust_forwarded) is on, the last one
    /// that `X-Forwarded-For` names. `None` if the binding doesn't know it.
    pub fn remote_ip(&self) -> Option<IpAddr> {
        let forwarded = self.hub.config().trust_forwarded().then(|| self.forwarded_for());
        let peer = || Some(self.request.extensions.get::<RemoteAddr>()?.0.ip());
        forwarded.flatten().or_else(peer)
    }

    fn forwarded_for(&self) -> Option<IpAddr> {
        let value = self.request.headers.get_all("x-forwarded-for").into_iter().next_back()?;
        value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
    }

    /// The transport that the client begins on.
    pub fn transport(&self) -> Option<Transport> {
        self.waiting.look(Opening::transport)
    }

    /// The revision that the client speaks.
    pub fn revision(&self) -> Option<Revision> {
        self.waiting.look(Opening::revision)
    }

    /// Adds a header to the answer, on either transport.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if HTTP can't carry it.
    pub fn header(
        mut self,
        name: impl Into<ByteString>,
        value: impl Into<ByteString>,
    ) -> Result<Self, InvalidHeader> {
        let (name, value) = (name.into(), value.into());
        engineio_proto::Headers::new().try_push(name.clone(), value.clone())?;
        self.extras.headers.push((name, value));
        Ok(self)
    }

    /// Adds a message that the client gets together with the open packet.
    pub fn message(mut self, message: impl Into<Message>) -> Self {
        self.extras.messages.push(message.into());
        self
    }

    /// Gives the session an identifier of the application's own, which must be
    /// impossible to guess. If a session has it already, a random one is used.
    pub fn sid(mut self, sid: Sid) -> Self {
        self.extras.sid = Some(sid);
        self
    }

    /// What becomes of broadcast messages that the session has no room for.
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.extras.overflow = overflow;
        self
    }

    /// Accepts the client, with the application's data for the session. `None`: it has
    /// left meanwhile, or has waited too long.
    pub fn accept_with(mut self, data: D) -> Option<Socket<D>> {
        let cell = self.open(data, Audience::Socket)?;
        Some(Socket::new(cell))
    }

    /// Accepts the client.
    pub fn accept(self) -> Option<Socket<D>>
    where
        D: Default,
    {
        self.accept_with(D::default())
    }

    /// Refuses the client with a status from 400 to 599 (others become 403) and a body of
    /// JSON.
    pub fn refuse(self, status: u16, body: impl Into<Bytes>) {
        self.refuse_with(status, body.into());
    }

    fn refuse_with(&self, status: u16, body: Bytes) {
        if let Some(opening) = self.waiting.take_opening() {
            let refusal = opening.refuse(status, body);
            self.hub.observer.refused(&refusal);
            self.waiting.refuse(refusal);
        }
    }

    /// Makes the session. It is in the map before its client can know its name.
    pub(crate) fn open(&mut self, data: D, audience: Audience) -> Option<Arc<Cell<D>>> {
        if self.hub.is_closing() {
            self.waiting.turn_away();
        }
        let random = random_sid();
        let mut opening = self.waiting.take_opening()?;
        let extras = std::mem::take(&mut self.extras);
        for (name, value) in extras.headers {
            // Checked when it was added.
            let _ = opening.header(name, value);
        }
        extras.messages.into_iter().for_each(|message| opening.message(message));
        let (revision, transport) = (opening.revision(), opening.transport());
        let hub = &self.hub;
        let mut make = Some(|sid| {
            let session = Session::open(hub.config(), opening, sid, FIRST_CONN, hub.now());
            Cell::new(hub, session, data, extras.overflow, audience)
        });
        let mut sids = extras.sid.into_iter().chain([random]);
        let cell = sids.find_map(|sid| hub.map().insert(sid, &mut make))?;
        hub.observer.opened(cell.sid(), revision, transport);
        // The first turn arms the first deadline.
        if let Some(mut turn) = cell.turn()
            && hub.is_closing()
        {
            // The server began to close too late to see this session.
            let now = turn.now;
            turn.session.shutdown(now);
        }
        let is_wanted = self.waiting.accept(&cell);
        if !is_wanted {
            cell.abort(ServerCloseReason::TransportLost);
        }
        is_wanted.then_some(cell)
    }
}

impl<D: Send + Sync + 'static> Drop for Incoming<D> {
    fn drop(&mut self) {
        if self.hub.is_closing() {
            self.waiting.turn_away();
        } else {
            self.refuse_with(403, Bytes::from_static(FORBIDDEN));
        }
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Incoming<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("uri", &self.request.uri).finish_non_exhaustive()
    }
}

/// 128 bits from the operating system.
#[expect(clippy::expect_used, reason = "without randomness there can be no sessions")]
fn random_sid() -> Sid {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    Sid::from_random(bytes)
}

/// The reference server's, when its application says no without a reason.
const FORBIDDEN: &[u8] = br#"{"code":4,"message":"Forbidden"}"#;
