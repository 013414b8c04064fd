//! What a binding carries between a stream and memory.

use std::task::{Context, Poll};

use crate::shared::framed::{Framed, Write};

/// One end of a connection, over memory: a [`Framed`], or with the feature `http1` a
/// [`ServerConnection`](crate::http1::ServerConnection). [`Framed`] says how to carry it.
pub trait Wire {
    /// The next bytes to write, or what else to do with the writing side.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Write<'_>>;

    /// Reports how many of the bytes were written.
    fn written(&mut self, count: usize);

    /// Reports that the writing side of the stream has ended.
    fn shut_down(&mut self);

    /// Reports an error of the stream.
    fn failed(&mut self);

    /// Ready when nothing more is to be written or read: drop the stream, even with unwritten
    /// bytes. Poll it after [`poll_write`](Self::poll_write).
    fn poll_abort(&self) -> Poll<()>;

    /// Reads from the stream once, if it may be read, to `scratch` or to memory of its own. Ready
    /// when something came, even the end, or when there is more to do without that.
    fn poll_receive<E>(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
        read: impl FnOnce(&mut Context<'_>, &mut [u8]) -> Poll<Result<usize, E>>,
    ) -> Poll<()>;

    /// Whether to let other connections go on before this one. Ask it after each
    /// [`poll_receive`](Self::poll_receive) that is ready, as one may be until its turn has ended.
    /// The next turn begins when it returns `true`.
    fn is_turn_over(&mut self) -> bool;
}

impl Wire for Framed {
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Write<'_>> {
        self.poll_write(cx)
    }

    fn written(&mut self, count: usize) {
        self.written(count);
    }

    fn shut_down(&mut self) {
        self.shut_down();
    }

    fn failed(&mut self) {
        self.failed();
    }

    fn poll_abort(&self) -> Poll<()> {
        self.poll_abort()
    }

    fn poll_receive<E>(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
        read: impl FnOnce(&mut Context<'_>, &mut [u8]) -> Poll<Result<usize, E>>,
    ) -> Poll<()> {
        self.poll_receive(cx, scratch, read)
    }

    fn is_turn_over(&mut self) -> bool {
        self.is_turn_over()
    }
}
