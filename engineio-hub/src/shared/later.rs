//! Frames that wait for the end of a turn, to be compressed without the session's lock.

use engineio_proto::{Attachment, Frame, FramedSession};

use crate::websocket::WebSocket;
use crate::websocket::deflate::SharedForm;

/// What a turn has taken out of a session and isn't in the write buffer yet: from the first frame
/// that is to be compressed on.
#[derive(Default)]
pub(crate) struct Later {
    frames: Vec<(Frame, Option<Attachment>)>,
    bytes: usize,
    close: Option<u16>,
}

impl Later {
    /// How many bytes wait.
    pub(crate) const fn len(&self) -> usize {
        self.bytes
    }

    /// Sends the frame that the session gave last: now, or later if it takes long or comes behind
    /// one that does.
    pub(crate) fn send(
        &mut self,
        socket: &mut WebSocket,
        session: &mut dyn FramedSession,
        frame: Frame,
    ) {
        if self.frames.is_empty() && !socket.compresses(&frame) {
            socket.send(frame);
        } else {
            self.bytes = self.bytes.saturating_add(frame.len());
            self.frames.push((frame, session.take_attachment()));
        }
    }

    /// Closes behind all frames.
    pub(crate) fn close(&mut self, socket: &mut WebSocket, code: u16) {
        if self.frames.is_empty() {
            socket.close(code);
        } else {
            self.close = Some(code);
        }
    }

    /// Sends all that waits. Call it without a lock.
    #[cold]
    pub(crate) fn finish(self, socket: &mut WebSocket) {
        for (frame, attachment) in self.frames {
            let form = attachment.as_ref().and_then(|it| it.downcast_ref::<SharedForm>());
            socket.send_shared(frame, form);
        }
        self.close.into_iter().for_each(|code| socket.close(code));
    }
}
