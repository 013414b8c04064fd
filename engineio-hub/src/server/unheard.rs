//! Connections that are turned away before a request of theirs is understood.

use engineio_proto::server::{ConnectionFault, Refusal};

use super::handshake::RemoteAddr;
use super::hub::Hub;
use crate::data::Data;
use crate::refused::RequestLine;

impl<D: Data> Hub<D> {
    /// Tells the observer of a connection that the binding turns away before a request of it is
    /// understood.
    pub fn refuse_connection(&self, fault: ConnectionFault, peer: Option<RemoteAddr>) {
        let line = RequestLine::unheard(peer);
        self.running.core.refused(&Refusal::connection(fault), &line);
    }
}
