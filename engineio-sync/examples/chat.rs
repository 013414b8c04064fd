//! A chat room: one thread serves a web page and the sessions, another hears of everything that
//! happens, and every message goes to everyone.
//!
//! ```text
//! cargo run -p engineio-sync --example sync-chat
//! ```
//!
//! This file is the web application, `room.rs` in `examples/chat` the chat, with its page beside
//! it.

#[path = "../../examples/chat/options.rs"]
mod options;
#[path = "../../examples/chat/page.rs"]
mod page;
#[path = "../../examples/chat/room.rs"]
mod room;

use std::error::Error;
use std::time::Duration;

use clap::Parser;
use engineio_sync as engineio;
use engineio_sync::Server;

use options::Options;
use page::page;
use room::Room;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let server: Server = Server::builder(options.config()?).fallback(page).bind(options.listen)?;
    println!("listening on http://{}", server.local_addr());

    // Everyone gets what was said up to now, and then a goodbye: the events end after that.
    let closing = server.clone();
    ctrlc::set_handler(move || closing.close(PATIENCE))?;

    let mut room = Room::new(server.clone());
    for event in server.events() {
        room.hear(event);
    }
    // The last goodbyes may still be on their way.
    server.close(PATIENCE);
    Ok(())
}

/// How long the guests may take to leave.
const PATIENCE: Duration = Duration::from_secs(3);
