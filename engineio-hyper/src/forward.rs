//! Requests for sessions of other nodes, on their way there and back.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use engineio_hub::Forward;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use pin_project_lite::pin_project;

use crate::body::ServerBody;
use crate::leaving::Leaving;
use crate::request::Answered;
use crate::tunnel::Tunnel;
use crate::websocket::Switching;
use crate::{BoxError, Timer};

/// Forwards requests to other nodes, over connections that are pooled.
pub struct Forwarder {
    send: Box<dyn Fn(Request<ForwardedBody>) -> Sending + Send + Sync>,
    timer: Timer,
}

/// A request on its way to another node.
pub type Sending = Pin<Box<dyn Future<Output = Result<Response<Incoming>, Undelivered>> + Send>>;

/// Why a request got no answer of another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a client tells no more than this")]
pub enum Undelivered {
    /// There was no connection, so nothing of it was sent.
    Unreachable,
    /// The connection broke.
    Lost,
}

impl Forwarder {
    /// Makes one of what sends a request. It has to give up a connection attempt after
    /// [`CONNECT_TIMEOUT`], and must not send a request twice.
    pub fn new(
        send: impl Fn(Request<ForwardedBody>) -> Sending + Send + Sync + 'static,
        timer: Timer,
    ) -> Self {
        Self { send: Box::new(send), timer }
    }

    pub(crate) fn send(&self, request: Request<ForwardedBody>) -> Sending {
        (self.send)(request)
    }

    pub(crate) const fn timer(&self) -> Timer {
        self.timer
    }
}

impl fmt::Debug for Forwarder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forwarder")
    }
}

/// How long it may take to find a node, and after that to connect to it.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// What is forwarded of a request.
pub(crate) struct Outgoing {
    pub(crate) forward: Forward,
    pub(crate) head: Parts,
    pub(crate) body: ForwardedBody,
    /// If its connection can become a WebSocket.
    pub(crate) upgrade: Option<OnUpgrade>,
}

impl Outgoing {
    /// Forwards the request, and returns the answer for the client. Dropping the future drops the
    /// connection to the node, which so hears that the client has left.
    pub(crate) async fn send(self, forwarder: Arc<Forwarder>) -> Answered {
        let Self { mut forward, head, body, upgrade } = self;
        let timer = forwarder.timer;
        let place = forward.locate(timer.sleep(CONNECT_TIMEOUT)).await;
        let head = place.and_then(|place| forward.request(head, &place));
        let Some(head) = head else { return Answered::whole(forward.unreachable()) };
        let mut sending = forwarder.send(Request::from_parts(head, body));
        let mut leaving = Leaving::new(forwarder);
        let answered = poll_fn(|cx| {
            leaving.poll(&forward, cx);
            sending.as_mut().poll(cx)
        });
        let mut response = match answered.await {
            Ok(response) => response,
            Err(Undelivered::Unreachable) => return Answered::whole(forward.unreachable()),
            Err(Undelivered::Lost) => return Answered::whole(forward.lost()),
        };
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let (mut head, body) = response.into_parts();
            forward.answer(&mut head);
            let body = ServerBody::forwarded(body, forward);
            return Answered { response: Response::from_parts(head, body), switching: None };
        }
        let node = hyper::upgrade::on(&mut response).await;
        let (head, _) = response.into_parts();
        match (node, forward.switch(head), upgrade) {
            (Ok(node), Some(response), Some(client)) => {
                let tunnel = Tunnel::new(client, node, forward, leaving, timer);
                let switching = Some(Switching::elsewhere(tunnel));
                Answered { response: response.map(|()| ServerBody::default()), switching }
            }
            _ => Answered::whole(forward.lost()),
        }
    }
}

/// The body of a request that is forwarded, as it arrives.
pub struct ForwardedBody(Option<Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>>);

impl ForwardedBody {
    /// No body.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// This body.
    pub(crate) fn new<B>(body: B) -> Self
    where
        B: Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Some(Box::pin(InBytes { body })))
    }
}

impl Body for ForwardedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Some(body) => body.as_mut().poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(|| SizeHint::with_exact(0), |body| body.size_hint())
    }
}

impl fmt::Debug for ForwardedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForwardedBody")
    }
}

pin_project! {
    /// A body whose parts become `Bytes`, which costs no copy where they are that already.
    struct InBytes<B> {
        #[pin]
        body: B,
    }
}

impl<B> Body for InBytes<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.project().body.poll_frame(cx));
        let in_bytes = |mut data: B::Data| data.copy_to_bytes(data.remaining());
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => Ok(frame.map_data(in_bytes)),
            Err(error) => Err(error.into()),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
