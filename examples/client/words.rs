//! What a client of the chat says, and what it hears.

use serde::{Deserialize, Serialize};

/// What the room hears.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum ToRoom<'a> {
    Join { name: &'a str },
    Say { text: &'a str },
}

/// What the room says.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum FromRoom {
    Welcome { id: u64 },
    Join { name: String, here: usize },
    Rename { was: String, name: String },
    Say { id: u64, name: String, text: String },
    Leave { name: String, here: usize },
}

impl FromRoom {
    /// Shows it, unless it is one's own.
    pub(crate) fn print(&self, own: Option<u64>) {
        match self {
            Self::Say { id, .. } if Some(*id) == own => {}
            Self::Say { name, text, .. } => println!("{name}: {text}"),
            Self::Join { name, here } => println!("* {name} is here, {here} in all"),
            Self::Leave { name, here } => println!("* {name} has left, {here} in all"),
            Self::Rename { was, name } => println!("* {was} is called {name} now"),
            Self::Welcome { .. } => {}
        }
    }
}
