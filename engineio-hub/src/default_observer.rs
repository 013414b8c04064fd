//! The observer of an application that sets none.

#[cfg(feature = "metrics")]
use crate::metrics_observer::MetricsObserver;
use crate::observer::Observer;
#[cfg(feature = "tracing")]
use crate::tracing_observer::TracingObserver;

/// The observer of an application that sets none: a `TracingObserver` with the feature `tracing`, a
/// `MetricsObserver` with the feature `metrics`, with both features both, otherwise one that does
/// nothing.
pub fn default_observer() -> Box<dyn Observer> {
    #[cfg(feature = "tracing")]
    let logs = TracingObserver;
    #[cfg(not(feature = "tracing"))]
    let logs = ();
    #[cfg(feature = "metrics")]
    let figures = MetricsObserver;
    #[cfg(not(feature = "metrics"))]
    let figures = ();
    Box::new((logs, figures))
}
