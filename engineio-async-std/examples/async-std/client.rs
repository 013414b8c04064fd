//! A terminal in the room of the example `chat`, on async-std. The code is in `shared/client.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --example async-std-client
//! ```

#[path = "../shared/async_std.rs"]
mod rt;
#[path = "../shared/client.rs"]
mod run;

use std::process::exit;

fn main() {
    if let Err(error) = rt::block_on(run::run()) {
        eprintln!("{error}");
        exit(1);
    }
    // To return would wait for the line that is being typed.
    exit(0)
}
