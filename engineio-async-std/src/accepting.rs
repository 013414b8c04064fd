//! Accepting connections.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;
use engineio_hub::listener::{ACCEPT_PAUSE, AcceptError, Permit, TURNED_AWAY};
use engineio_hub::{Data, RemoteAddr};
use engineio_hyper::{BoxError, WholeConnection};
use futures_io::AsyncWrite;
use futures_lite::future::{or, yield_now};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;

use crate::connection::{self, left_until};
use crate::core::Core;
use crate::listener::Listener;
use crate::rt::{spawn, timeout};
use crate::stop::{Connections, Open};

/// Serves the connections of this listener until the server has stopped, where nothing else has a
/// path.
pub(crate) async fn serve_alone<D: Data>(core: Core<D>, listener: impl Listener) -> io::Result<()> {
    accept(core, listener, |core, stream, peer, permit, open| {
        WholeConnection::new(async move {
            let websocket = connection::serve_alone(&core, stream, Some(peer), Some(permit)).await;
            drop(open);
            websocket
        })
    })
    .await
}

/// As [`serve_alone`], with a handler for the requests of other paths.
pub(crate) async fn serve<D, H, F, B>(
    core: Core<D>,
    listener: impl Listener,
    handler: H,
) -> io::Result<()>
where
    D: Data,
    H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    accept(core, listener, move |core, stream, peer, permit, open| {
        let handler = handler.clone();
        async move {
            connection::serve(&core, stream, Some(peer), Some(permit), handler).await;
            drop(open);
        }
    })
    .await
}

/// Accepts connections until the server has stopped, and serves each of them in a task.
async fn accept<D, L, F>(
    core: Core<D>,
    listener: L,
    serve: impl Fn(Core<D>, L::Stream, SocketAddr, Permit, Open) -> F,
) -> io::Result<()>
where
    D: Data,
    L: Listener,
    F: Future<Output = ()> + Send + 'static,
{
    let connections = Arc::new(Connections::default());
    let until = loop {
        let accepted = async { Ok(listener.accept().await) };
        let stopped = async { Err(core.listening.stop.wait().await) };
        let (stream, peer) = match or(stopped, accepted).await {
            Err(until) => break until,
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => match AcceptError::of(&error) {
                AcceptError::Final => return Err(error),
                AcceptError::OfPeer => continue,
                AcceptError::Passing => {
                    async_io::Timer::after(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        match core.listening.limits.admit(RemoteAddr(peer)) {
            Ok(permit) => {
                spawn(serve(core.clone(), stream, peer, permit, connections.begin()));
            }
            Err(fault) => {
                turn_away(stream);
                core.hub.refuse_connection(fault, Some(RemoteAddr(peer)));
            }
        }
        // Otherwise a flood of connections would occupy a single-threaded executor forever.
        yield_now().await;
    };
    drop(listener);
    // No session is left, only idle connections and last answers.
    timeout(left_until(until), connections.wait_for_end()).await;
    Ok(())
}

/// Answers a connection for which there is no place. If it can't take so few bytes at once, it gets
/// none.
fn turn_away(stream: impl AsyncWrite) {
    let _ = pin!(stream).poll_write(&mut Context::from_waker(Waker::noop()), TURNED_AWAY);
}
