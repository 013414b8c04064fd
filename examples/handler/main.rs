//! A chat room with a handler. One thread does everything: the page, the sessions and the chat.
//!
//! ```text
//! cargo run -p examples --example sync-chat
//! ```

use std::error::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser;
use engineio_sync::{
    Handler, Handshake, Message, Refusal, Sender, Server, ServerCloseReason, Sessions,
};
use examples::{FromPage, Options, ToPage, name, page};

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let builder = Server::builder(options.config()?).fallback(page);
    let bound = builder.bind_driven::<Guest>(options.listen);
    let (server, mut driver) = bound.unwrap_or_else(|error| options.no_listener(&error));
    println!("listening on http://{}", server.local_addr());
    server.handle(Room { everyone: server.sessions(), last_id: AtomicU64::new(0) });

    static IS_OVER: AtomicBool = AtomicBool::new(false);
    ctrlc::set_handler(|| IS_OVER.store(true, Ordering::Relaxed))?;
    while !IS_OVER.load(Ordering::Relaxed) {
        driver.turn(Some(Duration::from_millis(100)));
    }
    // Everyone gets the messages sent so far, and then a goodbye.
    driver.close(Duration::from_secs(3));
    Ok(())
}

/// Someone in the room. The number identifies them in public: their session's `Sid` is a secret,
/// since anyone who knows it can act for them.
struct Guest {
    id: u64,
    name: Mutex<String>,
}

impl Guest {
    fn name(&self) -> String {
        self.name.lock().expect("no thread panics while it holds the lock").clone()
    }
}

/// The room is called on the thread that does the I/O, so it must not block.
struct Room {
    everyone: Sessions<Guest>,
    last_id: AtomicU64,
}

impl Handler<Guest> for Room {
    fn connect(&self, handshake: &Handshake) -> Result<Guest, Refusal> {
        let name = Mutex::new(name(handshake.query("name").as_deref())?);
        Ok(Guest { id: self.last_id.fetch_add(1, Ordering::Relaxed) + 1, name })
    }

    fn opened(&self, session: &Sender<Guest>) {
        let guest = session.data();
        let _ = session.try_send(ToPage::Welcome { id: guest.id });
        let here = self.everyone.len();
        self.everyone.broadcast(ToPage::Join { name: &guest.name(), here });
    }

    fn message(&self, session: &Sender<Guest>, message: Message) {
        let guest = session.data();
        match FromPage::read(&message) {
            Some(FromPage::Say { text }) => {
                let (id, name, text) = (guest.id, &guest.name(), &text);
                self.everyone.broadcast(ToPage::Say { id, name, text });
            }
            Some(FromPage::Rename { name }) => {
                let was = &guest.name();
                self.everyone.broadcast(ToPage::Rename { was, name: &name });
                *guest.name.lock().expect("no thread panics while it holds the lock") = name;
            }
            // The client isn't our page.
            _ => session.close(),
        }
    }

    fn closed(&self, session: &Sender<Guest>, _reason: ServerCloseReason) {
        let here = self.everyone.len();
        self.everyone.broadcast(ToPage::Leave { name: &session.data().name(), here });
    }
}
