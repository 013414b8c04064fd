//! Why connections are turned away before a request of theirs is understood.

/// Why a connection was turned away before a request of it was understood.
///
/// `Display` says in a sentence what was wrong, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionFault {
    /// Too many connections are open: 503.
    #[error("`max_connections` are open: raise it, or add a server")]
    TooMany,
    /// Too many connections of its address are open, or of its network of 64 bits in IPv6: 503.
    #[error(
        "`max_connections_per_address` of this address are open (in IPv6 of its /64): a flood; \
         or many clients behind one proxy or gateway, for which it has to be higher"
    )]
    TooManyFromAddress,
}

impl ConnectionFault {
    /// A short name for metrics, such as `too_many_connections`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooMany => "too_many_connections",
            Self::TooManyFromAddress => "too_many_from_address",
        }
    }

    /// The status of the answer.
    pub const fn status(&self) -> u16 {
        match self {
            Self::TooMany | Self::TooManyFromAddress => 503,
        }
    }
}
