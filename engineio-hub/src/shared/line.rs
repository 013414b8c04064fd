//! What a server's session and a client's have in common, for those who don't mind which it is.

use std::sync::Arc;

use engineio_proto::{CloseCode, Frame, Instant, Outgoing, SendError, Sid, client, server};
use engineio_proto::{ConnId, Failure};

use crate::shared::linger::Linger;
use crate::shared::waiters::Waiters;

/// What a WebSocket has to do with its session. The methods are the session's own.
pub(crate) trait Framing {
    fn is_closed(&self) -> bool;
    fn has_transmit(&self, conn: ConnId) -> bool;
    fn is_hung_up(&self, conn: ConnId) -> bool;
    fn wants_input(&self, conn: ConnId) -> bool;
    /// The next thing for a WebSocket.
    fn poll_say(&mut self, conn: ConnId) -> Option<Say>;
    /// A frame of a WebSocket came.
    fn frame(&mut self, now: Instant, conn: ConnId, frame: Frame);
    /// A WebSocket failed.
    fn fail(&mut self, now: Instant, conn: ConnId, why: Failure);
}

/// A session of either side. The methods are the session's own.
pub(crate) trait End: Framing {
    type Reason: Clone;

    /// The reason of a session that isn't there any more.
    const GONE: Self::Reason;

    fn send(&mut self, outgoing: Outgoing) -> Result<u64, SendError>;
    fn accepted(&self) -> u64;
    fn handed_over(&self) -> u64;
    fn is_writable(&self) -> bool;
    fn is_closing(&self) -> bool;
    fn close_reason(&self) -> Option<&Self::Reason>;
    fn has_event(&self) -> bool;
}

/// What is said over a WebSocket.
pub(crate) enum Say {
    Frame(Frame),
    Hangup(CloseCode),
}

/// A session behind its lock.
pub(crate) trait Line {
    type End: End;

    /// Takes one turn at the session. Whoever can go on afterwards is woken when the lock is
    /// gone. `None`: there is no session any more.
    fn with<R>(&self, act: impl FnOnce(Turned<'_, Self::End>) -> R) -> Option<R>;
}

/// A session that a WebSocket belongs to.
pub(crate) trait Wire: Send + Sync {
    /// Takes one turn at the session. `false`: there is no session any more.
    fn turn(&self, act: &mut dyn FnMut(Turned<'_, dyn Framing + '_>)) -> bool;

    /// Begins the time that the connection has for its last words.
    fn begin_linger(&self) -> Arc<Linger>;

    /// The identifier of the session, for logs.
    fn sid(&self) -> Option<Sid>;
}

/// The session during a turn.
pub(crate) struct Turned<'a, E: ?Sized> {
    pub(crate) now: Instant,
    pub(crate) session: &'a mut E,
    pub(crate) waiters: &'a mut Waiters,
}

macro_rules! end {
    ($side:ident, $gone:ident, { $($say:tt)* }) => {
        impl End for $side::Session {
            type Reason = <$side::Session as Reasoned>::Reason;

            const GONE: Self::Reason = Self::Reason::$gone;

            fn send(&mut self, outgoing: Outgoing) -> Result<u64, SendError> {
                self.send(outgoing)
            }

            fn accepted(&self) -> u64 {
                self.accepted()
            }

            fn handed_over(&self) -> u64 {
                self.handed_over()
            }

            fn is_writable(&self) -> bool {
                self.is_writable()
            }

            fn is_closing(&self) -> bool {
                self.is_closing()
            }

            fn close_reason(&self) -> Option<&Self::Reason> {
                self.close_reason()
            }

            fn has_event(&self) -> bool {
                self.has_event()
            }
        }

        impl Framing for $side::Session {
            fn is_closed(&self) -> bool {
                self.is_closed()
            }

            fn has_transmit(&self, conn: ConnId) -> bool {
                self.has_transmit(conn)
            }

            fn is_hung_up(&self, conn: ConnId) -> bool {
                self.is_hung_up(conn)
            }

            fn wants_input(&self, conn: ConnId) -> bool {
                self.wants_input(conn)
            }

            fn poll_say(&mut self, conn: ConnId) -> Option<Say> {
                loop {
                    return Some(match self.poll_transmit(conn)? {
                        $side::Transmit::Frame(frame) => Say::Frame(frame),
                        $side::Transmit::Hangup(code) => Say::Hangup(code),
                        $($say)*
                    });
                }
            }

            fn frame(&mut self, now: Instant, conn: ConnId, frame: Frame) {
                self.handle_input(now, $side::Input::Frame(conn, frame));
            }

            fn fail(&mut self, now: Instant, conn: ConnId, why: Failure) {
                self.handle_input(now, $side::Input::Failed(conn, why));
            }
        }
    };
}

/// Why a session ends.
pub(crate) trait Reasoned {
    type Reason;
}

impl Reasoned for server::Session {
    type Reason = engineio_proto::ServerCloseReason;
}

impl Reasoned for client::Session {
    type Reason = engineio_proto::ClientCloseReason;
}

end!(server, Shutdown, {
    // Not for an upgraded connection.
    server::Transmit::Respond(_) | server::Transmit::Upgrade(_) => continue,
});

end!(client, Application, {});
