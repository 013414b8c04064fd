//! Where the nodes are: each answers for itself.

use std::sync::PoisonError;
use std::time::Duration;

use async_nats::Request;
use async_nats::client::RequestErrorKind;
use bytes::Bytes;
use engineio_hub::cluster::{Directory, Locating, is_node_url};
use engineio_proto::NodeTag;
use http::Uri;
use tokio::time::sleep;

use super::{Nats, Shared};
use crate::subscribing::next;

/// Why a node couldn't be announced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnnounceError {
    /// NATS is away, or the connection was closed.
    #[error("NATS doesn't know of the node: is its server there?")]
    Nats(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No node can be reached at this URL.
    #[error("nodes speak HTTP without TLS to each other: announce an `http` URL with a host")]
    InvalidUrl,
}

impl Nats {
    /// Tells who asks that the node of this tag listens here, until the last clone of this is
    /// dropped, and while this process and its connection live. Give the server this tag by
    /// `ServerConfig::node`, and the `http` URL at which the other nodes reach it.
    ///
    /// # Errors
    ///
    /// If NATS doesn't answer within the client's `request_timeout`, or the URL has another scheme or
    /// no host.
    pub async fn announce(&self, tag: NodeTag, url: Uri) -> Result<(), AnnounceError> {
        if !is_node_url(&url) {
            return Err(AnnounceError::InvalidUrl);
        }
        let client = &self.shared.client;
        let subscriber = client.subscribe(self.subject(tag)).await;
        let mut subscriber = subscriber.map_err(|why| AnnounceError::Nats(why.into()))?;
        let (answering, url) = (client.clone(), Bytes::from(url.to_string()));
        let responder = self.shared.runtime.spawn(async move {
            while let Some(request) = next(&mut subscriber).await {
                if let Some(reply) = request.reply {
                    let _ = answering.publish(reply, url.clone()).await;
                }
            }
        });
        // NATS takes what comes over a connection in order, so after any answer it knows of the node.
        // A connection without echo has nobody who could answer.
        if let Err(why) = client.request(self.subject(tag), Bytes::new()).await
            && why.kind() != RequestErrorKind::NoResponders
        {
            responder.abort();
            return Err(AnnounceError::Nats(why.into()));
        }
        let responders = self.shared.responders.lock();
        responders.unwrap_or_else(PoisonError::into_inner).push(responder);
        Ok(())
    }

    fn subject(&self, tag: NodeTag) -> String {
        format!("{}n.{}", self.shared.prefix, tag.as_str())
    }
}

impl Directory for Nats {
    fn locate<'a>(&'a self, node: &'a NodeTag) -> Locating<'a> {
        Box::pin(ask(&self.shared, self.subject(*node)))
    }
}

/// Asks until somebody answers, or NATS says that nobody can, and would know.
async fn ask(shared: &Shared, subject: String) -> Option<Uri> {
    loop {
        let request = Request::new().timeout(Some(PATIENCE));
        match shared.client.send_request(subject.clone(), request).await {
            Ok(answer) => return Uri::try_from(&*answer.payload).ok(),
            Err(why) => match why.kind() {
                RequestErrorKind::NoResponders if shared.settled.is_sure(&shared.client) => {
                    return None;
                }
                RequestErrorKind::NoResponders
                | RequestErrorKind::TimedOut
                | RequestErrorKind::InvalidSubject
                | RequestErrorKind::MaxPayloadExceeded
                | RequestErrorKind::Other => sleep(PAUSE).await,
            },
        }
    }
}

/// A node that was just leaving when it was asked doesn't answer, and NATS says so the next time.
const PATIENCE: Duration = Duration::from_millis(500);

/// Between two attempts while NATS or a node is away or stands still.
const PAUSE: Duration = Duration::from_millis(200);
