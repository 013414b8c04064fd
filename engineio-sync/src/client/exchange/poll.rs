//! Moves an exchange over a connection.

use std::io::ErrorKind;
use std::task::{Poll, ready};

use super::{Answer, ClientExchange, Fault};
use crate::stream::Stream;

impl ClientExchange {
    /// Writes and reads as much as the stream takes and has, through `scratch`.
    pub(in crate::client) fn poll(
        &mut self,
        stream: &mut impl Stream,
        scratch: &mut [u8],
    ) -> Poll<Result<Answer, Fault>> {
        let broken = self.write(stream).err();
        // A server that reads no further may have said why.
        let answer = self.read(stream, scratch);
        match (answer, broken) {
            (Poll::Pending | Poll::Ready(Err(Fault::Cut | Fault::Broken(_))), Some(error)) => {
                Poll::Ready(Err(Fault::Broken(error)))
            }
            (answer, _) => answer,
        }
    }

    fn write(&mut self, stream: &mut impl Stream) -> std::io::Result<()> {
        while !self.unsent().is_empty() {
            match stream.poll_write(self.unsent()) {
                Poll::Ready(Ok(0)) => return Err(ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => self.sent(count),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        Ok(())
    }

    fn read(
        &mut self,
        stream: &mut impl Stream,
        scratch: &mut [u8],
    ) -> Poll<Result<Answer, Fault>> {
        loop {
            match ready!(stream.poll_read(scratch)).map_err(Fault::Broken)? {
                0 => return Poll::Ready(self.end()),
                count => {
                    let bytes = scratch.get(..count).unwrap_or_default();
                    if let Some(answer) = self.receive(bytes)? {
                        return Poll::Ready(Ok(answer));
                    }
                }
            }
        }
    }
}
