//! A chat room with sockets, on smol: a task for each guest. The code is in `chat.rs`.
//!
//! ```text
//! cargo run -p examples --no-default-features --features smol --example smol-chat
//! ```

mod chat;

use std::error::Error;

/// The parts of smol that the chat needs.
mod rt {
    use std::future::Future;

    pub(crate) use smol::block_on;

    /// Spawns a task.
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(future).detach();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    rt::block_on(chat::run())
}
