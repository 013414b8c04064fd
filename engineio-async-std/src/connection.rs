//! One connection.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use engineio_hub::listener::{HEAD_TIMEOUT, MAX_HEAD, MAX_HEADERS, Permit};
use engineio_hub::{Data, RemoteAddr};
use engineio_hyper::{
    Answered, BoxError, ConnectionTask, Ended, LazyTimer, RequestTask, ResponseBody, Watched,
    WebSocketTask, carry, carry_switched, head_fault,
};
use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::future::or;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;

use crate::core::Core;
use crate::rt::{machine_time, spawn, timeout, timer, yield_turn};
use crate::stream::Ending;

/// Answers everything with 404, and says where the server is.
pub(crate) fn not_found<D: Data>(
    core: &Core<D>,
) -> impl Fn(Request<Incoming>) -> Ready<Response<String>> + Clone + Send + Sync + use<D> {
    let hub = core.hub.clone();
    move |request| {
        let (parts, _) = request.into_parts();
        let response = hub.not_found(&parts, parts.extensions.get().copied());
        ready(response.map(|body| String::from_utf8_lossy(&body).into_owned()))
    }
}

/// Serves one connection to its end, or until the server has stopped, where nothing else has a path.
/// Returns the WebSocket that it has become.
pub(crate) async fn serve_alone<D, S>(
    core: &Core<D>,
    stream: S,
    peer: Option<SocketAddr>,
    permit: Option<Permit>,
) -> Option<WebSocketTask>
where
    D: Data,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    if core.forwarder.is_some() {
        Box::pin(serve(core, stream, peer, permit, not_found(core))).await;
        return None;
    }
    core.start_driver();
    let (hub, settings) = (&core.hub, &core.listening.settings);
    let (stream, peer) = (Ending::new(stream), peer.map(RemoteAddr));
    let task = ConnectionTask::new(hub, settings, stream, peer, permit, timer(), yield_turn);
    // Boxed, or the futures around it would have room for it twice and more.
    let mut task = Box::new(task);
    let stop = async { Ok(core.listening.stop.wait().await) };
    let ended = match or(async { Err((&mut task).await) }, stop).await {
        Err(ended) => ended,
        Ok(until) => {
            task.stop();
            timeout(left_until(until), task).await.unwrap_or(Ended::Over)
        }
    };
    match ended {
        Ended::WebSocket(websocket) => Some(carry_switched(websocket)),
        Ended::Over | Ended::Http2(_) => None,
    }
}

/// Serves one connection to its end, or until the server has stopped. The handler answers requests
/// for other paths.
pub(crate) async fn serve<D, S, H, F, B>(
    core: &Core<D>,
    stream: S,
    peer: Option<SocketAddr>,
    permit: Option<Permit>,
    handler: H,
) where
    D: Data,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<BoxError>,
{
    let patience = core.listening.settings.idle_timeout;
    let stream = Watched::new(Ending::new(stream), timer(), HEAD_TIMEOUT, patience).holding(permit);
    let handler = &handler;
    let service = service_fn(move |request| answer(core, request, peer, handler));
    let mut connection = http1::Builder::new()
        .timer(LazyTimer::new(timer()))
        .header_read_timeout(patience)
        // Without it hyper copies head and body into a buffer that never shrinks.
        .writev(true)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(stream, service)
        .with_upgrades();
    let stop = async { Ok(core.listening.stop.wait().await) };
    let ended = async { Err((&mut connection).await) };
    match or(ended, stop).await {
        Ok(until) => {
            Pin::new(&mut connection).graceful_shutdown();
            let _ = timeout(left_until(until), connection).await;
        }
        // Other errors need no handling here: the sessions already know.
        Err(ended) => {
            let has_begun =
                || connection.into_parts().is_some_and(|parts| !parts.read_buf.is_empty());
            if let Some(fault) = ended.err().and_then(|error| head_fault(&error, has_begun)) {
                core.hub.refuse_connection(fault, peer.map(RemoteAddr));
            }
        }
    }
}

/// How long it is until this time.
pub(crate) fn left_until(until: Instant) -> Duration {
    until.saturating_duration_since(machine_time())
}

/// Begins at once and not when it is polled: hyper drops a request unpolled whose client has left
/// meanwhile, and the session has to know that it came.
fn answer<D, H, F, B>(
    core: &Core<D>,
    request: Request<Incoming>,
    peer: Option<SocketAddr>,
    handler: &H,
) -> impl Future<Output = Result<Response<ResponseBody<B>>, Infallible>>
where
    D: Data,
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
{
    let peer = peer.map(RemoteAddr);
    let forwarder = core.forwarder.as_ref();
    let begun = RequestTask::begin(&core.hub, request, peer, forwarder, timer, yield_turn);
    if begun.is_ok() {
        core.start_driver();
    }
    async move {
        let task = match begun {
            Ok(task) => task,
            Err(mut request) => {
                if let Some(peer) = peer {
                    request.extensions_mut().insert(peer);
                }
                return Ok(handler(request).await.map(ResponseBody::theirs));
            }
        };
        let Answered { response, switching } = task.await;
        if let Some(switching) = switching {
            if switching.is_forwarded() {
                // It doesn't end with the sessions of this server.
                let listening = Arc::clone(&core.listening);
                spawn(or(carry(switching, yield_turn), async move {
                    listening.stop.wait().await;
                }));
            } else {
                spawn(carry(switching, yield_turn));
            }
        }
        Ok(response.map(ResponseBody::ours))
    }
}
