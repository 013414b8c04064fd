//! What an application keeps with each session.

/// Application data that threads can share. Every such type implements it.
pub trait Data: Send + Sync + 'static {}

impl<D: Send + Sync + 'static> Data for D {}
