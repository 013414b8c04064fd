//! Sends every message back as it came, on async-std. The code is in `shared/echo.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --example async-std-echo
//! ```

#[path = "../shared/async_std.rs"]
mod rt;
#[path = "../shared/echo.rs"]
mod run;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    rt::block_on(run::run())
}
