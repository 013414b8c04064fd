//! A terminal in the room of the example `chat`: a line in is said to everyone, what they say
//! is a line out.
//!
//! ```text
//! cargo run -p engineio-tokio --example chat
//! cargo run -p engineio-sync --example sync-client -- http://127.0.0.1:3000
//! ```

#[path = "../../examples/client/options.rs"]
mod options;
#[path = "../../examples/client/words.rs"]
mod words;

use std::error::Error;
use std::io::stdin;
use std::thread;

use clap::Parser;
use engineio_sync as engineio;
use engineio_sync::{ClientEvent, ClientSender, Message};

use options::{Options, leave};
use words::{FromRoom, ToRoom};

fn main() {
    leave(run(Options::parse()))
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut client = options.client()?.connect()?;
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
