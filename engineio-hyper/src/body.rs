//! Response bodies.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

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
        /// Complete, and given in one piece.
        Ours { bytes: Bytes },
        Theirs { #[pin] body: B },
    }
}

impl<B> ResponseBody<B> {
    /// Makes a body of the server.
    pub const fn ours(bytes: Bytes) -> Self {
        Self { inner: Inner::Ours { bytes } }
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
            Inner::Ours { bytes } => f.debug_struct("Ours").field("length", &bytes.len()).finish(),
            Inner::Theirs { body } => f.debug_struct("Theirs").field("body", body).finish(),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().inner.project() {
            InnerProjection::Theirs { body } => body.poll_frame(cx),
            InnerProjection::Ours { bytes } if bytes.is_empty() => Poll::Ready(None),
            InnerProjection::Ours { bytes } => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Ours { bytes } => bytes.is_empty(),
            Inner::Theirs { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Ours { bytes } => {
                SizeHint::with_exact(bytes.len().try_into().unwrap_or(u64::MAX))
            }
            Inner::Theirs { body } => body.size_hint(),
        }
    }
}
