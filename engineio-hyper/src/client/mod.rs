//! The one task of a client, and how it makes requests.

mod task;

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::BoxError;

pub use task::{LastError, Task};

/// What makes the requests of a client, over connections that it keeps.
pub trait Requests: Unpin {
    /// Sends a request, whose address is absolute, and gives the head of its answer.
    fn request(&self, request: Request<Full<Bytes>>) -> Responding;
}

/// A request on its way.
pub type Responding = Pin<Box<dyn Future<Output = Result<Response<Incoming>, BoxError>> + Send>>;
