//! Which task polls.

use std::ptr;
use std::task::Context;

/// Tells a waker from others. Only to be compared with those that exist.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    data: usize,
    vtable: usize,
}

impl Task {
    /// No waker has a table at the address 0.
    pub(crate) const NONE: Self = Self { data: 0, vtable: 0 };

    pub(crate) fn of(cx: &Context<'_>) -> Self {
        let waker = cx.waker();
        Self { data: waker.data().addr(), vtable: ptr::from_ref(waker.vtable()).addr() }
    }
}
