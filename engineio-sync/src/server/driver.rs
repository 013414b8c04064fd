//! The I/O of a server, for a thread of the application.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engineio_hub::{Data, Hub};

use super::close::close;
use crate::io::{Engine, Worker};

/// Does the I/O of a server on the thread that holds it.
///
/// [`bind_driven`](crate::ServerBuilder::bind_driven) and
/// [`listen_driven`](crate::ServerBuilder::listen_driven) give it along with the server, instead
/// of starting I/O threads. It accepts, reads, writes and runs the heartbeats in
/// [`turn`](Self::turn), and only there. This is for game loops, which receive at the beginning
/// of a frame and send at its end, and for small servers: no message goes from one thread to
/// another.
///
/// ```
/// use std::time::Duration;
///
/// use engineio_sync::{Server, ServerConfig, ServerEvent, TryRecvError};
///
/// # fn main() -> std::io::Result<()> {
/// let builder = Server::builder(ServerConfig::default());
/// let (server, mut driver) = builder.bind_driven::<()>("127.0.0.1:0")?;
/// let mut events = server.events();
/// # driver.turn(Some(Duration::ZERO));
/// # let mut frames = 0;
/// while driver.turn(Some(Duration::ZERO)) {
///     while let Ok(event) = events.try_next() {
///         if let ServerEvent::Message(sender, message) = event {
///             let _ = sender.try_send(message);
///         }
///     }
///     // .. move the world, then tell all clients about it.
///     server.broadcast("tick");
///     driver.turn(Some(Duration::ZERO)); // what was sent leaves with this frame
///     // .. draw, and wait for the next frame.
/// #   frames += 1;
/// #   if frames == 3 { break }
/// }
/// driver.close(Duration::from_secs(1));
/// assert_eq!(events.try_next().map(drop), Err(TryRecvError::Closed));
/// # Ok(())
/// # }
/// ```
///
/// # Calls that wait
///
/// On the thread that holds the driver, **a call that waits for a client waits forever**, or for
/// all of its timeout, since the I/O that would end the wait is this thread's own task. The same is
/// true inside [`turn`](Self::turn), for a [`Handler`](crate::Handler), an observer and a fallback.
/// Use these calls there:
///
/// | waits | doesn't wait |
/// |---|---|
/// | [`Server::accept`](crate::Server::accept), [`incoming`](crate::Server::incoming) | [`try_accept`](crate::Server::try_accept), [`try_incoming`](crate::Server::try_incoming) |
/// | the iterator [`Events`](crate::Events) | [`Events::try_next`](crate::Events::try_next) |
/// | [`Socket::recv`](crate::Socket::recv), `recv_timeout`, `messages` | [`Socket::try_recv`](crate::Socket::try_recv) |
/// | [`Sender::send`](crate::Sender::send) | [`Sender::try_send`](crate::Sender::try_send) |
/// | [`Sender::flush`](crate::Sender::flush) | a turn, then [`Sender::queued_bytes`](crate::Sender::queued_bytes) |
/// | [`Sender::closed`](crate::Sender::closed) | a turn, then [`Sender::close_reason`](crate::Sender::close_reason) |
/// | [`Server::close`](crate::Server::close) | [`Driver::close`](Self::close), which does the I/O meanwhile |
///
/// Other threads may call all of them, as long as the driver takes turns.
///
/// # The end
///
/// Dropping the driver ends all sessions at once and closes the listener: calls that wait return.
#[must_use = "dropping it ends the server"]
pub struct Driver<D: Data = ()> {
    engine: Arc<Engine<D>>,
    /// `None`: the server has ended.
    worker: Option<Worker<D>>,
}

impl<D: Data> Driver<D> {
    pub(super) const fn new(engine: Arc<Engine<D>>, worker: Worker<D>) -> Self {
        Self { engine, worker: Some(worker) }
    }

    /// Sleeps until there is something to do, for `timeout` at most (`None`: as long as that
    /// takes), and does what can be done without waiting. With a timeout of zero it never sleeps.
    ///
    /// Returns whether the server goes on. `false` means that it was closed and all I/O has
    /// ended; further turns do nothing.
    ///
    /// Messages that were sent before a turn are written by it, as far as the clients' connections
    /// take them; a client that polls gets them if its poll waits. The work of one turn is bounded,
    /// and the next one goes on with the rest. A turn may return before its timeout without
    /// anything new for the application.
    ///
    /// Take turns often: while there are none, no heartbeat leaves and no answer is read, and a
    /// pause longer than [`ping_timeout`](crate::ServerConfig::ping_timeout) may lose clients.
    pub fn turn(&mut self, timeout: Option<Duration>) -> bool {
        let Some(worker) = &mut self.worker else { return false };
        let goes_on = worker.turn(timeout.map(|timeout| self.engine.hub.now() + timeout));
        if !goes_on {
            self.worker = None;
        }
        goes_on
    }

    /// Takes turns until the server has ended.
    pub fn run(mut self) {
        while self.turn(None) {}
    }

    /// Closes the server as [`Server::close`](crate::Server::close) does, and does the I/O
    /// meanwhile. Returns when it has ended, after `within` at the latest.
    ///
    /// To go on with other work meanwhile, call [`Server::close`](crate::Server::close) on another
    /// thread, and take [turns](Self::turn) until they return `false`.
    pub fn close(self, within: Duration) {
        self.close_by(within, Hub::close);
    }

    /// Closes the server as [`Server::drain`](crate::Server::drain) does, and does the I/O
    /// meanwhile, as with [`close`](Self::close).
    pub fn drain(self, within: Duration) {
        self.close_by(within, Hub::drain);
    }

    fn close_by(mut self, within: Duration, begin: impl FnOnce(&Hub<D>, Duration)) {
        let engine = Arc::clone(&self.engine);
        close(&engine, within, begin, |at_most| self.turn_until_closed(at_most));
        // The engine was told when to stop.
        self.run();
    }

    /// Takes turns until no session is left, but no longer than `at_most`. Returns whether none is
    /// left.
    fn turn_until_closed(&mut self, at_most: Duration) -> bool {
        let hub = &self.engine.hub;
        let until = hub.now() + at_most;
        let Some(worker) = &mut self.worker else { return false };
        worker.turn_until(until, |cx| hub.poll_closed(cx)).is_some()
    }
}

/// Without the driver nothing does the I/O, so the server ends.
impl<D: Data> Drop for Driver<D> {
    fn drop(&mut self) {
        self.engine.end();
    }
}

impl<D: Data> fmt::Debug for Driver<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("is_over", &self.worker.is_none()).finish_non_exhaustive()
    }
}
