//! The head of a request, as the binding gives it.

use std::mem;
use std::ops::Deref;

use http::Request;
use http::request::Parts;

/// The head of a request that a binding keeps, or that may be taken from it.
pub(crate) enum Head<'r> {
    Shared(&'r Parts),
    Taken(&'r mut Parts),
}

impl Head<'_> {
    /// A head to keep. The extensions are copied in any case: the binding looks for some of its own
    /// there later.
    pub(crate) fn into_parts(self) -> Parts {
        match self {
            Self::Shared(parts) => parts.clone(),
            Self::Taken(parts) => {
                let (empty, ()) = Request::new(()).into_parts();
                let taken = mem::replace(parts, empty);
                parts.extensions.clone_from(&taken.extensions);
                taken
            }
        }
    }
}

impl Deref for Head<'_> {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        match self {
            Self::Shared(parts) => parts,
            Self::Taken(parts) => parts,
        }
    }
}
