//! A handshake that waits for the application's decision.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use engineio_proto::server::Refusal;
use engineio_proto::{Headers, InvalidHeader, Message, Revision, Sid, Transport};
use http::request::Parts;

use super::admission::Admission;
use super::audience::Audience;
use super::handshake::Handshake;
use super::reception::Arrival;
use super::running::Running;
use super::session::Overflow;
use super::socket::Socket;
use crate::data::Data;

/// A client that asks for a session. Check the request, then accept or refuse it. Dropping it
/// refuses with 403. No session exists until it is accepted.
#[must_use = "dropping it refuses the client"]
pub struct Incoming<D: Data = ()> {
    handshake: Handshake,
    admission: Admission<D>,
}

impl<D: Data> Incoming<D> {
    pub(crate) fn new(running: &Arc<Running<D>>, arrival: Arrival<D>) -> Self {
        let Arrival { pending, handshake } = arrival;
        Self { handshake, admission: Admission::new(running, pending) }
    }

    /// The client's request for a session.
    pub const fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// The head of the request.
    pub fn request(&self) -> &Parts {
        self.handshake.request()
    }

    /// The first query parameter of this name, percent-decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.handshake.query(name)
    }

    /// The first cookie of this name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.handshake.cookie(name)
    }

    /// The first header of this name (case-insensitive), if its value is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.handshake.header(name)
    }

    /// The client's address; see [`Handshake::remote_ip`].
    pub const fn remote_ip(&self) -> Option<IpAddr> {
        self.handshake.remote_ip()
    }

    /// The transport that the client starts with.
    pub const fn transport(&self) -> Transport {
        self.handshake.transport()
    }

    /// The revision that the client speaks.
    pub const fn revision(&self) -> Revision {
        self.handshake.revision()
    }

    /// Whether the client still waits for a decision, and has neither left nor waited too long.
    pub fn is_waiting(&self) -> bool {
        self.admission.is_waiting()
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
        let (name, value) = (name.into(), value.into());
        Headers::new().try_push(name.clone(), value.clone())?;
        self.admission.extras.headers.push((name, value));
        Ok(self)
    }

    /// Adds a message that the client gets with the open packet.
    pub fn message(mut self, message: impl Into<Message>) -> Self {
        self.admission.extras.messages.push(message.into());
        self
    }

    /// Sets whether the session's WebSocket may compress messages; see [`Handshake::compress`].
    pub fn compress(self, compress: bool) -> Self {
        self.handshake.compress(compress);
        self
    }

    /// Sets the session's identifier, which must be impossible to guess. If another session has it
    /// already, a random one is used.
    pub fn sid(mut self, sid: Sid) -> Self {
        self.admission.extras.sid = Some(sid);
        self
    }

    /// Sets what happens to broadcast messages that the session has no room for.
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.admission.extras.overflow = overflow;
        self
    }

    /// Accepts the client, with the application's data for the session. `None`: the client has left
    /// or has waited too long.
    pub fn accept_with(mut self, data: D) -> Option<Socket<D>> {
        Some(Socket::new(self.admission.open(data, Audience::Socket)?))
    }

    /// Refuses the client with a status from 400 to 599 (others become 403) and a JSON body.
    pub fn refuse(self, status: u16, body: impl Into<Bytes>) {
        self.admission.refuse(Refusal::application(status, body));
    }

    /// Refuses the client with a status and the body `{"code":4,"message":".."}`, as the
    /// reference server writes it.
    pub fn refuse_json(self, status: u16, message: &str) {
        self.admission.refuse(Refusal::json(status, message));
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
        f.debug_struct("Incoming").field("handshake", &self.handshake).finish_non_exhaustive()
    }
}
