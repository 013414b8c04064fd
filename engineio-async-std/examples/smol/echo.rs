//! Sends every message back as it came, on smol. The code is in `shared/echo.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --no-default-features --features smol,client,tls --example smol-echo
//! ```

#[path = "../shared/smol.rs"]
mod rt;
#[path = "../shared/echo.rs"]
mod run;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    rt::block_on(run::run())
}
