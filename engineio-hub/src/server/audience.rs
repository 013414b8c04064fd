//! Where a session's events go, and what was told already.

use std::collections::VecDeque;
use std::mem;

use engineio_proto::server::{Event, Session};

/// Where a session's events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// To the `Socket` of this session.
    Socket,
    /// Nowhere: they are discarded.
    Nobody,
    /// To the server's stream of events.
    Events(Told),
    /// To the server's handler, called by the task or thread that carries a connection of the
    /// session.
    Handler(Told),
}

/// What a consumer of all sessions was told of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// It was told of the opening.
    is_announced: bool,
    /// A worker is handling the session, or it is in the queue of sessions with news.
    pub(crate) is_claimed: bool,
}

/// What a consumer of all sessions is told of one.
pub(crate) enum News {
    Opened,
    Event(Event),
}

/// News that a handler is told of together.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) is_opened: bool,
    /// By itself, as there is nearly always no other.
    pub(crate) first: Option<Event>,
    pub(crate) events: VecDeque<Event>,
}

impl Audience {
    pub(crate) const fn told_mut(&mut self) -> Option<&mut Told> {
        match self {
            Self::Events(told) | Self::Handler(told) => Some(told),
            Self::Socket | Self::Nobody => None,
        }
    }

    /// Claims the session if it has unclaimed news. Returns whether it did.
    pub(crate) fn claim_news(&mut self, session: &Session) -> bool {
        let may_tell = self.may_tell(session);
        let Some(told) = self.told_mut() else { return false };
        let is_news = !told.is_claimed && (!told.is_announced || (may_tell && session.has_event()));
        told.is_claimed |= is_news;
        is_news
    }

    pub(crate) fn next_news(&mut self, session: &mut Session) -> Option<News> {
        if self.announce() {
            return Some(News::Opened);
        }
        if self.may_tell(session) { session.poll_event().map(News::Event) } else { None }
    }

    /// Whether the opening is to be told now.
    pub(crate) const fn announce(&mut self) -> bool {
        match self.told_mut() {
            Some(told) => !mem::replace(&mut told.is_announced, true),
            None => false,
        }
    }

    /// A handler isn't called while there is no room for its answers.
    pub(crate) fn may_tell(&self, session: &Session) -> bool {
        !matches!(self, Self::Handler(_)) || session.is_writable() || session.is_closing()
    }
}
