//! One request, from its head to its answer.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::iter;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use engineio_hub::{Answer, Connection, Data, Hub, RemoteAddr, Seat};
use engineio_proto::Failure;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use hyper::ext::Protocol;
use hyper::rt::Sleep;
use hyper::upgrade::OnUpgrade;
use pin_project_lite::pin_project;

use crate::body::ServerBody;
use crate::forward::{ForwardedBody, Forwarder, Outgoing};
use crate::turns::Turns;
use crate::websocket::Switching;
use crate::{Timer, Yield};

/// The outcome of a request. `Debug` shows no body.
#[expect(clippy::exhaustive_structs, reason = "a binding uses both")]
pub struct Answered {
    /// The response to send.
    pub response: Response<ServerBody>,
    /// With a 101, or the 200 of a WebSocket over HTTP/2: pass this to [`carry`](crate::carry), in
    /// a separate task.
    pub switching: Option<Switching>,
}

impl Answered {
    /// A response that is complete.
    pub(crate) fn whole(response: Response<Bytes>) -> Self {
        Self { response: response.map(ServerBody::whole), switching: None }
    }
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered")
            .field("status", &self.response.status())
            .field("body", &self.response.body())
            .field("switching", &self.switching)
            .finish()
    }
}

pin_project! {
    /// Reads the body of a request, and waits for the answer.
    pub struct RequestTask<B, D>
    where
        D: Data,
    {
        #[pin]
        place: Place<B, D>,
    }
}

pin_project! {
    #[project = PlaceProjection]
    enum Place<B, D>
    where
        D: Data,
    {
        Here { #[pin] serving: Serving<B, D> },
        Elsewhere { forwarding: Pin<Box<dyn Future<Output = Answered> + Send>> },
    }
}

pin_project! {
    /// A request of this server.
    struct Serving<B, D>
    where
        D: Data,
    {
        seat: Seat<D>,
        #[pin]
        body: B,
        upgrade: Option<OnUpgrade>,
        draining: Option<Draining>,
        timer: Timer,
        turns: Turns,
    }
}

/// The answer is known, but the client is still writing and may not see it yet.
struct Draining {
    response: Response<Bytes>,
    patience: Pin<Box<dyn Sleep>>,
}

impl<B, D> RequestTask<B, D>
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    D: Data,
{
    /// Serves a request of this server. Whether its connection can be upgraded, and whether it
    /// asks for a WebSocket over HTTP/2, is seen from the request's extensions. One for a session of
    /// another node goes there, if the server is a node of a cluster and so has a forwarder.
    ///
    /// # Errors
    ///
    /// Gives the request back if its path isn't the server's.
    #[expect(clippy::result_large_err, reason = "it is the request, and no error")]
    pub fn begin(
        hub: &Hub<D>,
        request: Request<B>,
        peer: Option<RemoteAddr>,
        forwarder: Option<&Arc<Forwarder>>,
        timer: impl FnOnce() -> Timer,
        yield_turn: Yield,
    ) -> Result<Self, Request<B>> {
        let (mut parts, body) = request.into_parts();
        let can_upgrade = parts.extensions.get::<OnUpgrade>().is_some();
        let protocol = parts.extensions.get::<Protocol>().map(Protocol::as_str);
        let is_extended_connect =
            parts.method == Method::CONNECT && protocol == Some(WEBSOCKET_PROTOCOL);
        let connection = Connection { peer, can_upgrade, is_extended_connect };
        match hub.admit_taking(&mut parts, connection) {
            Some(mut seat) => {
                let upgrade = parts.extensions.remove();
                let forward = forwarder.and_then(|forwarder| Some((forwarder, seat.forward()?)));
                let place = if let Some((forwarder, forward)) = forward {
                    let has_body = forward.has_body();
                    let body =
                        if has_body { ForwardedBody::new(body) } else { ForwardedBody::none() };
                    let outgoing = Outgoing { forward, head: parts, body, upgrade };
                    Place::Elsewhere { forwarding: Box::pin(outgoing.send(Arc::clone(forwarder))) }
                } else {
                    let (draining, timer, turns) = (None, timer(), Turns::new(yield_turn));
                    let serving = Serving { seat, body, upgrade, draining, timer, turns };
                    Place::Here { serving }
                };
                Ok(Self { place })
            }
            None => Err(Request::from_parts(parts, body)),
        }
    }
}

impl<B, D> Future for RequestTask<B, D>
where
    B: Body,
    B::Error: Into<BoxError>,
    D: Data,
{
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answered> {
        match self.project().place.project() {
            PlaceProjection::Here { serving } => serving.poll(cx),
            PlaceProjection::Elsewhere { forwarding } => forwarding.as_mut().poll(cx),
        }
    }
}

impl<B, D> Future for Serving<B, D>
where
    B: Body,
    B::Error: Into<BoxError>,
    D: Data,
{
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answered> {
        let this = self.project();
        let is_read = poll_body(this.body, this.seat, cx).is_ready();
        while this.draining.is_none() {
            ready!(this.turns.poll(cx));
            match ready!(this.seat.poll_answer(cx)) {
                Answer::Yield => this.turns.end(),
                Answer::Respond { response, drain: Some(patience) } => {
                    let patience = this.timer.sleep(patience);
                    *this.draining = Some(Draining { response, patience });
                }
                Answer::Respond { response, drain: None } => {
                    return Poll::Ready(Answered::whole(response));
                }
                Answer::Upgrade(response, framed) => {
                    let is_http2 = response.status() != StatusCode::SWITCHING_PROTOCOLS;
                    let upgrade = this.upgrade.take();
                    let switching =
                        upgrade.map(|upgrade| Switching::here(upgrade, framed, is_http2));
                    let response = response.map(|()| ServerBody::default());
                    return Poll::Ready(Answered { response, switching });
                }
            }
        }
        if let Some(draining) = this.draining
            && !is_read
        {
            ready!(draining.patience.as_mut().poll(cx));
        }
        match this.draining.take() {
            Some(Draining { response, .. }) => Poll::Ready(Answered::whole(response)),
            None => Poll::Pending,
        }
    }
}

/// Reads the body for its seat. Ready when there is nothing left to read.
fn poll_body<B, D>(mut stream: Pin<&mut B>, seat: &mut Seat<D>, cx: &mut Context<'_>) -> Poll<()>
where
    B: Body,
    B::Error: Into<BoxError>,
    D: Data,
{
    while seat.is_reading() {
        match ready!(stream.as_mut().poll_frame(cx)) {
            // Trailers are ignored.
            Some(Ok(frame)) => frame.into_data().into_iter().for_each(|data| seat.data(data)),
            Some(Err(error)) => seat.failed(failure(&*error.into())),
            None => seat.end(),
        }
    }
    Poll::Ready(())
}

/// The `:protocol` of an extended CONNECT for a WebSocket (RFC 8441, section 5).
const WEBSOCKET_PROTOCOL: &str = "websocket";

/// An error of any kind of body.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Classifies an error of reading a body: the connection is broken, unless the client's HTTP was
/// invalid.
fn failure(error: &(dyn Error + 'static)) -> Failure {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    let is_nonsense = causes.any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::InvalidInput | ErrorKind::InvalidData))
    });
    if is_nonsense { Failure::Malformed } else { Failure::Gone }
}
