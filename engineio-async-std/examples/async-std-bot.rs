//! A bot in the room of the example `chat`, on async-std. It greets whoever comes, and says how much it
//! has heard when it is asked `!heard`. When the server restarts it comes back. The code is in
//! `bot/mod.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --example async-std-bot
//! ```

mod bot;
mod on_async_std;

use std::process::ExitCode;

use on_async_std as rt;

fn main() -> ExitCode {
    rt::block_on(bot::main())
}
