//! A terminal in the room of the example `chat`, on smol. The code is in `client/mod.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --no-default-features --features smol,client,tls --example smol-client
//! ```

mod client;
mod on_smol;

use std::process::exit;

use on_smol as rt;

fn main() {
    if let Err(error) = rt::block_on(client::run()) {
        eprintln!("{error}");
        exit(1);
    }
    // Returning would wait for the line that is being typed.
    exit(0)
}
