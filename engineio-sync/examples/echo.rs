//! Sends every message back as it came.
//!
//! ```text
//! cargo run -p engineio-sync --example sync-echo -- --listen 127.0.0.1:3000
//! ```

#[path = "../../examples/echo/options.rs"]
mod options;

use std::error::Error;
use std::thread;

use clap::Parser;
use engineio_sync as engineio;
use engineio_sync::{Server, Socket};

use options::Options;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let server = Server::bind(options.listen, options.config()?)?;
    println!("listening on http://{}", server.local_addr());

    while let Some(socket) = server.accept() {
        thread::spawn(|| echo(socket));
    }
    Ok(())
}

/// A thread for each session is the simplest shape, for a few hundred of them. The example
/// `chat` serves all of its guests with one.
fn echo(mut socket: Socket) {
    while let Some(message) = socket.recv() {
        if socket.send(message).is_err() {
            break;
        }
    }
}
