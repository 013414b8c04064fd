//! The last lines of `cargo test --workspace`: which tests this machine couldn't run, and what they
//! need.
//!
//! Doc tests come last in a test run, those of this package last of all, since packages come in the
//! order of their names. It has none: its message is printed when they are collected.

#[cfg(doctest)]
needs::say_what_was_left_out!();
