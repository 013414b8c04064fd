use std::env;
use std::thread;

/// The variable for peers that this machine doesn't have, separated by commas.
const SKIP: &str = "ENGINEIO_E2E_SKIP";
const SKIPPABLE: [&str; 3] = ["python", "chromium", "haproxy"];

/// True, with a printed line, if the variable names `peer`. A peer that is missing otherwise fails
/// its tests.
pub(crate) fn is_skipped(peer: &str) -> bool {
    let given = env::var(SKIP).unwrap_or_default();
    let names = || given.split(',').map(str::trim).filter(|name| !name.is_empty());
    if let Some(unknown) = names().find(|name| !SKIPPABLE.contains(name)) {
        panic!("{SKIP} names {unknown:?}: it takes {}", SKIPPABLE.join(", "));
    }
    let skipped = names().any(|name| name == peer);
    if skipped {
        println!("{}: skipped, {SKIP} names {peer}", test_name());
    }
    skipped
}

/// The name of the test on this thread.
pub(crate) fn test_name() -> String {
    thread::current().name().unwrap_or("a test").to_owned()
}
