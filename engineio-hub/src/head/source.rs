//! The head of a request, as the binding gives it.

use std::mem;

use http::Request;
use http::request::Parts;

use super::RequestHead;
#[cfg(feature = "http1")]
use crate::http1::{LazyParts, ReadHead};

/// The head of a request that a binding keeps, or that may be taken from it, or as it came.
pub(crate) enum Head<'r> {
    Shared(&'r Parts),
    Taken(&'r mut Parts),
    #[cfg(feature = "http1")]
    Read(&'r ReadHead<'r>),
}

/// The head of a handshake, for the application.
pub(crate) enum KeptHead {
    Made(Box<Parts>),
    /// Most applications look at none of it.
    #[cfg(feature = "http1")]
    Read(LazyParts),
}

impl Head<'_> {
    /// Lets somebody look at it.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        match self {
            Self::Shared(parts) => look(&RequestHead::of(parts)),
            Self::Taken(parts) => look(&RequestHead::of(parts)),
            #[cfg(feature = "http1")]
            Self::Read(head) => look(&head.request),
        }
    }

    /// A head to keep. The extensions are copied in any case: the binding looks for some of its own
    /// there later.
    pub(crate) fn keep(self) -> KeptHead {
        match self {
            Self::Shared(parts) => KeptHead::Made(Box::new(parts.clone())),
            Self::Taken(parts) => {
                let (empty, ()) = Request::new(()).into_parts();
                let taken = mem::replace(parts, empty);
                parts.extensions.clone_from(&taken.extensions);
                KeptHead::Made(Box::new(taken))
            }
            #[cfg(feature = "http1")]
            Self::Read(head) => KeptHead::Read(head.keep()),
        }
    }
}

impl KeptHead {
    pub(crate) fn parts(&self) -> &Parts {
        match self {
            Self::Made(parts) => parts,
            #[cfg(feature = "http1")]
            Self::Read(parts) => parts.get(),
        }
    }
}
