//! `engineio-actix` against raw peers that show what it says.
//!
//! No test asserts how long something took: waits are bounded generously.

use bindings::actix as engineio;

mod suite;
