//! Who is in the room, and what they say to each other.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

// The binding: what is said here is the same for all of them.
use crate::engineio::{Message, Server, ServerEvent, Sid};

/// The room. Whoever has it hears of everything that happens, so nothing here needs a lock.
pub(crate) struct Room {
    server: Server,
    guests: HashMap<Sid, Guest>,
    last_id: u64,
}

/// Someone in the room. The number stands for them in public: their session's `Sid` is
/// a secret, since whoever knows it can speak for them.
struct Guest {
    id: u64,
    name: String,
}

impl Room {
    /// An empty room.
    pub(crate) fn new(server: Server) -> Self {
        Self { server, guests: HashMap::new(), last_id: 0 }
    }

    /// Something has happened.
    pub(crate) fn hear(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Message(sid, message) => match message.to_json() {
                Ok(FromPage::Join { name }) => self.join(sid, shortened(&name, 40)),
                Ok(FromPage::Say { text }) => self.say(&sid, &shortened(&text, 2000)),
                // This isn't our page.
                Err(_) => drop(self.server.disconnect(&sid)),
            },
            ServerEvent::Disconnect(sid, _reason) => self.leave(&sid),
            // Who connects says `join` next, and an upgrade changes nothing.
            ServerEvent::Connect(_) | ServerEvent::Upgrade(..) | _ => {}
        }
    }

    fn join(&mut self, sid: Sid, name: String) {
        if let Some(guest) = self.guests.get_mut(&sid) {
            let was = std::mem::replace(&mut guest.name, name);
            return self.server.broadcast(ToPage::Rename { was: &was, name: &guest.name });
        }
        self.last_id += 1;
        let id = self.last_id;
        // Fails if it has left already: then its `Disconnect` comes next.
        let _ = self.server.send(&sid, ToPage::Welcome { id });
        self.server.broadcast(ToPage::Join { name: &name, here: self.guests.len() + 1 });
        self.guests.insert(sid, Guest { id, name });
    }

    fn say(&self, sid: &Sid, text: &str) {
        if let Some(Guest { id, name }) = self.guests.get(sid) {
            self.server.broadcast(ToPage::Say { id: *id, name, text });
        }
    }

    fn leave(&mut self, sid: &Sid) {
        if let Some(Guest { name, .. }) = self.guests.remove(sid) {
            self.server.broadcast(ToPage::Leave { name: &name, here: self.guests.len() });
        }
    }
}

/// What the page says: `{"kind":"say","text":"Hello"}`. It begins with `join`; a later one
/// changes the name.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum FromPage {
    Join { name: String },
    Say { text: String },
}

/// What the page hears: `{"kind":"say","id":1,"name":"Ada","text":"Hello"}`. `Welcome`
/// tells it which messages are its own.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ToPage<'a> {
    Welcome { id: u64 },
    Join { name: &'a str, here: usize },
    Rename { was: &'a str, name: &'a str },
    Say { id: u64, name: &'a str, text: &'a str },
    Leave { name: &'a str, here: usize },
}

/// With this, `send` and `broadcast` take it as it is.
impl From<ToPage<'_>> for Message {
    fn from(news: ToPage<'_>) -> Self {
        Self::json(&news).expect("numbers and text are always JSON")
    }
}

/// The first characters of what a peer sent. The page has the same limits, but a peer
/// need not be the page.
fn shortened(text: &str, limit: usize) -> String {
    text.trim().chars().take(limit).collect()
}
