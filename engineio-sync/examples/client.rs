//! A terminal in the room of the example `chat`: a line in is said to everyone, what they say
//! is a line out.
//!
//! ```text
//! cargo run -p engineio-tokio --example chat
//! cargo run -p engineio-sync --example sync-client -- http://127.0.0.1:3000
//! ```

use std::error::Error;
use std::io::stdin;
use std::process::exit;
use std::thread;

use clap::Parser;
use engineio_sync::{Client, ClientEvent, ClientSender, Message};
use serde::{Deserialize, Serialize};

/// A terminal in the chat room of the example `chat`.
#[derive(Parser)]
struct Options {
    /// The address that the chat printed.
    #[arg(default_value = "http://127.0.0.1:3000")]
    url: String,
    /// The name to be known by.
    #[arg(long, default_value = "terminal")]
    name: String,
    /// Which certificates to trust beside the machine's: a file in PEM, for `https`.
    #[arg(long, value_name = "FILE")]
    roots: Option<std::path::PathBuf>,
    /// An HTTP proxy to go through.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

fn main() {
    let ended = run(Options::parse());
    if let Err(error) = &ended {
        eprintln!("{error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
    }
    // The other thread may wait for the line that is being typed.
    exit(i32::from(ended.is_err()));
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut builder = Client::builder(&options.url);
    if let Some(file) = options.roots {
        builder = builder.root_certificates(std::fs::read(file)?);
    }
    if let Some(proxy) = options.proxy {
        builder = builder.proxy(&proxy);
    }
    let mut client = builder.connect()?;
    if let Some(transport) = client.transport() {
        println!("* connected over {transport}");
    }
    client.send(Message::json(&ToRoom::Join { name: &options.name })?)?;

    let sender = client.sender();
    thread::spawn(move || {
        if let Err(error) = say(&sender) {
            eprintln!("{error}");
        }
        sender.close(); // what was said still leaves
    });

    let mut own = None;
    while let Some(event) = client.event() {
        match event {
            ClientEvent::Message(message) => match message.to_json()? {
                FromRoom::Welcome { id } => own = Some(id),
                news => news.print(own),
            },
            ClientEvent::Upgraded(transport) => println!("* moved to {transport}"),
            ClientEvent::Closed(reason) => println!("* {reason}"),
            _ => {}
        }
    }
    Ok(())
}

/// Says every line that is typed.
fn say(sender: &ClientSender) -> Result<(), Box<dyn Error>> {
    for line in stdin().lines() {
        let text = line?;
        if !text.trim().is_empty() {
            sender.send(Message::json(&ToRoom::Say { text: &text })?)?;
        }
    }
    Ok(())
}

/// What the room hears.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ToRoom<'a> {
    Join { name: &'a str },
    Say { text: &'a str },
}

/// What the room says.
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
