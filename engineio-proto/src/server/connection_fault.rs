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
    /// The head of a request isn't HTTP/1.1, or could be read in two ways: 400.
    #[error(
        "the head of a request can't be understood: TLS sent to a port without it, a scanner, or \
         a broken client or proxy"
    )]
    MalformedHead,
    /// The head of a request is too long or has too many headers: 431.
    #[error(
        "the head of a request has more than 16 KiB or 100 headers: in most cases too many or \
         too large cookies"
    )]
    HeadTooLarge,
    /// A part of a head came, and the rest not in time: 408, or only the end where hyper serves.
    #[error(
        "the head of a request began and didn't end in time: a slow network, or a client that \
         only holds connections, against which `max_connections_per_address` helps"
    )]
    SlowHead,
}

impl ConnectionFault {
    /// A short name for metrics, such as `too_many_connections`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooMany => "too_many_connections",
            Self::TooManyFromAddress => "too_many_from_address",
            Self::MalformedHead => "malformed_head",
            Self::HeadTooLarge => "head_too_large",
            Self::SlowHead => "slow_head",
        }
    }

    /// The status of the answer.
    pub const fn status(&self) -> u16 {
        match self {
            Self::TooMany | Self::TooManyFromAddress => 503,
            Self::MalformedHead => 400,
            Self::HeadTooLarge => 431,
            Self::SlowHead => 408,
        }
    }
}
