use std::thread;

/// The name of the test that runs on this thread.
pub(crate) fn test_name() -> String {
    thread::current().name().unwrap_or("a test").to_owned()
}
