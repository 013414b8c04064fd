//! Waiting that came to nothing.

use std::error::Error;
use std::fmt;

/// Nothing came within the time that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing came in time")
    }
}

impl Error for TimedOut {}
