//! What hyper turned away before there was a request.

use std::error::Error;

use engineio_proto::server::ConnectionFault;

/// What hyper turned away with this error of a connection, if it was the head of a request.
///
/// Its time for a head also ends connections that are idle, which nobody has to hear of: say
/// whether a part of a head has come.
pub fn head_fault(
    error: &(dyn Error + 'static),
    has_begun: impl FnOnce() -> bool,
) -> Option<ConnectionFault> {
    let error = error.downcast_ref::<hyper::Error>()?;
    if error.is_parse_too_large() {
        Some(ConnectionFault::HeadTooLarge)
    } else if error.is_parse() {
        Some(ConnectionFault::MalformedHead)
    } else if error.is_timeout() && has_begun() {
        Some(ConnectionFault::SlowHead)
    } else {
        None
    }
}
