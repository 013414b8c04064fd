//! All sessions of a server as one stream of events.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use engineio_proto::server::Event;
use engineio_proto::{Message, ServerCloseReason, Sid, Transport};
use futures_core::Stream;

use crate::server::hub::Hub;
use crate::server::incoming::Incoming;
use crate::server::reception::add;
use crate::server::session::{Audience, Cell};

/// What happens to one of the server's sessions.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A client came, and its session is open. The first event of this session.
    Connect(Sid),
    /// A client said something. Messages of one session come in their order.
    Message(Sid, Message),
    /// A session moved to another transport; nothing has to be done about it.
    Upgrade(Sid, Transport),
    /// A session ended. The last event of this session.
    Disconnect(Sid, ServerCloseReason),
}

/// The stream of events of a whole server. Sessions take turns: one that talks much
/// doesn't keep the others from being heard.
///
/// Clones are for several workers: each event goes to one of them, and a session belongs to
/// the worker that has its event until that one asks for the next, so that the events of
/// one session are dealt with one after the other.
pub struct Events<D: Send + Sync + 'static = ()> {
    hub: Arc<Hub<D>>,
    /// `None`: there never will be an event, the server is consumed another way.
    audience: Option<Arc<Listeners<D>>>,
    last: Held<D>,
}

/// The session whose event was given last. A clone holds none.
struct Held<D: Send + Sync + 'static>(Option<Arc<Cell<D>>>);

/// All clones of one stream. With the last of them, nobody hears events any more.
struct Listeners<D: Send + Sync + 'static>(Arc<Hub<D>>);

impl<D: Send + Sync + 'static> Hub<D> {
    /// Accepts all clients from now on, and gives what they do as one stream.
    ///
    /// A server is consumed one way: once [`poll_incoming`](Self::poll_incoming) was
    /// called the stream ends at once, and so does a second stream. The observer is
    /// told.
    pub fn events(self: &Arc<Self>) -> Events<D>
    where
        D: Default,
    {
        let waiting = self.reception.take_all(D::default);
        let audience = waiting.is_some().then(|| Arc::new(Listeners(Arc::clone(self))));
        if audience.is_none() && !self.is_closing() {
            self.observer
                .misused("events() after accept(), incoming() or events(): it has no events");
        }
        for arrival in waiting.into_iter().flatten() {
            Incoming::new(self, arrival).open(D::default(), Audience::EVENTS);
        }
        Events { hub: Arc::clone(self), audience, last: Held(None) }
    }
}

impl<D: Send + Sync + 'static> Events<D> {
    /// The next event; `None` when the server has closed and all was told.
    pub async fn next(&mut self) -> Option<ServerEvent> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// As [`next`](Self::next), for use in a task.
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<ServerEvent>> {
        self.poll_next_event(Some(cx.waker()))
    }

    /// An event if there is one now, as [`poll_event`](Self::poll_event) gives it; nobody is
    /// woken later.
    pub fn poll_now(&mut self) -> Poll<Option<ServerEvent>> {
        self.poll_next_event(None)
    }

    /// Whether no session can tell anything new.
    fn is_over(&self) -> bool {
        self.hub.is_closing() && self.hub.is_empty()
    }

    fn poll_next_event(&mut self, waker: Option<&Waker>) -> Poll<Option<ServerEvent>> {
        if self.audience.is_none() {
            return Poll::Ready(None);
        }
        // Whoever comes back has dealt with the last event.
        self.last.release();
        loop {
            // Looked at before the queue: what the last session had to tell was in it before the
            // session was gone.
            let was_over = self.is_over();
            let Some(cell) = self.hub.events.next(waker) else {
                if was_over {
                    return Poll::Ready(None);
                }
                // It may have ended before it was known whom to wake.
                if self.is_over() {
                    continue;
                }
                return Poll::Pending;
            };
            self.last = Held(Some(Arc::clone(&cell)));
            if let Some(event) = take_event(&cell) {
                return Poll::Ready(Some(event));
            }
            self.last.release();
        }
    }
}

