//! HTTP/1.1 as a server, over bytes in memory.
//!
//! [`HeadReader`] finds the head of the next request, [`Body`] its body, and [`response`] writes the
//! head of an answer. A request that two servers could read differently is refused (RFC 9112,
//! sections 6.3 and 11.2): a proxy in front may have read it the other way.

mod body;
mod head;
mod response;

use engineio_proto::server::ConnectionFault;

pub use body::{Body, Chunks};
pub use head::{Head, HeadReader};
pub(crate) use response::{CONTINUE, Framing, refusal, response, switching_protocols};

/// Why neither a request nor anything behind it on its connection can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It isn't HTTP/1.1, or is ambiguous.
    Malformed,
    /// Its head is too long, or has too many headers.
    HeadTooLarge,
}

impl From<Fault> for ConnectionFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed => Self::MalformedHead,
            Fault::HeadTooLarge => Self::HeadTooLarge,
        }
    }
}
