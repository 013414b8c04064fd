//! The I/O of a server.
//!
//! A [`Worker`] belongs to one thread. It sleeps until a socket, a deadline or another thread has
//! something for it, then gives a turn to each [`Connection`](connection::Connection) concerned.
//! A connection that waits is state, not a thread.

mod acceptor;
mod connection;
mod connections;
mod engine;
mod expiry;
mod handle;
mod timers;
mod tokens;
mod worker;

use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use engineio_hub::Data;
use engineio_hub::listener::BACKLOG;
use socket2::SockRef;

pub(crate) use engine::Engine;
pub(crate) use worker::Worker;

/// Binds a listener where many connections may wait to be accepted.
pub(crate) fn bind(address: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // A second `listen` changes the backlog.
    SockRef::from(&listener).listen(BACKLOG)?;
    Ok(listener)
}

/// Starts as many threads for this listener, one at least.
pub(crate) fn start_threads<D: Data>(
    engine: &Arc<Engine<D>>,
    listener: TcpListener,
    threads: usize,
) -> io::Result<()> {
    let first = Worker::listening(engine, nonblocking(listener)?)?;
    let others = (1..threads).map(|_| Worker::new(engine)).collect::<io::Result<Vec<_>>>()?;
    let workers = [first].into_iter().chain(others).collect::<Vec<_>>();
    engine.set_workers(workers.iter().map(|worker| Arc::clone(worker.handle())).collect());
    for (number, worker) in workers.into_iter().enumerate() {
        let name = format!("engineio-{number}");
        thread::Builder::new().name(name).spawn(move || worker.run())?;
    }
    Ok(())
}

/// The one worker for this listener, without a thread.
pub(crate) fn single_worker<D: Data>(
    engine: &Arc<Engine<D>>,
    listener: TcpListener,
) -> io::Result<Worker<D>> {
    let worker = Worker::listening(engine, nonblocking(listener)?)?;
    engine.set_workers(vec![Arc::clone(worker.handle())]);
    Ok(worker)
}

fn nonblocking(listener: TcpListener) -> io::Result<mio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    Ok(mio::net::TcpListener::from_std(listener))
}
