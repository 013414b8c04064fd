//! A server's I/O, done by the thread that holds it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engineio_hub::Data;

use super::shared::{Shared, close, closed};
use crate::block::now;
use crate::io::{Engine, Worker};

/// Does the I/O of a server whenever it is given a [`turn`](Self::turn): the shape for a game
/// loop, or for a small server without a second thread.
///
/// [`ServerBuilder::bind_driven`](crate::ServerBuilder::bind_driven) makes it beside the
/// [`Server`](crate::Server). Between two turns nothing moves, so take turns often: clients are
/// heard, deadlines kept and messages written only then. Observer, fallback and
/// [`Handler`](crate::Handler) run in the thread that calls `turn`.
///
/// That thread must not wait in a handle, since nobody does the I/O meanwhile: not in `recv`,
/// `accept`, `incoming`, `flush`, `closed`, the iterator of [`Events`](crate::Events), nor in a
/// [`send`](crate::Sender::send) that finds no room. There are `try_recv`, `try_accept`,
/// `try_incoming`, `try_next` and `try_send` instead. Other threads may wait as ever.
///
/// Dropping it ends the server's I/O, and with it all sessions.
///
/// ```
/// use std::time::Duration;
///
/// use engineio_sync::{Server, ServerConfig, ServerEvent};
///
/// # fn main() -> std::io::Result<()> {
/// let (server, mut driver) = Server::builder(ServerConfig::default()).bind_driven("127.0.0.1:0")?;
/// let mut events = server.events();
/// for _frame in 0..3 {
///     driver.turn(Some(Duration::ZERO));
///     while let Ok(event) = events.try_next() {
///         if let ServerEvent::Message(sender, message) = event {
///             let _ = sender.try_send(message);
///         }
///     }
///     // .. move the world, and send what has changed; it leaves with this frame:
///     driver.turn(Some(Duration::ZERO));
/// }
/// driver.close(Duration::from_secs(1));
/// # Ok(())
/// # }
/// ```
#[must_use = "without it nothing is read or written"]
pub struct Driver<D: Data = ()> {
    worker: Worker<D>,
    engine: Arc<Engine<D>>,
}

impl<D: Data> Driver<D> {
    pub(super) fn new(worker: Worker<D>, shared: &Shared<D>) -> Self {
        Self { worker, engine: Arc::clone(&shared.engine) }
    }

    /// Waits until there is something to do, for so long at most, and does it. `None` waits as
    /// long as it takes; zero does only what there is to do now.
    ///
    /// `false`: the server has closed, and nothing is left to do.
    pub fn turn(&mut self, at_most: Option<Duration>) -> bool {
        let until = at_most.map(|at_most| self.engine.hub.now() + at_most);
        self.worker.turn(until)
    }

    /// Takes turns until the server has closed.
    pub fn run(mut self) {
        while self.turn(None) {}
    }

    /// Closes the server as [`Server::close`](crate::Server::close) does, for the thread that
    /// holds the driver: there, that method would only wait for its time to pass.
    pub fn close(mut self, within: Duration) {
        let engine = Arc::clone(&self.engine);
        close(
            &engine,
            within,
            |at_most| {
                let until = engine.hub.now() + at_most;
                loop {
                    if now(closed(&engine)).is_some() {
                        return true;
                    }
                    let left = until.saturating_since(engine.hub.now());
                    if left.is_zero() {
                        return false;
                    }
                    self.turn(Some(left.min(LOOK_AGAIN)));
                }
            },
            |_| {},
        );
        self.run();
    }
}

impl<D: Data> Drop for Driver<D> {
    fn drop(&mut self) {
        self.engine.hub.close(Duration::ZERO);
        self.engine.hub.abort();
    }
}

impl<D: Data> fmt::Debug for Driver<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("hub", &self.engine.hub).finish_non_exhaustive()
    }
}

/// What other threads do to a session gives the worker a turn, but not every end of one does.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
