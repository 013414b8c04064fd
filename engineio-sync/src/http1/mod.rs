//! HTTP/1.1 as a server, over bytes in memory.
//!
//! [`take_head`] finds the head of the next request, [`Body`] what follows it, and [`response`]
//! writes the head of an answer. What could be read in two ways by two servers (RFC 9112,
//! sections 6.3 and 11.2) is refused: a proxy before this one may have read it in the other.

mod body;
mod head;
mod response;

pub use body::{Body, Chunks};
pub(crate) use head::skip_empty_lines;
pub use head::{Head, take_head};
pub(crate) use response::{CONTINUE, Framing, bare, refusal, response, switching_protocols};

/// Why a request can't be served, nor anything behind it on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It isn't HTTP/1.1, or not clearly.
    Malformed,
    /// Its head is too long, or has too many headers.
    HeadTooLarge,
}
