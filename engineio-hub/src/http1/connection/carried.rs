//! How a binding carries a connection.

use std::task::{Context, Poll};

use bytes::BytesMut;
use engineio_proto::server::ConnectionFault;

use super::{Next, ServerConnection, Stage};
use crate::data::Data;
use crate::listener::MAX_HEAD;
use crate::shared::framed::Write;
use crate::wire::Wire;

impl<D: Data> Wire for ServerConnection<D> {
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Write<'_>> {
        self.next = self.advance(cx);
        match self.next {
            Next::Write => Poll::Ready(Write::Bytes(self.output.parts())),
            Next::ShutDown => Poll::Ready(Write::Shutdown),
            Next::Close => Poll::Ready(Write::End),
            Next::Read | Next::Wait | Next::Yield | Next::Drop => Poll::Pending,
        }
    }

    fn written(&mut self, count: usize) {
        self.output.written(count);
    }

    fn shut_down(&mut self) {
        let config = self.hub.config();
        let until = self.hub.now() + config.linger();
        let left = config.max_payload().max(MAX_HEAD);
        self.input = BytesMut::new();
        self.stage = Stage::Drain { until, left };
    }

    fn failed(&mut self) {
        self.stage = Stage::Drop;
    }

    fn poll_abort(&self) -> Poll<()> {
        let is_over = matches!(self.stage, Stage::Drop | Stage::Http2) || self.is_switching();
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_receive<E>(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
        read: impl FnOnce(&mut Context<'_>, &mut [u8]) -> Poll<Result<usize, E>>,
    ) -> Poll<()> {
        match self.next {
            Next::Read => {}
            Next::Yield | Next::Drop => return Poll::Ready(()),
            Next::Write | Next::Wait | Next::ShutDown | Next::Close => return Poll::Pending,
        }
        let room = self.room().min(scratch.len());
        let scratch = scratch.get_mut(..room).unwrap_or_default();
        match read(cx, scratch) {
            // What has come in time was read first.
            Poll::Pending if self.has_idled_enough() => self.stage = Stage::Close,
            Poll::Pending if self.is_late() => self.refuse(ConnectionFault::SlowHead),
            Poll::Pending => {
                if self.input.is_empty() {
                    // A waiting connection holds no memory for what it read.
                    self.input = BytesMut::new();
                }
                self.begin_turn();
                return Poll::Pending;
            }
            // A peer that has ended its side gets what was written by now.
            Poll::Ready(Ok(0)) => self.stage = Stage::Close,
            Poll::Ready(Err(_)) => self.stage = Stage::Drop,
            Poll::Ready(Ok(count)) => self.received(scratch.get(..count).unwrap_or_default()),
        }
        Poll::Ready(())
    }

    fn is_turn_over(&mut self) -> bool {
        let is_over = self.next == Next::Yield || self.reads >= READS_PER_TURN;
        if is_over {
            self.begin_turn();
        }
        is_over
    }
}

/// How many times a connection reads in one turn.
const READS_PER_TURN: u8 = 16;
