//! What an application keeps with each session.

/// Data of an application: whatever several threads can share. Every type that can be
/// is one; there is nothing to implement.
pub trait Data: Send + Sync + 'static {}

impl<D: Send + Sync + 'static> Data for D {}
