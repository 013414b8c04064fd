//! What does the I/O, and what it carries.
//!
//! A [`Worker`] is for one thread: it sleeps until a socket, a timer or another thread has
//! something for it, and gives the connections concerned a turn. What waits is state, not a
//! thread.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use engineio_hub::Data;

mod connection;
mod engine;
mod fallback;
mod http_connection;
mod limits;
mod listener;
mod mailbox;
mod output;
mod request;
mod timers;
mod worker;

pub(crate) use engine::{Engine, Settings};
pub(crate) use fallback::Fallback;
pub(crate) use limits::Limits;
#[cfg(feature = "client")]
pub(crate) use mailbox::{Mailbox, Messages, TokenWaker};
pub(crate) use worker::Worker;

/// Starts so many threads, at least one, that serve the connections of this listener.
pub(crate) fn start_threads<D: Data>(
    engine: &Arc<Engine<D>>,
    listener: TcpListener,
    count: usize,
) -> io::Result<()> {
    let workers = workers(engine, listener, count)?;
    let started = workers.into_iter().enumerate().try_for_each(|(number, worker)| {
        let name = format!("engineio-{number}");
        thread::Builder::new().name(name).spawn(move || worker.run()).map(drop)
    });
    if started.is_err() {
        // Some may run.
        engine.stop(engine.hub.now());
    }
    started
}

/// One worker, for a thread of the application.
pub(crate) fn one_worker<D: Data>(
    engine: &Arc<Engine<D>>,
    listener: TcpListener,
) -> io::Result<Worker<D>> {
    let worker = workers(engine, listener, 1)?.pop();
    worker.ok_or_else(|| io::Error::other("there is no worker"))
}

/// The first of them accepts.
fn workers<D: Data>(
    engine: &Arc<Engine<D>>,
    listener: TcpListener,
    count: usize,
) -> io::Result<Vec<Worker<D>>> {
    listener.set_nonblocking(true)?;
    let mut workers = (0..count).map(|_| Worker::new(engine)).collect::<io::Result<Vec<_>>>()?;
    if let Some(first) = workers.first_mut() {
        first.listen(mio::net::TcpListener::from_std(listener))?;
    }
    engine.set_mailboxes(workers.iter().map(|worker| Arc::clone(worker.mailbox())).collect());
    Ok(workers)
}
