//! `engineio-sync` on cores that are busy with something else. Apart from its other tests, which
//! should not run beside that.

use e2e::bindings::sync as binding;

mod loaded_cores;
