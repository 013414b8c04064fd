//! Other nodes that close, and ask to take back what passes through them.
//!
//! Such a node sends a DELETE for each poll or WebSocket, with the target of that and the mark of a
//! forwarded request. It is no more trusted than any request: whoever knows a session's identifier
//! could as well end that with a close packet.

use bytes::Bytes;
use engineio_proto::server::{Route, route};
use engineio_proto::{Headers, Request, Response, Transport};

use super::handler::carry;
use super::hub::Hub;
use crate::cluster;
use crate::data::Data;
use crate::head::RequestHead;
use crate::shared::session::Pace;

impl<D: Data> Hub<D> {
    /// Takes such a request, and answers it. `None`: it is none.
    ///
    /// A poll is answered with what there is, and its client polls again by another way. The session
    /// of a WebSocket ends as in a shutdown: what it has accepted leaves, and its client is told. One
    /// that is gone needs nothing.
    pub(super) fn take_farewell(
        &self,
        head: &RequestHead<'_>,
        request: &Request<'_>,
    ) -> Option<Response> {
        if !cluster::head::is_farewell(head) {
            return None;
        }
        // It says what a GET would say of the poll or WebSocket.
        let request = Request { method: "GET", upgrade: false, ..*request };
        let Route::Session { sid, exchange } = route(self.config(), &request) else { return None };
        if let Some(session) = self.running.core.sessions.get(&sid) {
            carry(self.running.handler(), &session, Pace::Full, |turn| {
                let on = turn.session.transport();
                if exchange.transport() == Transport::Polling {
                    turn.session.answer_poll(turn.now);
                } else if on == Some(Transport::WebSocket) || turn.session.probe().is_some() {
                    turn.session.shutdown(turn.now);
                }
            });
        }
        let (headers, body) = (Headers::new(), Bytes::new());
        Some(Response { status: 204, headers, body, coding: None })
    }
}
