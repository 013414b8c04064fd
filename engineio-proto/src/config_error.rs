//! Errors of configurations.

/// Settings that contradict each other or themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// This setting must not be 0; times count in milliseconds.
    #[error("`{0}` must not be zero")]
    Zero(&'static str),
    /// `outbox_low_water` is above `outbox_high_water`.
    #[error("`outbox_low_water` must not be above `outbox_high_water`")]
    OutboxMarks,
    /// `inbox_limit` is below `inbox_high_water`.
    #[error("`inbox_limit` must not be below `inbox_high_water`")]
    InboxMarks,
    /// `max_memory` is below `max_payload`.
    #[error("`max_memory` must not be below `max_payload`")]
    Memory,
    /// [`Cors::Any`](crate::Cors::Any) with `cors_credentials`: browsers refuse it, and if the
    /// server reflected the origin, any page could act for the user. List the origins instead.
    #[error("any origin can't be combined with credentials: list the origins")]
    AnyOriginWithCredentials,
    /// The path doesn't begin with a slash, ends with one, or isn't legal in a
    /// request target (ASCII, percent-encoded).
    #[error("`path` must begin with a slash, not end with one, and be ASCII without `?` and `#`")]
    Path,
    /// A client's path doesn't begin with a slash, or isn't legal in a request target (ASCII,
    /// percent-encoded).
    #[error("`path` must begin with a slash, and be ASCII without `?` and `#`")]
    ClientPath,
    /// A client's query isn't legal in a request target (ASCII, percent-encoded).
    #[error("`query` must be ASCII without spaces and `#`: percent-encode the rest")]
    Query,
    /// The cookie's name, path or domain would break out of the header.
    #[error("the cookie's name, path or domain holds characters that a cookie can't carry")]
    Cookie,
}
