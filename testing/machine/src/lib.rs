//! What some tests need of a machine beside Rust: programs, each with a way to look for it and a
//! hint where to get it.
//!
//! A test says so with the attribute of the crate `needs`, and is ignored where one is missing. Its
//! package has a build script that calls [`tell_cargo`].

mod named;
mod programs;

use core::fmt;
use std::env;
use std::path::{Path, PathBuf};

use named::{Named, REQUIRE, WITHOUT};

pub use programs::{ALL, APACHE_MODULES};

/// A program that a test needs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Program {
    /// What `#[needs(..)]` and `ENGINEIO_E2E_REQUIRE` call it.
    pub name: &'static str,
    /// What it has to be, with its version.
    pub what: &'static str,
    /// How to get it.
    pub remedy: &'static str,
    /// Its path, if it is here and will do.
    look: fn() -> Option<PathBuf>,
}

impl Program {
    /// The program of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|program| program.name == name)
    }

    /// Looks for it, which may take a second.
    ///
    /// # Errors
    ///
    /// When it isn't here or too old. The message says what is needed and how to get it.
    pub fn find(&'static self) -> Result<PathBuf, Missing> {
        (self.look)().ok_or(Missing(self))
    }
}

/// A program that isn't here.
#[derive(Clone, Copy, Debug)]
pub struct Missing(&'static Program);

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "needs {}: {}", self.0.what, self.0.remedy)
    }
}

/// The programs whose tests are ignored: those that aren't here and may be missing, and those that
/// `ENGINEIO_E2E_WITHOUT` names.
///
/// # Panics
///
/// When `ENGINEIO_E2E_REQUIRE` or `ENGINEIO_E2E_WITHOUT` names a program that no test needs.
#[must_use]
pub fn left_out() -> Vec<&'static Program> {
    let (required, unwanted) = (Named::by(REQUIRE), Named::by(WITHOUT));
    let is_missing = |it: &'static Program| !required.has(it) && it.find().is_err();
    ALL.iter().filter(|it| unwanted.has(it) || is_missing(it)).collect()
}

/// For a build script: passes on to `#[needs(..)]` what is left out, and asks cargo to come back when
/// that may have changed.
pub fn tell_cargo() {
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rerun-if-env-changed={REQUIRE}");
    println!("cargo::rerun-if-env-changed={WITHOUT}");
    let left_out = left_out();
    let names: Vec<_> = left_out.iter().map(|program| program.name).collect();
    println!("cargo::rustc-env={LEFT_OUT}={}", names.join(","));
    for path in ALL.iter().filter_map(|program| program.find().ok()) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    if !left_out.is_empty() {
        for folder in programs::where_programs_come() {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
    }
}

/// The names of the programs whose tests are ignored, with commas between them, while a package is
/// compiled whose build script has called [`tell_cargo`].
pub const LEFT_OUT: &str = "ENGINEIO_TESTS_LEFT_OUT";
