//! A terminal in the room of the example `chat`, on async-std. The code is in `client/mod.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --example async-std-client
//! ```

mod client;
mod on_async_std;

use std::process::exit;

use on_async_std as rt;

fn main() {
    if let Err(error) = rt::block_on(client::run()) {
        eprintln!("{error}");
        exit(1);
    }
    // Returning would wait for the line that is being typed.
    exit(0)
}
