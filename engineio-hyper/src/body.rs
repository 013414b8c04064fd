//! Response bodies.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use engineio_hub::Forward;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;

use crate::BoxError;

/// A response body of a server.
#[derive(Default)]
pub struct ServerBody(Origin);

enum Origin {
    /// Complete, and given in one piece.
    Here(Bytes),
    /// As another node gives it.
    Elsewhere(Box<Forwarded>),
}

struct Forwarded {
    body: Incoming,
    /// It ends with the body.
    _forward: Forward,
}

impl Default for Origin {
    fn default() -> Self {
        Self::Here(Bytes::new())
    }
}

impl ServerBody {
    /// A body that is complete.
    pub const fn whole(bytes: Bytes) -> Self {
        Self(Origin::Here(bytes))
    }

    pub(crate) fn forwarded(body: Incoming, forward: Forward) -> Self {
        Self(Origin::Elsewhere(Box::new(Forwarded { body, _forward: forward })))
    }

    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Origin::Here(bytes) if bytes.is_empty() => Poll::Ready(None),
            Origin::Here(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Origin::Elsewhere(forwarded) => {
                let frame = ready!(Pin::new(&mut forwarded.body).poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map_err(BodyError::new)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Origin::Here(bytes) => bytes.is_empty(),
            Origin::Elsewhere(forwarded) => forwarded.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Origin::Here(bytes) => SizeHint::with_exact(bytes.len().try_into().unwrap_or(u64::MAX)),
            Origin::Elsewhere(forwarded) => forwarded.body.size_hint(),
        }
    }
}

/// Shows only the length of what is complete.
impl fmt::Debug for ServerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Origin::Here(bytes) => f.debug_struct("Ours").field("length", &bytes.len()).finish(),
            Origin::Elsewhere(_) => f.write_str("Forwarded"),
        }
    }
}

pin_project! {
    /// A response body: this server's, or the application's.
    pub struct ResponseBody<B> {
        #[pin]
        inner: Inner<B>,
    }
}

pin_project! {
    #[project = InnerProjection]
    enum Inner<B> {
        Ours { body: ServerBody },
        Theirs { #[pin] body: B },
    }
}

impl<B> ResponseBody<B> {
    /// Makes a body of the server.
    pub const fn ours(body: ServerBody) -> Self {
        Self { inner: Inner::Ours { body } }
    }

    /// Makes a body of the application.
    pub const fn theirs(body: B) -> Self {
        Self { inner: Inner::Theirs { body } }
    }
}

/// Shows only the length of a body of the server.
impl<B: fmt::Debug> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner {
            Inner::Ours { body } => body.fmt(f),
            Inner::Theirs { body } => f.debug_struct("Theirs").field("body", body).finish(),
        }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.project().inner.project() {
            InnerProjection::Theirs { body } => {
                let frame = ready!(body.poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map_err(BodyError::new)))
            }
            InnerProjection::Ours { body } => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Ours { body } => body.is_end_stream(),
            Inner::Theirs { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Ours { body } => body.size_hint(),
            Inner::Theirs { body } => body.size_hint(),
        }
    }
}

/// Why a [`ResponseBody`] broke off: the application's body failed, or the node that gives it did.
#[derive(Debug)]
pub struct BodyError(BoxError);

impl BodyError {
    fn new(error: impl Into<BoxError>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
