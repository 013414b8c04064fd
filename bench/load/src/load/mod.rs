//! Clients, all of them on one thread.

mod broadcast;
mod echo;
mod http;
mod idle;
mod opening;
mod pings;
mod polling;
mod upgrading;
mod websocket;

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::{JoinSet, LocalSet, spawn_local};
use tokio::time::sleep;

use crate::cost;
use crate::rows::Work;
use crate::servers::{Running, Server};

/// What a measurement gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Microseconds of the server's CPU for each operation, or bytes for each session.
    pub(crate) value: f64,
    /// What 99 of 100 operations took at most.
    pub(crate) p99: Option<Duration>,
}

/// What clients have done up to now.
#[derive(Debug, Default)]
struct Done {
    count: Cell<u64>,
    /// Microseconds that operations took.
    latencies: RefCell<Vec<u32>>,
    /// Why a client couldn't go on.
    failure: RefCell<Option<io::Error>>,
}

impl Done {
    fn add(&self, count: u64) {
        self.count.set(self.count.get() + count);
    }

    fn took(&self, latency: Duration) {
        let micros = u32::try_from(latency.as_micros()).unwrap_or(u32::MAX);
        self.latencies.borrow_mut().push(micros);
    }
}

/// Measures one row with one server.
pub(crate) fn run(work: Work, server: &Server, window: Duration) -> io::Result<Outcome> {
    let ping_interval = match work {
        Work::Pings { .. } => pings::INTERVAL,
        _ => Duration::from_secs(120),
    };
    let server = server.start(ping_interval)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let measuring = async {
        match work {
            Work::Echo { clients, in_flight, message } => {
                echo::run(&server, clients, in_flight, message, window).await
            }
            Work::Broadcast { clients } => broadcast::run(&server, clients, window).await,
            Work::PollingEcho { clients, poll } => {
                polling::run(&server, clients, poll, window).await
            }
            Work::Open => opening::run(&server, false).await,
            Work::OpenAndClose => opening::run(&server, true).await,
            Work::Upgrade { poll } => upgrading::run(&server, poll).await,
            Work::Pings { clients } => pings::run(&server, clients, window).await,
            Work::IdleWebSockets { clients } => idle::websockets(&server, clients).await,
            Work::IdlePolls { clients } => idle::polls(&server, clients).await,
            Work::Client { .. } => Err(io::Error::other("no work for a server")),
        }
    };
    // Some servers take a while to open 10,000 sessions.
    let limit = window * 4 + Duration::from_secs(120);
    runtime.block_on(LocalSet::new().run_until(async {
        tokio::time::timeout(limit, measuring)
            .await
            .map_err(|_| io::Error::other("it stands still"))?
    }))
}

/// Lets the load run for a while, then measures for this long.
async fn measure(server: &Running, done: &Rc<Done>, window: Duration) -> io::Result<Outcome> {
    sleep(window / 4).await;
    done.latencies.borrow_mut().clear();
    let (count, cpu) = (done.count.get(), cost::cpu(server.id())?);
    sleep(window).await;
    let (count, cpu) = (done.count.get() - count, cost::cpu(server.id())? - cpu);
    match done.failure.take() {
        Some(failure) => Err(failure),
        None => Ok(Outcome {
            value: cost::per(cpu, count)?,
            p99: p99(&mut done.latencies.borrow_mut()),
        }),
    }
}

fn p99(latencies: &mut [u32]) -> Option<Duration> {
    let place = latencies.len().checked_sub(1)? * 99 / 100;
    let (_, micros, _) = latencies.select_nth_unstable(place);
    Some(Duration::from_micros(u64::from(*micros)))
}

/// How many times something is still to be done, for several workers.
#[derive(Clone, Debug)]
struct Left(Rc<Cell<u64>>);

impl Left {
    /// Whether the caller is to do it once more.
    fn take(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

/// Lets workers do something `count` times, and gives what each time cost the server. A tenth more
/// comes before, unmeasured.
async fn repeat<F>(
    server: &Running,
    count: u64,
    workers: usize,
    work: impl Fn(SocketAddr, Left) -> F,
) -> io::Result<Outcome>
where
    F: Future<Output = io::Result<()>> + 'static,
{
    let address = server.address();
    let run = async |count| {
        let left = Left(Rc::new(Cell::new(count)));
        let mut running = JoinSet::new();
        for _ in 0..workers {
            running.spawn_local(work(address, left.clone()));
        }
        running.join_all().await.into_iter().collect::<io::Result<()>>()
    };
    run(count / 10).await?;
    let cpu = cost::cpu(server.id())?;
    run(count).await?;
    Ok(Outcome { value: cost::per(cost::cpu(server.id())? - cpu, count)?, p99: None })
}

/// Runs a client for as long as the load lasts. If it can't go on, the measurement fails.
fn forever(done: &Rc<Done>, client: impl Future<Output = io::Result<()>> + 'static) {
    let done = Rc::clone(done);
    spawn_local(async move {
        if let Err(failure) = client.await {
            done.failure.replace(Some(failure));
        }
    });
}
