//! `engineio-tokio` on cores that are busy with something else. Apart from its other tests, which
//! should not run beside that.

use e2e::bindings::tokio as binding;

mod loaded_cores;
