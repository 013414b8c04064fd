//! A handshake that waits for the application's decision.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;
use bytestring::ByteString;
use engineio_hub::{Data, Handshake, Overflow};
use engineio_proto::{InvalidHeader, Message, Revision, Sid, Transport};
use http::request::Parts;

use super::socket::Socket;

/// A client that asks for a session. Check the request, then accept or refuse it. Dropping it
/// refuses with 403. No session exists until it is accepted.
#[must_use = "dropping it refuses the client"]
pub struct Incoming<D: Data = ()> {
    inner: engineio_hub::Incoming<D>,
}

impl<D: Data> Incoming<D> {
    pub(super) const fn new(inner: engineio_hub::Incoming<D>) -> Self {
        Self { inner }
    }

    /// The client's request for a session.
    pub const fn handshake(&self) -> &Handshake {
        self.inner.handshake()
    }

    /// The head of the request.
    pub fn request(&self) -> &Parts {
        self.inner.request()
    }

    /// The first query parameter of this name, percent-decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.inner.query(name)
    }

    /// The first cookie of this name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.inner.cookie(name)
    }

    /// The first header of this name (case-insensitive), if its value is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inner.header(name)
    }

    /// The client's address; see [`Handshake::remote_ip`].
    pub const fn remote_ip(&self) -> Option<IpAddr> {
        self.inner.remote_ip()
    }

    /// The transport that the client starts with.
    pub const fn transport(&self) -> Transport {
        self.inner.transport()
    }

    /// The revision that the client speaks.
    pub const fn revision(&self) -> Revision {
        self.inner.revision()
    }

    /// Whether the client still waits for a decision, and has neither left nor waited too long.
    pub fn is_waiting(&self) -> bool {
        self.inner.is_waiting()
    }

    /// Adds a header to the response, on either transport.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if HTTP can't carry it.
    pub fn response_header(
        mut self,
        name: impl Into<ByteString>,
        value: impl Into<ByteString>,
    ) -> Result<Self, InvalidHeader> {
        self.inner = self.inner.response_header(name, value)?;
        Ok(self)
    }

    /// Adds a message that the client gets with the open packet.
    pub fn message(mut self, message: impl Into<Message>) -> Self {
        self.inner = self.inner.message(message);
        self
    }

    /// Sets the session's identifier, which must be impossible to guess. If another session has it
    /// already, a random one is used.
    pub fn sid(mut self, sid: Sid) -> Self {
        self.inner = self.inner.sid(sid);
        self
    }

    /// Sets what happens to broadcast messages that the session has no room for.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.inner = self.inner.overflow(overflow);
        self
    }

    /// Accepts the client, with the application's data for the session. `None`: the client has left
    /// or has waited too long.
    pub fn accept_with(self, data: D) -> Option<Socket<D>> {
        Some(Socket::new(self.inner.accept_with(data)?))
    }

    /// Refuses the client with a status from 400 to 599 (others become 403) and a JSON body.
    pub fn refuse(self, status: u16, body: impl Into<Bytes>) {
        self.inner.refuse(status, body);
    }

    /// Refuses the client with a status and the body `{"code":4,"message":".."}`, as the
    /// reference server writes it.
    pub fn refuse_json(self, status: u16, message: &str) {
        self.inner.refuse_json(status, message);
    }
}

impl Incoming {
    /// Accepts the client. `None`: the client has left or has waited too long.
    pub fn accept(self) -> Option<Socket> {
        self.accept_with(())
    }
}

impl<D: Data> fmt::Debug for Incoming<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
