//! The terminal, for either runtime.

use std::error::Error;
use std::io::stdin;
use std::thread;

use clap::Parser;
use engineio_async_std::{ClientEvent, ClientSender, Message};

use crate::options::Options;
use crate::rt::block_on;
use crate::words::{FromRoom, ToRoom};

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let mut client = options.client()?.connect().await?;
    if let Some(transport) = client.transport() {
        println!("* connected over {transport}");
    }
    client.send(Message::json(&ToRoom::Join { name: &options.name })?).await?;

    // A terminal can only be waited for, so a thread does.
    let sender = client.sender();
    thread::spawn(move || {
        if let Err(error) = block_on(say(&sender)) {
            eprintln!("{error}");
        }
        sender.close(); // what was said still leaves
    });
    let mut own = None;
    while let Some(event) = client.event().await {
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
async fn say(sender: &ClientSender) -> Result<(), Box<dyn Error>> {
    for line in stdin().lines() {
        let text = line?;
        if !text.trim().is_empty() {
            sender.send(Message::json(&ToRoom::Say { text: &text })?).await?;
        }
    }
    Ok(())
}
