//! Sends every message back unchanged, on async-std. The code is in `echo/mod.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --example async-std-echo
//! ```

mod echo;
mod on_async_std;

use std::error::Error;

use on_async_std as rt;

fn main() -> Result<(), Box<dyn Error>> {
    rt::block_on(echo::run())
}