impl<D: Send + Sync + 'static> Held<D> {
    /// From now on somebody else may have it: with more to tell, it stands in the queue
    /// again when this turn ends.
    fn release(&mut self) {
        let cell = self.0.take();
        let Some(mut turn) = cell.as_ref().and_then(Cell::turn) else { return };
        if let Audience::Events { is_listed, .. } = &mut turn.audience {
            *is_listed = false;
        }
        if !turn.session.has_event() {
            turn.session.poll_event();
        }
    }
}

impl<D: Send + Sync + 'static> Clone for Events<D> {
    fn clone(&self) -> Self {
        let (hub, audience) = (Arc::clone(&self.hub), self.audience.clone());
        Self { hub, audience, last: self.last.clone() }
    }
}

impl<D: Send + Sync + 'static> Clone for Held<D> {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl<D: Send + Sync + 'static> Drop for Held<D> {
    fn drop(&mut self) {
        self.release();
    }
}

/// One event of a session that has some. It counts as listed until it is released.
fn take_event<D: Send + Sync + 'static>(cell: &Arc<Cell<D>>) -> Option<ServerEvent> {
    let mut turn = cell.turn()?;
    let Audience::Events { is_announced, .. } = &mut turn.audience else { return None };
    let sid = || cell.sid().clone();
    if !mem::replace(is_announced, true) {
        return Some(ServerEvent::Connect(sid()));
    }
    match turn.session.poll_event()? {
        Event::Message(message) => Some(ServerEvent::Message(sid(), message)),
        Event::Upgraded(transport) => Some(ServerEvent::Upgrade(sid(), transport)),
        Event::Closed(reason) => Some(ServerEvent::Disconnect(sid(), reason)),
        _ => None,
    }
}

/// The sessions go on, and what their clients say is thrown away.
impl<D: Send + Sync + 'static> Drop for Listeners<D> {
    fn drop(&mut self) {
        self.0.events.end().iter().for_each(Cell::detach);
    }
}

impl<D: Send + Sync + 'static> Stream for Events<D> {
    type Item = ServerEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ServerEvent>> {
        self.get_mut().poll_event(cx)
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Events<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// Sessions that have something to tell, each once.
pub(crate) struct EventQueue<D: Send + Sync + 'static>(Mutex<Queue<D>>);

struct Queue<D: Send + Sync + 'static> {
    cells: VecDeque<Arc<Cell<D>>>,
    readers: Vec<Waker>,
    /// Nobody reads any more.
    is_over: bool,
}

impl<D: Send + Sync + 'static> EventQueue<D> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Queue { cells: VecDeque::new(), readers: Vec::new(), is_over: false }))
    }

    /// Whether somebody will read what the session has to tell.
    pub(crate) fn push(&self, cell: &Arc<Cell<D>>) -> bool {
        let mut queue = self.lock();
        if queue.is_over {
            return false;
        }
        queue.cells.push_back(Arc::clone(cell));
        let readers = mem::take(&mut queue.readers);
        drop(queue);
        readers.into_iter().for_each(Waker::wake);
        true
    }

    /// Gives the sessions that nobody will read any more.
    fn end(&self) -> VecDeque<Arc<Cell<D>>> {
        let mut queue = self.lock();
        queue.is_over = true;
        mem::take(&mut queue.cells)
    }

    /// Wakes whoever waits, to look whether the server has closed.
    pub(crate) fn wake(&self) {
        let readers = mem::take(&mut self.lock().readers);
        readers.into_iter().for_each(Waker::wake);
    }

    /// The next session. Without one, the task of this waker is woken when there is.
    fn next(&self, waker: Option<&Waker>) -> Option<Arc<Cell<D>>> {
        let mut queue = self.lock();
        let cell = queue.cells.pop_front();
        if cell.is_none() {
            waker.into_iter().for_each(|waker| add(&mut queue.readers, waker));
        }
        cell
    }

    /// Nothing that can panic is done under this lock.
    fn lock(&self) -> MutexGuard<'_, Queue<D>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
