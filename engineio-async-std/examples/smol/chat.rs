//! A chat room on a web page, on smol. The code is in `shared/chat.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --no-default-features --features smol,client,tls --example smol-chat
//! ```

#[path = "../../../examples/chat/options.rs"]
mod options;
#[path = "../../../examples/chat/page.rs"]
mod page;
#[path = "../../../examples/chat/room.rs"]
mod room;
#[path = "../shared/smol.rs"]
mod rt;
#[path = "../shared/chat.rs"]
mod run;

use std::error::Error;

use engineio_async_std as engineio;

fn main() -> Result<(), Box<dyn Error>> {
    rt::block_on(run::run())
}
