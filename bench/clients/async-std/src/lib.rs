//! `engineio-async-std`'s client, on the runtime that the feature names.

#[cfg(feature = "async-std")]
use async_std::task::{block_on, spawn};
use clap::Parser as _;
use client_options::{Options, came, message, running};
use engineio_async_std::{Client, ClientOptions, Transport, connect};
#[cfg(feature = "smol")]
use smol::{block_on, spawn};

/// Talks until it is ended.
pub fn run() {
    let options = Options::parse();
    let transport = match options.transport {
        client_options::Transport::Polling => Transport::Polling,
        client_options::Transport::Websocket => Transport::WebSocket,
    };
    block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..options.sessions {
            let client = ClientOptions::new(&options.url).transports([transport]);
            let client = connect(client).await.expect("a server");
            tasks.push(spawn(talk(client, options.in_flight)));
        }
        running();
        for task in tasks {
            task.await;
        }
    });
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
