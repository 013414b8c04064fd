//! The task of a client, and how it makes requests.

mod dialer;
mod task;

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::BoxError;

pub use dialer::Dialer;
pub use task::{LastError, Task};

/// Makes the requests of a client, over pooled connections.
pub trait Requests: Unpin {
    /// Sends a request, whose URI is absolute, and returns the head of the response.
    fn request(&self, request: Request<Full<Bytes>>) -> Responding;
}

/// A request under way.
pub type Responding = Pin<Box<dyn Future<Output = Result<Response<Incoming>, BoxError>> + Send>>;
