//! One chat on three processes behind HAProxy, which sends each request to any of them.
//!
//! ```text
//! apt-get install redis-server haproxy
//! cargo run -p examples --example cluster
//! ```
//!
//! A request for a session of another node is forwarded there, and what is said on one node reaches
//! the others over Redis. Without HAProxy, open the address of any node. `compose.yaml` beside this
//! file starts the same in containers.

mod node;
mod programs;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::mpsc;

use clap::{Parser, Subcommand};

use programs::Programs;

/// A chat on three nodes behind a balancer.
#[derive(Parser)]
struct Options {
    /// Address and port that the balancer listens on.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The URL of a Redis that runs already.
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Run one node alone.
    Node(node::Options),
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    if let Some(Part::Node(node)) = options.part {
        return node::run(node);
    }
    let (end, ended) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = end.send(());
    })?;

    let mut programs = Programs::default();
    let redis = options.redis.map_or_else(|| programs.start_redis(), Ok)?;
    let nodes = ["a", "b", "c"].map(|tag| programs.start_node(tag, &redis));
    let nodes = nodes.into_iter().collect::<Result<Vec<_>, _>>()?;
    for (tag, address) in &nodes {
        println!("node {tag} on http://{address}");
    }
    match programs.start_haproxy(options.listen, &nodes) {
        Ok(()) => println!("listening on http://{}", options.listen),
        Err(error) => println!("no balancer, as haproxy doesn't start ({error}): open any node"),
    }
    let _ = ended.recv();
    programs.end();
    Ok(())
}
