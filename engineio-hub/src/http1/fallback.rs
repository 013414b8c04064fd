//! Requests for other paths.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::response::Answer;

/// Answers requests for other paths.
#[derive(Clone)]
pub struct Fallback(Arc<Handler>);

type Handler = dyn Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync;

impl Fallback {
    /// Makes one of a handler. It is given bodies of up to 64 KiB, which may take as long as
    /// [`body_timeout`](engineio_proto::ServerConfig::body_timeout) from the head on; others get
    /// 413 or 408. Its answer's `Connection`, `Content-Length` and `Transfer-Encoding` are left
    /// out, as the connection has its own. If it panics, the client gets 500.
    pub fn new<B: Into<Bytes>>(
        handler: impl Fn(Request<Bytes>) -> Response<B> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |request| handler(request).map(Into::into)))
    }

    /// Answers a request. A handler that panics harms no other request.
    pub(super) fn answer(&self, request: Request<Bytes>) -> Answer {
        let answered = catch_unwind(AssertUnwindSafe(|| (self.0)(request)));
        match answered {
            // A 1xx is not a final answer.
            Ok(answer) if !answer.status().is_informational() => Answer::Theirs(Box::new(answer)),
            Ok(_) | Err(_) => Answer::empty(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fallback")
    }
}

/// The longest body that the handler is given, in bytes.
pub(super) const MAX_BODY: usize = 64 << 10;
