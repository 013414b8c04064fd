//! Serving connections without a framework.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::net::ToSocketAddrs;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};

use engineio_hub::listener::{ACCEPT_PAUSE, AcceptError, BACKLOG, Permit, TURNED_AWAY};
use engineio_hub::{Data, RemoteAddr};
use engineio_hyper::{ConnectionTask, Ended, WholeConnection, carry_switched};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use crate::by_hyper::Http;
use crate::clock::{timer, yield_turn};
use crate::core::Core;
use crate::service::Alone;

/// Binds a listener where many connections may wait to be accepted.
pub(crate) fn bind(address: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    // A second `listen` changes the backlog.
    SockRef::from(&listener).listen(BACKLOG)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

pub(crate) async fn serve<D: Data>(core: Core<D>, listener: TcpListener) -> io::Result<()> {
    let stop = core.listening.stop.subscribe();
    let mut stopping = stop.clone();
    let mut stopped = pin!(stopping.wait_for(Option::is_some));
    let (open, mut all_closed) = mpsc::channel::<Infallible>(1);
    let http =
        Arc::new(Http::new(core.listening.settings.idle_timeout, core.hub.config().linger()));
    loop {
        let accepted = poll_fn(|cx| {
            // Asked first, or a flood of connections would keep the server from stopping.
            if stop.borrow().is_some() {
                return Poll::Ready(None);
            }
            if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                return Poll::Ready(Some(accepted));
            }
            stopped.as_mut().poll(cx).map(|_| None)
        });
        let Some(accepted) = accepted.await else { break };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => match AcceptError::of(&error) {
                AcceptError::Final => return Err(error),
                AcceptError::OfPeer => continue,
                AcceptError::Passing => {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let peer = RemoteAddr(peer);
        let permit = match core.listening.limits.admit(peer) {
            Ok(permit) => permit,
            Err(fault) => {
                turn_away(stream);
                core.hub.refuse_connection(fault, Some(peer));
                continue;
            }
        };
        let (http, core, open) = (Arc::clone(&http), core.clone(), open.clone());
        tokio::spawn(WholeConnection::new(async move {
            // Packets are written whole, so waiting for more would only delay them.
            let _ = stream.set_nodelay(true);
            let stop = core.listening.stop.subscribe();
            let stream = TokioIo::new(stream);
            // Those by hyper are boxed, or each of our own would have room for one.
            let fault = if core.forwarder.is_some() {
                let service = Alone::new(core.clone(), peer);
                Box::pin(http.serve(stream, permit, service, stop)).await
            } else {
                match serve_alone(&core, stream, peer, permit, stop.clone()).await {
                    Ended::Over => None,
                    Ended::WebSocket(websocket) => return Some(carry_switched(websocket)),
                    Ended::Http2(start) => {
                        let service = Alone::new(core.clone(), peer);
                        Box::pin(http.serve_http2(*start, service, stop)).await
                    }
                }
            };
            if let Some(fault) = fault {
                core.hub.refuse_connection(fault, Some(peer));
            }
            drop(open);
            None
        }));
    }
    // The system turns clients away from now on, and a balancer sees that the port is closed.
    drop(listener);
    // No session is left, only idle connections and last answers.
    let until = stop.borrow().unwrap_or_else(Instant::now);
    drop(open);
    let _ = timeout_at(until, all_closed.recv()).await;
    Ok(())
}

/// Serves a connection that needs none of hyper's HTTP/1.1, or finds that it is something else.
async fn serve_alone<D: Data>(
    core: &Core<D>,
    stream: TokioIo<TcpStream>,
    peer: RemoteAddr,
    permit: Permit,
    stop: Stop,
) -> Ended<TokioIo<TcpStream>> {
    core.start_driver();
    let (hub, settings) = (&core.hub, &core.listening.settings);
    let (peer, permit) = (Some(peer), Some(permit));
    let task = ConnectionTask::new(hub, settings, stream, peer, permit, timer(), yield_turn);
    // Boxed, or the futures around it would have room for it twice and more.
    let mut task = Box::new(task);
    if let Some(ended) = until_stopped(&mut task, stop.clone()).await {
        return ended;
    }
    task.stop();
    let until = stop.borrow().unwrap_or_else(Instant::now);
    timeout_at(until, task).await.unwrap_or(Ended::Over)
}

/// Answers a connection for which there is no place. If it can't take so few bytes at once, it gets
/// none.
fn turn_away(stream: TcpStream) {
    // tokio would first wait for the event that says that it can be written to.
    let _ = stream.into_std().and_then(|mut stream| stream.write(TURNED_AWAY));
}

/// Tells when to stop, and by when all has to be over.
pub(crate) type Stop = watch::Receiver<Option<Instant>>;

/// Runs a connection to its end, or until the server stops: `None`.
pub(crate) async fn until_stopped<F: Future + Unpin>(
    connection: &mut F,
    mut stop: Stop,
) -> Option<F::Output> {
    let unseen = stop.clone();
    let mut stopped = pin!(stop.wait_for(Option::is_some));
    let mut waiting: Option<Waker> = None;
    poll_fn(|cx| {
        if let Poll::Ready(ended) = Pin::new(&mut *connection).poll(cx) {
            return Poll::Ready(Some(ended));
        }
        // Each turn of each connection comes here, so the lock that they share is taken but once.
        let is_waiting = waiting.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_waiting && matches!(unseen.has_changed(), Ok(false)) {
            return Poll::Pending;
        }
        waiting = Some(cx.waker().clone());
        stopped.as_mut().poll(cx).map(|_| None)
    })
    .await
}
