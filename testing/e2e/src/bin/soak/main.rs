//! What takes minutes, against servers in processes of their own.
//!
//! ```text
//! cargo run -p e2e --bin soak -- tokio 300
//! cargo run -p e2e --bin soak --release -- neighbours 10 tokio asyncstd sync
//! cargo run -p e2e --bin soak --release -- memory tokio asyncstd sync
//! ```
//!
//! The first is mixed traffic against the echo server of a binding, for as long as wished.
//! Every ten seconds it prints the sessions that are open, what has come back, and what the server
//! holds. It ends with an error if a message was lost or reordered, if a session broke without a
//! reason, or if the server holds more in the end than it needed in the beginning.
//!
//! The second measures echoes beside clients that keep the server busy, and the third fills the
//! memory of a server that has little.

mod full_memory;
mod good;
mod held;
mod neighbours;
mod serving;
mod talking;
mod vandals;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use e2e::{Binding, Options, Server};
use engineio_tokio::Transport;
use tokio::time::{Instant, sleep};

use held::Held;
use serving::Memory;

/// What all clients add to.
#[derive(Debug, Default)]
struct Tally {
    is_over: AtomicBool,
    open: AtomicUsize,
    sessions: AtomicU64,
    echoed: AtomicU64,
    lost: AtomicU64,
    reordered: AtomicU64,
    broken: AtomicU64,
    vandalized: AtomicU64,
}

/// The server's settings: heartbeats often, but with patience enough for a loaded machine.
const OPTIONS: Options = Options { ping_interval: 2_000, ping_timeout: 20_000, ..Options::SUITE };

/// How long it takes until the server's memory is as large as this traffic makes it: half a minute,
/// or half of a shorter run.
fn warm_up(all: Duration) -> Duration {
    Duration::from_secs(30).min(all / 2)
}

/// How often what is held is looked at, and printed.
fn step(all: Duration) -> Duration {
    Duration::from_secs(10).min(all / 5)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let is_sound = match words[..] {
        ["serve", binding, ref little @ ..] => {
            let memory = if little.is_empty() { Memory::Usual } else { Memory::Little };
            let Some(binding) = known(binding) else { return usage() };
            return serving::serve(binding, memory).await;
        }
        ["neighbours", seconds, ref bindings @ ..] => match (seconds.parse(), all(bindings)) {
            (Ok(seconds), Some(bindings)) => neighbours::compare(&bindings, seconds).await,
            _ => return usage(),
        },
        ["memory", ref bindings @ ..] => match all(bindings) {
            Some(bindings) => full_memory::try_all(&bindings).await,
            None => return usage(),
        },
        [binding, seconds] => match (known(binding), seconds.parse()) {
            (Some(binding), Ok(seconds)) => soak(&Server::echo(binding, OPTIONS), seconds).await,
            _ => return usage(),
        },
        _ => return usage(),
    };
    if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    eprintln!("usage: soak BINDING SECONDS");
    eprintln!("       soak neighbours SECONDS BINDING..");
    eprintln!("       soak memory BINDING..");
    eprintln!("BINDING is tokio, asyncstd or sync.");
    ExitCode::FAILURE
}

fn known(binding: &str) -> Option<Binding> {
    let known = [Binding::Tokio, Binding::AsyncStd, Binding::Sync];
    known.into_iter().find(|it| serving::name(*it) == binding)
}

/// All of them, and one at least.
fn all(bindings: &[&str]) -> Option<Vec<Binding>> {
    let all: Option<Vec<_>> = bindings.iter().map(|it| known(it)).collect();
    all.filter(|all| !all.is_empty())
}

async fn soak(server: &Server, seconds: u64) -> bool {
    let (tally, url) = (Arc::new(Tally::default()), server.url());
    let before = Held::of(server);
    let mut clients = Vec::new();
    let polling = [Transport::Polling].as_slice();
    let websocket = [Transport::WebSocket].as_slice();
    let both = [Transport::Polling, Transport::WebSocket].as_slice();
    for (transports, count) in [(polling, 4), (websocket, 8), (both, 6)] {
        for _ in 0..count {
            let talking = talking::talk(url.clone(), transports, Arc::clone(&tally));
            clients.push(tokio::spawn(talking));
        }
    }
    for _ in 0..2 {
        let authority = server.authority().to_owned();
        clients.push(tokio::spawn(vandals::come_and_go(authority, Arc::clone(&tally))));
        let authority = server.authority().to_owned();
        clients.push(tokio::spawn(vandals::read_nothing(authority, Arc::clone(&tally))));
    }
    let start = Instant::now();
    let mut warm = before;
    let all = Duration::from_secs(seconds);
    while start.elapsed() < all {
        sleep(step(all)).await;
        let now = Held::of(server);
        if start.elapsed() < warm_up(all) {
            warm = warm.most(now);
        }
        report(start.elapsed(), &tally, now);
    }
    tally.is_over.store(true, Relaxed);
    let mut is_sound = true;
    for client in clients {
        is_sound &= client.await.is_ok();
    }
    let after = Held::settled(server, before).await;
    report(start.elapsed(), &tally, after);
    let count = |what: &AtomicU64| what.load(Relaxed);
    let is_sound = is_sound
        && count(&tally.lost) + count(&tally.reordered) + count(&tally.broken) == 0
        && count(&tally.echoed) > 0
        && after.is_about(before, warm);
    println!("{}", if is_sound { "sound" } else { "NOT SOUND" });
    is_sound
}

fn report(elapsed: Duration, tally: &Tally, held: Held) {
    println!(
        "{:>5} s  open {:>3}  sessions {:>6}  vandals {:>6}  echoed {:>8}  lost {}  reordered {}  \
         broken {}  {held}",
        elapsed.as_secs(),
        tally.open.load(Relaxed),
        tally.sessions.load(Relaxed),
        tally.vandalized.load(Relaxed),
        tally.echoed.load(Relaxed),
        tally.lost.load(Relaxed),
        tally.reordered.load(Relaxed),
        tally.broken.load(Relaxed),
    );
}
