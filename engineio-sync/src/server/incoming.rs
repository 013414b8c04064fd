//! A handshake, for the application to decide about.

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use bytestring::ByteString;
use engineio_hub::Overflow;
use engineio_proto::{InvalidHeader, Message, Revision, Sid, Transport};
use http::request::Parts;

use super::socket::Socket;
use super::waiting::Waiting;

/// A client that asks for a session. Look at the request, then accept or refuse;
/// dropping it refuses with 403. No session exists until it is accepted.
#[must_use = "dropping it refuses the client"]
pub struct Incoming<D: Send + Sync + 'static = ()> {
    inner: engineio_hub::Incoming<D>,
    waiting: Waiting<D>,
}

impl<D: Send + Sync + 'static> Incoming<D> {
    pub(super) const fn new(inner: engineio_hub::Incoming<D>, waiting: Waiting<D>) -> Self {
        Self { inner, waiting }
    }

    /// The request of the handshake.
    pub const fn request(&self) -> &Parts {
        self.inner.request()
    }

    /// The client's address: the peer's, or where
    /// [`trust_forwarded`](crate::ServerConfig::trust_forwarded) is on, the last one that
    /// `X-Forwarded-For` names.
    pub fn remote_ip(&self) -> Option<IpAddr> {
        self.inner.remote_ip()
    }

    /// The transport that the client begins on.
    pub fn transport(&self) -> Option<Transport> {
        self.inner.transport()
    }

    /// The revision that the client speaks.
    pub fn revision(&self) -> Option<Revision> {
        self.inner.revision()
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
        self.inner = self.inner.header(name, value)?;
        Ok(self)
    }

    /// Adds a message that the client gets together with the open packet.
    pub fn message(mut self, message: impl Into<Message>) -> Self {
        self.inner = self.inner.message(message);
        self
    }

    /// Gives the session an identifier of the application's own, which must be
    /// impossible to guess. If a session has it already, a random one is used.
    pub fn sid(mut self, sid: Sid) -> Self {
        self.inner = self.inner.sid(sid);
        self
    }

    /// What becomes of broadcast messages that the session has no room for.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.inner = self.inner.overflow(overflow);
        self
    }

    /// Accepts the client, with the application's data for the session. `None`: it has
    /// left meanwhile, or has waited too long.
    pub fn accept_with(self, data: D) -> Option<Socket<D>> {
        Some(Socket::new(self.inner.accept_with(data)?, self.waiting))
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
        self.inner.refuse(status, body);
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Incoming<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
