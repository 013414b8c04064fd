//! Waiting that comes to nothing.

use std::error::Error;
use std::fmt;

/// What was waited for didn't come in time. It may come later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it didn't come in time")
    }
}

impl Error for TimedOut {}
