//! Spans of the `tracing` crate, with the feature of that name. Without it they cost nothing.

use engineio_proto::Sid;

use crate::WebSocketTask;

/// The span of a WebSocket, around all that carries it. A request has none: web applications have one
/// around every request already.
#[cfg(feature = "tracing")]
pub(crate) fn websocket<F: Future>(
    sid: Option<&Sid>,
    future: F,
) -> impl Future<Output = F::Output> + use<F> {
    use tracing::Instrument;

    future.instrument(
        tracing::debug_span!(target: "engineio", "websocket", sid = sid.map(tracing::field::debug)),
    )
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn websocket<F: Future>(_sid: Option<&Sid>, future: F) -> F {
    future
}

/// As [`websocket`], for one that has its memory already.
#[cfg(feature = "tracing")]
pub(crate) fn boxed_websocket<F>(sid: Option<&Sid>, future: Box<F>) -> WebSocketTask
where
    F: Future<Output = ()> + Send + Unpin + 'static,
{
    Box::pin(websocket(sid, future))
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn boxed_websocket<F>(_sid: Option<&Sid>, future: Box<F>) -> WebSocketTask
where
    F: Future<Output = ()> + Send + 'static,
{
    Box::into_pin(future)
}
