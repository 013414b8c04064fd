//! The room: a task for each guest, which passes its messages on to everyone.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser;
use engineio_async_std::{Incoming, Server, Socket};
use examples::{FromPage, Options, ToPage, name, page};

use crate::rt::{block_on, spawn};

/// Someone in the room. The number identifies them in public: their session's `Sid` is a secret,
/// since anyone who knows it can act for them.
pub(crate) struct Guest {
    id: u64,
    /// The name at login. They may change it later.
    name: String,
}

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let server: Server<Guest> = Server::builder(options.config()?).build();
    let serving =
        server.bind_with(options.listen, async |request| page(request).map(str::to_owned));
    let serving = serving.unwrap_or_else(|error| options.no_listener(&error));
    println!("listening on http://{}", serving.local_addr());

    spawn(welcome(server.clone()));
    // Everyone gets the messages sent so far, and then a goodbye. `serving` ends after that.
    let closing = server.clone();
    ctrlc::set_handler(move || block_on(closing.close(Duration::from_secs(3))))?;
    serving.await?;
    Ok(())
}

/// Admits guests until the server closes.
async fn welcome(server: Server<Guest>) {
    while let Some(incoming) = server.incoming().await {
        if let Some(socket) = log_in(incoming) {
            spawn(listen(server.clone(), socket));
        }
    }
}

/// `None`: the guest was refused, or has left.
fn log_in(incoming: Incoming<Guest>) -> Option<Socket<Guest>> {
    static LAST_ID: AtomicU64 = AtomicU64::new(0);
    match name(incoming.query("name").as_deref()) {
        Ok(name) => {
            let id = LAST_ID.fetch_add(1, Ordering::Relaxed) + 1;
            incoming.message(ToPage::Welcome { id }).accept_with(Guest { id, name })
        }
        Err(_) => {
            incoming.refuse_json(401, "who are you?");
            None
        }
    }
}

/// Passes this guest's messages on to everyone, until they leave.
async fn listen(server: Server<Guest>, mut socket: Socket<Guest>) {
    let (id, mut name) = (socket.data().id, socket.data().name.clone());
    server.broadcast(ToPage::Join { name: &name, here: server.len() });
    while let Some(message) = socket.recv().await {
        match FromPage::read(&message) {
            Some(FromPage::Say { text }) => {
                server.broadcast(ToPage::Say { id, name: &name, text: &text });
            }
            Some(FromPage::Rename { name: new }) => {
                let was = &std::mem::replace(&mut name, new);
                server.broadcast(ToPage::Rename { was, name: &name });
            }
            // The client isn't our page.
            _ => break,
        }
    }
    drop(socket);
    server.broadcast(ToPage::Leave { name: &name, here: server.len() });
}
