//! A chat room by sockets, on smol: a task for each guest. The code is in `chat.rs`.
//!
//! ```text
//! cargo run -p examples --no-default-features --features smol --example smol-chat
//! ```

mod chat;

use std::error::Error;

/// What the chat needs of smol.
mod rt {
    use std::future::Future;

    pub(crate) use smol::block_on;
    pub(crate) use smol::net::TcpListener;

    /// Runs a future in a task of its own.
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(future).detach();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    rt::block_on(chat::run())
}
