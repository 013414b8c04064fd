//! The observer of an application that sets none.

use crate::observer::Observer;
#[cfg(feature = "tracing")]
use crate::tracing_observer::TracingObserver;

/// The observer of an application that sets none: a `TracingObserver` with the feature `tracing`,
/// otherwise one that does nothing.
pub fn default_observer() -> Box<dyn Observer> {
    #[cfg(feature = "tracing")]
    return Box::new(TracingObserver);
    #[cfg(not(feature = "tracing"))]
    return Box::new(());
}
