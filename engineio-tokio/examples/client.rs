//! A terminal in the room of the example `chat`: a line in is said to everyone, what they say
//! is a line out.
//!
//! ```text
//! cargo run -p engineio-tokio --example chat
//! cargo run -p engineio-tokio --example client -- http://127.0.0.1:3000
//! ```

#[path = "../../examples/client/options.rs"]
mod options;
#[path = "../../examples/client/words.rs"]
mod words;

use std::error::Error;

use clap::Parser;
use engineio_tokio as engineio;
use engineio_tokio::{ClientEvent, Message};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use options::{Options, leave};
use words::{FromRoom, ToRoom};

#[tokio::main]
async fn main() {
    leave(run(Options::parse()).await)
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut client = options.client()?.connect().await?;
    if let Some(transport) = client.transport() {
        println!("* connected over {transport}");
    }
    client.send(Message::json(&ToRoom::Join { name: &options.name })?).await?;

    let mut own = None;
    let mut lines = BufReader::new(stdin()).lines();
    let mut is_leaving = false;
    loop {
        tokio::select! {
            line = lines.next_line(), if !is_leaving => match line? {
                Some(text) if text.trim().is_empty() => {}
                Some(text) => client.send(Message::json(&ToRoom::Say { text: &text })?).await?,
                None => {
                    is_leaving = true;
                    client.close(); // what was said still leaves
                }
            },
            event = client.event() => match event {
                Some(ClientEvent::Message(message)) => match message.to_json()? {
                    FromRoom::Welcome { id } => own = Some(id),
                    news => news.print(own),
                },
                Some(ClientEvent::Upgraded(transport)) => println!("* moved to {transport}"),
                Some(ClientEvent::Closed(reason)) => {
                    println!("* {reason}");
                    return Ok(());
                }
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
}
