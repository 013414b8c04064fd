//! The bot, for either runtime.

use std::process::ExitCode;

use clap::Parser;
use engineio_async_std::{
    Backoff, ClientOptions, GaveUp, Message, ReconnectingClient, ReconnectingEvent, reconnecting,
};
use serde::{Deserialize, Serialize};

/// A bot in the room of the example `chat`.
#[derive(Parser)]
struct Options {
    /// The address that the chat printed.
    #[arg(default_value = "http://127.0.0.1:3000")]
    url: String,
    /// The bot's name in the chat.
    #[arg(long, default_value = "bot")]
    name: String,
}

pub(crate) async fn main() -> ExitCode {
    let options = Options::parse();
    // The chat requires a name.
    let room = ClientOptions::new(&options.url).query("name", &options.name);
    let client = reconnecting(room, Backoff::new());
    let sender = client.sender();
    if let Err(error) = ctrlc::set_handler(move || sender.close()) {
        eprintln!("{error}");
    }
    match run(client, Bot::new(options.name)).await {
        GaveUp::Closed => ExitCode::SUCCESS,
        why => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut client: ReconnectingClient, mut bot: Bot) -> GaveUp {
    while let Some(event) = client.event().await {
        match event {
            ReconnectingEvent::Connected => println!("* connected"),
            ReconnectingEvent::Message(message) => {
                if let Some(answer) = bot.hear(&message) {
                    // Fails if the session has just ended. Then nobody waits for it.
                    let _ = client.send(answer).await;
                }
            }
            ReconnectingEvent::Lost { reason, unsent } => {
                println!("* {reason}; {unsent} messages weren't sent");
            }
            ReconnectingEvent::Retry { after, attempt, .. } => {
                println!("* attempt {attempt} follows in {after:.1?}");
            }
            ReconnectingEvent::GaveUp(why) => return why,
            _ => {}
        }
    }
    GaveUp::Closed
}

/// What the bot knows. It outlives the sessions.
struct Bot {
    name: String,
    /// Which messages are its own, in this session.
    id: u64,
    heard: u64,
}

impl Bot {
    const fn new(name: String) -> Self {
        Self { name, id: 0, heard: 0 }
    }

    /// Takes in a message from the room, and answers it if there is something to say.
    fn hear(&mut self, message: &Message) -> Option<Message> {
        let text = match message.to_json().ok()? {
            FromRoom::Welcome { id } => {
                self.id = id;
                return None;
            }
            FromRoom::Join { name } if name != self.name => format!("Hello, {name}!"),
            FromRoom::Say { id, .. } if id == self.id => return None,
            FromRoom::Say { text, .. } => {
                self.heard += 1;
                if text != "!heard" {
                    return None;
                }
                format!("I have heard {} messages.", self.heard)
            }
            FromRoom::Join { .. } | FromRoom::Other => return None,
        };
        Message::json(&ToRoom::Say { text }).ok()
    }
}

/// A message from the room.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum FromRoom {
    Welcome {
        id: u64,
    },
    Join {
        name: String,
    },
    Say {
        id: u64,
        text: String,
    },
    #[serde(other)]
    Other,
}

/// A message to the room: `{"kind":"say","text":"Hello"}`.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ToRoom {
    Say { text: String },
}
