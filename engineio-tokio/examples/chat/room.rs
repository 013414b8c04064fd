//! The room: its guests and their messages.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use engineio_tokio::{Events, Handshake, Message, Refusal, Sender, Server, ServerEvent, Sid};
use serde::{Deserialize, Serialize};

/// A guest, as the login decided. It is kept with the session.
///
/// The number identifies them in public: their session's `Sid` is a secret, since anyone who knows
/// it can act for them.
pub(crate) struct Guest {
    id: u64,
    /// The name at login. They may change it later.
    name: String,
}

/// Admits everyone who gives a name: `/engine.io/?name=Ada`.
fn log_in(handshake: &Handshake) -> Result<Guest, Refusal> {
    static LAST_ID: AtomicU64 = AtomicU64::new(0);
    let name = handshake.query("name").and_then(|name| valid_name(&name));
    let name = name.ok_or_else(|| handshake.refuse_json(401, "who are you?"))?;
    Ok(Guest { id: LAST_ID.fetch_add(1, Ordering::Relaxed) + 1, name })
}

/// Runs the room until the server closes. One task handles all events, so nothing here needs a
/// lock.
pub(crate) async fn run(server: Server<Guest>) {
    let mut events: Events<Guest> = server.events_with(log_in);
    let mut room = Room { server, names: HashMap::new() };
    while let Some(event) = events.next().await {
        match event {
            ServerEvent::Connect(guest) => room.enter(guest),
            ServerEvent::Message(guest, message) => room.hear(&guest, &message),
            ServerEvent::Disconnect(guest, _reason) => room.leave(&guest),
            // An upgrade changes nothing.
            ServerEvent::Upgrade(..) | _ => {}
        }
    }
}

struct Room {
    server: Server<Guest>,
    names: HashMap<Sid, String>,
}

impl Room {
    fn enter(&mut self, guest: Sender<Guest>) {
        let Guest { id, name } = guest.data();
        // Fails if it has left already. Then its `Disconnect` comes next.
        let _ = guest.try_send(ToPage::Welcome { id: *id });
        self.server.broadcast(ToPage::Join { name, here: self.names.len() + 1 });
        self.names.insert(guest.sid().clone(), name.clone());
    }

    fn hear(&mut self, guest: &Sender<Guest>, message: &Message) {
        let Some(known) = self.names.get_mut(guest.sid()) else { return };
        match message.to_json() {
            Ok(FromPage::Say { text }) => {
                let text = &shortened(&text, 2000);
                self.server.broadcast(ToPage::Say { id: guest.data().id, name: known, text });
            }
            Ok(FromPage::Rename { name }) => {
                let Some(name) = valid_name(&name) else { return guest.close() };
                let was = &std::mem::replace(known, name);
                self.server.broadcast(ToPage::Rename { was, name: known });
            }
            // The client isn't our page.
            Err(_) => guest.close(),
        }
    }

    fn leave(&mut self, guest: &Sender<Guest>) {
        if let Some(name) = self.names.remove(guest.sid()) {
            self.server.broadcast(ToPage::Leave { name: &name, here: self.names.len() });
        }
    }
}

/// A message from the page: `{"kind":"say","text":"Hello"}`.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum FromPage {
    Say { text: String },
    Rename { name: String },
}

/// A message to the page: `{"kind":"say","id":1,"name":"Ada","text":"Hello"}`. `Welcome` tells it
/// which messages are its own.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ToPage<'a> {
    Welcome { id: u64 },
    Join { name: &'a str, here: usize },
    Rename { was: &'a str, name: &'a str },
    Say { id: u64, name: &'a str, text: &'a str },
    Leave { name: &'a str, here: usize },
}

/// So `try_send` and `broadcast` take it directly.
impl From<ToPage<'_>> for Message {
    fn from(news: ToPage<'_>) -> Self {
        Self::json(&news).expect("numbers and text are always JSON")
    }
}

/// The name in a peer's text, if there is one.
fn valid_name(text: &str) -> Option<String> {
    Some(shortened(text, 40)).filter(|name| !name.is_empty())
}

/// The first characters of a peer's text. The page has the same limits, but a peer need not be the
/// page.
fn shortened(text: &str, limit: usize) -> String {
    text.trim().chars().take(limit).collect()
}
