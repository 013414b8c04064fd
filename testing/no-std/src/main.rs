//! Proves that the core needs neither std nor an operating system: it is driven here through a
//! whole session by a program that has neither. The exit code is 0, or the number of the step that
//! went wrong.
#![no_std]
#![no_main]
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

extern crate alloc;

mod codec;
mod platform;
mod session;

use engineio_proto::Revision;

extern "C" fn main() -> ! {
    for revision in [Revision::V3, Revision::V4] {
        codec::check(revision);
        session::check(revision);
    }
    platform::exit(0)
}

/// Ends the program with this code unless it is as it should be.
#[track_caller]
fn step(number: u8, is_right: bool) {
    if !is_right {
        platform::exit(number.into());
    }
}
