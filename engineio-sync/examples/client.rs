//! A terminal in the room of the example `chat`. It sends each line of input to everyone, and
//! prints a line for each message.
//!
//! ```text
//! cargo run -p engineio-tokio --example chat
//! cargo run -p engineio-sync --example sync-client -- http://127.0.0.1:3000
//! ```

use std::error::Error;
use std::io::{self, stdin};
use std::path::PathBuf;
use std::process::exit;
use std::thread;

use clap::Parser;
use engineio_sync::{ClientEvent, ClientOptions, ClientSender, Message, connect};
use serde::{Deserialize, Serialize};

/// A terminal in the chat room of the example `chat`.
#[derive(Parser)]
struct Options {
    /// The address that the chat printed.
    #[arg(default_value = "http://127.0.0.1:3000")]
    url: String,
    /// Your name in the chat.
    #[arg(long, default_value = "terminal")]
    name: String,
    /// Certificates to trust in addition to the system's: a PEM file, for `https`.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// An HTTP proxy to connect through.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl Options {
    fn client(&self) -> io::Result<ClientOptions> {
        // The chat requires a name.
        let mut options = ClientOptions::new(&self.url).query("name", &self.name);
        if let Some(file) = &self.roots {
            options = options.root_certificates(std::fs::read(file)?);
        }
        if let Some(proxy) = &self.proxy {
            options = options.proxy(proxy);
        }
        Ok(options)
    }
}

fn main() {
    if let Err(error) = run(Options::parse()) {
        eprintln!("{error}");
        exit(1);
    }
    // Returning would wait for the line that is being typed.
    exit(0)
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut client = connect(options.client()?)?;
    if let Some(transport) = client.transport() {
        println!("* connected over {transport}");
    }
    let sender = client.sender();
    thread::spawn(move || {
        if let Err(error) = say(&sender) {
            eprintln!("{error}");
        }
        sender.close(); // queued messages still leave
    });

    let mut own = None;
    while let Some(event) = client.event() {
        match event {
            ClientEvent::Message(message) => match message.to_json()? {
                FromRoom::Welcome { id } => own = Some(id),
                news => news.print(own),
            },
            ClientEvent::Upgrade(transport) => println!("* moved to {transport}"),
            ClientEvent::Disconnect(reason) => println!("* {reason}"),
            _ => {}
        }
    }
    Ok(())
}

/// Sends every line that is typed.
fn say(sender: &ClientSender) -> Result<(), Box<dyn Error>> {
    for line in stdin().lines() {
        let text = line?;
        if !text.trim().is_empty() {
            sender.send(Message::json(&ToRoom::Say { text: &text })?)?;
        }
    }
    Ok(())
}

/// A message to the room: `{"kind":"say","text":"Hello"}`.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ToRoom<'a> {
    Say { text: &'a str },
}

/// A message from the room.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum FromRoom {
    Welcome { id: u64 },
    Join { name: String, here: usize },
    Rename { was: String, name: String },
    Say { id: u64, name: String, text: String },
    Leave { name: String, here: usize },
}

impl FromRoom {
    /// Prints it, unless it is our own.
    fn print(&self, own: Option<u64>) {
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
