//! `engineio-tokio`'s client.

use clap::Parser as _;
use client_options::{Options, came, message, running};
use engineio_tokio::{Client, ClientOptions, Transport, connect};

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let transport = match options.transport {
        client_options::Transport::Polling => Transport::Polling,
        client_options::Transport::Websocket => Transport::WebSocket,
    };
    let mut tasks = Vec::new();
    for _ in 0..options.sessions {
        let client = ClientOptions::new(&options.url).transports([transport]);
        let client = connect(client).await.expect("a server");
        tasks.push(tokio::spawn(talk(client, options.in_flight)));
    }
    running();
    for task in tasks {
        task.await.expect("no panic");
    }
}

async fn talk(mut client: Client, in_flight: usize) {
    for _ in 0..in_flight {
        client.send(message()).await.expect("an open session");
    }
    while let Some(message) = client.recv().await {
        came();
        client.send(message).await.expect("an open session");
    }
}
