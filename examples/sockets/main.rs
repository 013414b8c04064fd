//! A chat room with sockets, on async-std: a task for each guest. The code is in `chat.rs`.
//!
//! ```text
//! cargo run -p examples --example async-std-chat
//! ```

mod chat;

use std::error::Error;

/// The parts of async-std that the chat needs.
mod rt {
    use std::future::Future;

    pub(crate) use async_std::task::block_on;

    /// Spawns a task.
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        drop(async_std::task::spawn(future));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    rt::block_on(chat::run())
}
