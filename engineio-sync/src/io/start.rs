//! How the workers of a server come to be.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use super::engine::Engine;
use super::worker::Worker;

/// Who does the I/O.
pub(crate) enum Start<D: Send + Sync + 'static> {
    /// Threads of the server's own.
    Threads,
    /// Whoever waits for something.
    Here(Box<Worker<D>>),
}

/// Starts so many threads for this listener. Zero: the worker is given back.
pub(crate) fn start<D: Send + Sync + 'static>(
    engine: &Arc<Engine<D>>,
    listener: TcpListener,
    threads: usize,
) -> io::Result<Start<D>> {
    listener.set_nonblocking(true)?;
    let mut first = Worker::new(engine)?;
    first.listen(mio::net::TcpListener::from_std(listener))?;
    let others = (1..threads).map(|_| Worker::new(engine)).collect::<io::Result<Vec<_>>>()?;
    let inboxes = [&first].into_iter().chain(&others).map(|worker| Arc::clone(worker.inbox()));
    // Set once, here.
    let _ = engine.inboxes.set(inboxes.collect());
    if threads == 0 {
        return Ok(Start::Here(Box::new(first)));
    }
    for (number, worker) in [first].into_iter().chain(others).enumerate() {
        let name = format!("engineio-{number}");
        thread::Builder::new().name(name).spawn(move || worker.run())?;
    }
    Ok(Start::Threads)
}
