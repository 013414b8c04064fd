//! Sends every message back unchanged, on smol. The code is in `echo/mod.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --no-default-features --features smol,client,tls --example smol-echo
//! ```

mod echo;
mod on_smol;

use std::error::Error;

use on_smol as rt;

fn main() -> Result<(), Box<dyn Error>> {
    rt::block_on(echo::run())
}
