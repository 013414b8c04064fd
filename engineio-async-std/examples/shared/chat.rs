//! The chat, for either runtime.

use std::error::Error;
use std::time::Duration;

use clap::Parser;
use engineio_async_std::Server;

use crate::options::Options;
use crate::page::page;
use crate::room::Room;
use crate::rt::{TcpListener, block_on, spawn};

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let listener = TcpListener::bind(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let server = Server::new(options.config()?);
    spawn(hear(server.clone()));
    // Everyone gets what was said up to now, and then a goodbye: `serve` returns after that.
    let closing = server.clone();
    ctrlc::set_handler(move || block_on(closing.close(Duration::from_secs(3))))?;
    server.serve_with(listener, async |request| page(request).map(str::to_owned)).await?;
    Ok(())
}

/// Runs the room until the server closes.
async fn hear(server: Server) {
    let mut events = server.events();
    let mut room = Room::new(server);
    while let Some(event) = events.next().await {
        room.hear(event);
    }
}
