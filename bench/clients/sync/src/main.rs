//! `engineio-sync`'s client, with a thread for each session.

use std::thread;

use clap::Parser as _;
use client_options::{Options, came, message, running};
use engineio_sync::{Client, ClientOptions, Transport, connect};

fn main() {
    let options = Options::parse();
    let transport = match options.transport {
        client_options::Transport::Polling => Transport::Polling,
        client_options::Transport::Websocket => Transport::WebSocket,
    };
    let mut threads = Vec::new();
    for _ in 0..options.sessions {
        let client = ClientOptions::new(&options.url).transports([transport]);
        let client = connect(client).expect("a server");
        threads.push(thread::spawn(move || talk(client, options.in_flight)));
    }
    running();
    for thread in threads {
        thread.join().expect("no panic");
    }
}

fn talk(mut client: Client, in_flight: usize) {
    for _ in 0..in_flight {
        client.send(message()).expect("an open session");
    }
    while let Some(message) = client.recv() {
        came();
        client.send(message).expect("an open session");
    }
}
