//! The requests of a client, over connections that are reused.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use bytes::Bytes;
use engineio_hyper::BoxError;
use engineio_hyper::client::{Requests, Responding};
use futures_lite::future::or;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};

use super::connector::Connector;
use crate::rt::spawn;
use crate::stream::Ending;

type Sender = SendRequest<Full<Bytes>>;

/// Makes requests over pooled connections.
#[derive(Clone)]
pub(super) struct Http {
    connector: Arc<Connector>,
    /// Connections whose answers have begun.
    kept: Arc<Mutex<Vec<Sender>>>,
}

impl Http {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector: Arc::new(connector), kept: Arc::default() }
    }

    async fn send(self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, BoxError> {
        address(&mut request)?;
        loop {
            let kept = async { Ok((self.free().await, true)) };
            let new = async { Ok::<_, BoxError>((self.connect().await?, false)) };
            let (mut sender, is_kept) = or(kept, new).await?;
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.keep(sender, response)),
                // The server has closed the connection. If nothing was sent, try another one.
                Err(mut error) => match error.take_message() {
                    Some(unsent) if is_kept => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        }
    }

    /// Waits for a connection whose last answer was read.
    async fn free(&self) -> Sender {
        poll_fn(|cx| {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|sender| !sender.is_closed());
            let free = kept.iter_mut().position(|sender| sender.poll_ready(cx).is_ready());
            free.map_or(Poll::Pending, |free| Poll::Ready(kept.swap_remove(free)))
        })
        .await
    }

    async fn connect(&self) -> Result<Sender, BoxError> {
        let stream = Ending::new(self.connector.connect().await?);
        let (sender, connection) = handshake(stream).await?;
        spawn(async {
            // The request reports its own errors.
            let _ = connection.with_upgrades().await;
        });
        Ok(sender)
    }

    fn keep(&self, sender: Sender, response: Response<Incoming>) -> Response<Incoming> {
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        }
        response
    }
}

impl Requests for Http {
    fn request(&self, request: Request<Full<Bytes>>) -> Responding {
        Box::pin(self.clone().send(request))
    }
}

/// Makes the target relative, as a server expects it.
fn address(request: &mut Request<Full<Bytes>>) -> Result<(), BoxError> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse()?;
    Ok(())
}
