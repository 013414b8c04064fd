//! Programs that this machine has or lacks.

use machine::Program;
use std::path::PathBuf;

/// The path of a program that the test needs. It may be outside `PATH`, so its name alone doesn't
/// start it.
///
/// # Panics
///
/// When it is missing: then the test runs only where `ENGINEIO_E2E_REQUIRE` names the program, or it
/// lacks its `#[needs(..)]`.
pub fn require(name: &str) -> PathBuf {
    let program = Program::named(name).expect("a program of the crate `machine`");
    program.find().unwrap_or_else(|missing| panic!("this test {missing}"))
}
