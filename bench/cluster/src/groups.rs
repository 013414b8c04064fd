//! What a message to a group of 1,000 sessions costs, on one node and on three over each bus: CPU
//! time of the nodes and of the bus, and the time until the last member has it.
//!
//! The nodes and the bus are on core 0, and all members on one thread on core 1.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::client::{WebSocket, frame};
use crate::engine::{Engine, Kind};
use crate::member::JOIN;
use crate::process::{self, Node};

/// How many sessions the group has.
const MEMBERS: usize = 1_000;

/// How often a message is sent to it.
const SENDS: usize = 320;

/// How many of them leave together, where that is measured.
const TOGETHER: usize = 16;

const ROUNDS: usize = 5;

pub(crate) async fn measure() -> io::Result<()> {
    process::pin_self(1);
    let kinds = [Kind::Nothing, Kind::Nats, Kind::Redis];
    let mut tables: [Figures; 3] = Default::default();
    for round in 0..ROUNDS {
        for place in 0..kinds.len() {
            // Each round begins with another.
            let place = (place + round) % kinds.len();
            run(kinds[place], &mut tables[place]).await?;
        }
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| nodes, bus | CPU of the nodes, µs a delivery | the same, {TOGETHER} messages in one go | \
         CPU of the bus, µs a message | the last member has it, p50 | p99 |\n|---|---|---|---|---|---|"
    )?;
    for (kind, figures) in kinds.into_iter().zip(tables) {
        let name = match kind {
            Kind::Nothing => "one, none",
            Kind::Nats => "three, NATS",
            Kind::Redis => "three, Redis",
        };
        figures.row(&mut out, name)?;
    }
    Ok(())
}

/// What was measured, one value for each round but of the times.
#[derive(Default)]
struct Figures {
    /// CPU time of all nodes for a delivery, with one send under way.
    single: Vec<f64>,
    /// The same with several.
    together: Vec<f64>,
    /// CPU time of the bus for a send, with one under way.
    bus: Vec<f64>,
    /// From a send until the last member has it.
    times: Vec<Duration>,
}

impl Figures {
    fn row(mut self, out: &mut impl Write, name: &str) -> io::Result<()> {
        let [single, together, bus] = [self.single, self.together, self.bus].map(median);
        self.times.sort();
        let [p50, p99] = [50, 99]
            .map(|percent| self.times[self.times.len() * percent / 100].as_secs_f64() * 1e3);
        writeln!(
            out,
            "| {name} | {single:.2} | {together:.2} | {bus:.0} | {p50:.1} ms | {p99:.1} ms |"
        )
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn run(kind: Kind, figures: &mut Figures) -> io::Result<()> {
    let engine = Engine::start(kind)?;
    let count = if kind == Kind::Nothing { 1 } else { 3 };
    let nodes = (0..count).map(|_| Node::start(&["member", &engine.url]));
    let nodes = nodes.collect::<io::Result<Vec<_>>>()?;
    let missing = Arc::new(Missing::default());
    for number in 0..MEMBERS {
        let at = nodes[number % nodes.len()].address;
        listen(at, Arc::clone(&missing)).await?;
    }
    let speaker = WebSocket::open(nodes[0].address, nodes[0].address).await?;
    let mut group = Group { speaker, missing };
    // Joins and subscriptions take a moment, and what is allocated once should be there.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..20 {
        group.send(1).await?;
    }
    let nodes_used = || nodes.iter().map(|node| node.usage().0).sum::<Duration>();
    let each = |used: Duration, count: usize| used.as_secs_f64() * 1e6 / count as f64;

    let before = (nodes_used(), engine.usage());
    for _ in 0..SENDS {
        figures.times.push(group.send(1).await?);
    }
    figures.single.push(each(nodes_used() - before.0, SENDS * MEMBERS));
    figures.bus.push(each((engine.usage() - before.1).0, SENDS));

    let before = nodes_used();
    for _ in 0..SENDS / TOGETHER {
        group.send(TOGETHER).await?;
    }
    figures.together.push(each(nodes_used() - before, SENDS * MEMBERS));
    Ok(())
}

/// A session that isn't a member, and what the members haven't got yet.
struct Group {
    speaker: WebSocket,
    missing: Arc<Missing>,
}

#[derive(Default)]
struct Missing {
    count: AtomicUsize,
    nothing: Notify,
}

impl Group {
    /// Sends so many messages at once, and waits until the last member has the last one.
    async fn send(&mut self, count: usize) -> io::Result<Duration> {
        self.missing.count.store(MEMBERS * count, SeqCst);
        let messages = frame(format!("4{}", "x".repeat(LENGTH)).as_bytes()).repeat(count);
        let begin = Instant::now();
        self.speaker.0.write_all(&messages).await?;
        let arrived = tokio::time::timeout(PATIENCE, self.missing.nothing.notified()).await;
        arrived.map_err(|_| {
            io::Error::other(format!("{} messages are lost", self.missing.count.load(SeqCst)))
        })?;
        Ok(begin.elapsed())
    }
}

/// Joins the group with a new session, whose messages are counted.
async fn listen(at: SocketAddr, missing: Arc<Missing>) -> io::Result<()> {
    let mut socket = WebSocket::open(at, at).await?.0;
    socket.write_all(&frame(format!("4{JOIN}").as_bytes())).await?;
    tokio::spawn(async move {
        // The frame's header, the packet's type, and the text.
        let (frame, mut bytes, mut rest) = (2 + 1 + LENGTH, vec![0; 64 << 10], 0);
        while let Ok(count @ 1..) = socket.read(&mut bytes).await {
            let messages = (rest + count) / frame;
            rest = (rest + count) % frame;
            if messages > 0 && missing.count.fetch_sub(messages, SeqCst) == messages {
                missing.nothing.notify_one();
            }
        }
    });
    Ok(())
}

/// How long a message is, in bytes.
const LENGTH: usize = 64;

/// How long a message may take before it is lost.
const PATIENCE: Duration = Duration::from_secs(20);
