//! The requests of a client, over connections that are used again.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use engineio_hyper::BoxError;
use engineio_hyper::client::{Requests, Responding};
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use smol_hyper::rt::FuturesIo;

use super::dial::Dial;
use crate::rt::spawn;

/// Makes requests over connections that it keeps.
#[derive(Clone)]
pub(super) struct Http {
    dial: Arc<Dial>,
    /// Connections that have been used. One is free when the answer before was read.
    kept: Arc<Mutex<Vec<SendRequest<Full<Bytes>>>>>,
}

impl Http {
    pub(super) fn new(dial: Dial) -> Self {
        Self { dial: Arc::new(dial), kept: Arc::default() }
    }

    async fn send(self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, BoxError> {
        address(&mut request)?;
        while let Some(mut sender) = self.take_free() {
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.keep(sender, response)),
                // The server has closed the connection meanwhile. If nothing was sent, another
                // one will do.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(error.into_error().into()),
                },
            }
        }
        let stream = FuturesIo::new(self.dial.connect().await?);
        let (mut sender, connection) = handshake(stream).await?;
        spawn(async {
            // Whoever waits for an answer hears of its errors.
            let _ = connection.with_upgrades().await;
        });
        let response = sender.send_request(request).await?;
        Ok(self.keep(sender, response))
    }

    fn take_free(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|sender| !sender.is_closed());
        let free = kept.iter().position(SendRequest::is_ready)?;
        Some(kept.swap_remove(free))
    }

    fn keep(
        &self,
        sender: SendRequest<Full<Bytes>>,
        response: Response<Incoming>,
    ) -> Response<Incoming> {
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

/// A server wants its own path, and its name in a header.
fn address(request: &mut Request<Full<Bytes>>) -> Result<(), BoxError> {
    let uri = request.uri();
    let host = uri.authority().map_or("", |authority| {
        let all = authority.as_str();
        all.rsplit_once('@').map_or(all, |(_, place)| place)
    });
    let host = host.parse()?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let path = path.parse::<Uri>()?;
    request.headers_mut().entry(header::HOST).or_insert(host);
    *request.uri_mut() = path;
    Ok(())
}
