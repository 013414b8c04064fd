//! What it costs to reach a session through another node: CPU time of that node for a request and
//! for a frame, beside what the same costs the session's own node, and the memory of what waits.
//!
//! `cargo run --release -p cluster` starts both nodes as processes of their own on core 0, and is
//! itself the clients on core 1. `cargo run --release -p cluster groups` measures what a group costs
//! that spans nodes.

mod client;
mod engine;
mod groups;
mod member;
mod process;

use std::io::{self, BufRead, Write};
use std::time::Duration;

use engineio_tokio::{
    Cluster, Handler, Handshake, Message, NodeTag, Nodes, Refusal, Sender, Server, ServerConfig,
};

use client::{Polling, WebSocket};
use process::{Node, Usage};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["groups"] => groups::measure().await,
        ["member", bus] => member::serve(bus).await,
        [tag] => serve(tag.parse().expect("a tag")).await,
        _ => measure().await,
    }
}

struct Echo;

impl Handler<()> for Echo {
    fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, sender: &Sender, message: Message) {
        let _ = sender.try_send(message);
    }
}

/// Is a node, which knows the other one from a line of its input.
async fn serve(tag: NodeTag) -> io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let (other, at) = line.trim().split_once(' ').expect("a tag and a place");
    let nodes = [(other.parse().expect("a tag"), at.parse().expect("a URL"))];
    // No client answers a ping.
    let hour = Duration::from_secs(3600);
    let config = ServerConfig::builder().node(tag).ping_interval(hour);
    let config = config.build().expect("it makes sense");
    let cluster = Cluster::new(Nodes::fixed(nodes));
    let server: Server = Server::builder(config).cluster(cluster).build();
    server.handle(Echo);
    server.serve(listener).await
}

/// How many connections are busy at once.
const BUSY: usize = 16;

/// How often each sends a message and gets it back.
const ECHOES: usize = 2_000;

/// How many connections wait.
const WAITING: usize = 2_000;

async fn measure() -> io::Result<()> {
    process::pin_self(1);
    for round in 1..=5 {
        let (mut owner, mut edge) = (Node::start(&["a"])?, Node::start(&["b"])?);
        owner.introduce("b", &edge)?;
        edge.introduce("a", &owner)?;
        let mut line = io::stdout().lock();
        for in_flight in [1, 16] {
            for (name, through) in [("direct", &owner), ("forwarded", &edge)] {
                let (at_owner, at_edge) = (owner.usage(), edge.usage());
                client::all(BUSY, async |_| {
                    let mut socket = WebSocket::open(owner.address, through.address).await?;
                    socket.echo(ECHOES * in_flight, in_flight).await
                })
                .await?;
                let frames = (2 * BUSY * ECHOES * in_flight) as f64;
                row(
                    &mut line,
                    round,
                    &format!("frame, {in_flight} in flight, {name}"),
                    frames,
                    [owner.usage() - at_owner, edge.usage() - at_edge],
                )?;
            }
        }
        for (name, through) in [("direct", &owner), ("forwarded", &edge)] {
            let (at_owner, at_edge) = (owner.usage(), edge.usage());
            client::all(BUSY, async |_| {
                let mut polling = Polling::open(owner.address, through.address).await?;
                polling.echo(ECHOES).await
            })
            .await?;
            let requests = (2 * BUSY * ECHOES) as f64;
            let used = [owner.usage() - at_owner, edge.usage() - at_edge];
            row(&mut line, round, &format!("request, {name}"), requests, used)?;
        }
        waiting(&mut line, round, &owner, &edge).await?;
    }
    Ok(())
}

/// Memory of what waits at the edge.
async fn waiting(line: &mut impl Write, round: usize, owner: &Node, edge: &Node) -> io::Result<()> {
    let mut memory = [edge.memory(), 0, 0];
    let mut parked = Vec::new();
    for _ in 0..WAITING {
        let mut polling = Polling::open(owner.address, edge.address).await?;
        polling.park().await?;
        parked.push(polling);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    memory[1] = edge.memory();
    let each = memory[1].saturating_sub(memory[0]) as f64 / WAITING as f64 / 1024.0;
    writeln!(line, "{round}\tparked forward\t{each:.1} KiB")?;
    drop(parked);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut fresh = Node::start(&["b"])?;
    fresh.introduce("a", owner)?;
    // So that what is allocated once is there.
    drop(WebSocket::open(owner.address, fresh.address).await?);
    memory[1] = fresh.memory();
    let mut sockets = Vec::new();
    for _ in 0..WAITING {
        sockets.push(WebSocket::open(owner.address, fresh.address).await?);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    memory[2] = fresh.memory();
    let each = memory[2].saturating_sub(memory[1]) as f64 / WAITING as f64 / 1024.0;
    writeln!(line, "{round}\tproxied WebSocket\t{each:.1} KiB")
}

fn row(
    line: &mut impl Write,
    round: usize,
    name: &str,
    count: f64,
    [owner, edge]: [Usage; 2],
) -> io::Result<()> {
    let each = |usage: Usage| usage.0.as_secs_f64() * 1e6 / count;
    writeln!(line, "{round}\t{name}\towner {:.1} us\tedge {:.1} us", each(owner), each(edge))
}
