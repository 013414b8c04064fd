//! Locks and counters: the standard library's.
//!
//! In this crate's own unit tests, which are the [models](crate::models), they are shuttle's. It
//! runs all threads of a model in turns, and decides at each lock and counter who is next.

#[cfg(test)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(test))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};
