//! The client of `rust_engineio`.

use bytes::Bytes;
use clap::Parser as _;
use client_options::{Options, Transport, came, message, running};
use futures_util::StreamExt as _;
use rust_engineio::asynchronous::{Client, ClientBuilder};
use rust_engineio::{Packet, PacketId};
use url::Url;

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let url = Url::parse(&options.url).expect("a URL");
    let mut tasks = Vec::new();
    for _ in 0..options.sessions {
        let builder = ClientBuilder::new(url.clone());
        let client = match options.transport {
            Transport::Polling => builder.build_polling().await,
            Transport::Websocket => builder.build_websocket().await,
        };
        let client = client.expect("a server");
        client.connect().await.expect("a server");
        tasks.push(tokio::spawn(talk(client, options.in_flight)));
    }
    running();
    for task in tasks {
        task.await.expect("no panic");
    }
}

async fn talk(mut client: Client, in_flight: usize) {
    for _ in 0..in_flight {
        let packet = Packet::new(PacketId::Message, Bytes::from(message()));
        client.emit(packet).await.expect("an open session");
    }
    while let Some(packet) = client.next().await {
        let packet = packet.expect("an open session");
        if packet.packet_id == PacketId::Message {
            came();
            client.emit(packet).await.expect("an open session");
        }
    }
}
