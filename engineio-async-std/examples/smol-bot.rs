//! A bot in the room of the example `chat`, on smol. It greets whoever comes, and says how much it
//! has heard when it is asked `!heard`. When the server restarts it comes back. The code is in
//! `bot/mod.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --no-default-features --features smol,client,tls --example smol-bot
//! ```

mod bot;
mod on_smol;

use std::process::ExitCode;

use on_smol as rt;

fn main() -> ExitCode {
    rt::block_on(bot::main())
}
