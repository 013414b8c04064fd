//! A server, its clock, and what its observer was told.

use std::env;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use engineio_proto::Transport;
use engineio_proto::{
    Instant, Revision, ServerCloseReason, ServerConfig, ServerConfigBuilder, Sid,
};
use http::Request;
use http::request::Builder;
use shuttle::future::block_on;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::Mutex;
use shuttle::thread::{self, JoinHandle};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use super::wire::{Client, carry, wire};
use crate::{Answer, Hub, Observer, Seat, Socket};

/// Runs a model with many interleavings.
pub(super) fn check(model: fn()) {
    let runs = env::var("ENGINEIO_MODEL_RUNS").ok().and_then(|runs| runs.parse().ok());
    let half = runs.unwrap_or(RUNS).div_ceil(2);
    let seed = env::var("ENGINEIO_MODEL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    run(RandomScheduler::new_from_seed(seed, half), model);
    // As few changes of thread as a subtle race needs, at random places.
    run(PctScheduler::new_from_seed(seed, 3, half), model);
}

/// Runs a model once, with the schedule of a run that failed.
#[allow(dead_code, reason = "used while a failure is looked into")]
pub(super) fn replay(model: fn(), schedule: &str) {
    shuttle::replay(model, schedule);
}

fn run(scheduler: impl Scheduler + 'static, model: fn()) {
    let mut config = Config::new();
    config.silence_warnings = true;
    config.failure_persistence = FailurePersistence::Print;
    config.max_steps = MaxSteps::FailAfter(MOST_STEPS);
    Runner::new(scheduler, config).run(model);
}

/// Enough to find what was broken on purpose, in a few seconds for all models.
const RUNS: usize = 200;

/// No model needs a tenth of it: more is a wake-up loop.
const MOST_STEPS: usize = 100_000;

/// A server with its driver.
#[derive(Clone)]
pub(super) struct World {
    pub(super) hub: Hub,
    pub(super) clock: Arc<Clock>,
    pub(super) told: Told,
}

impl World {
    /// A server with small water marks, so that a few messages reach them.
    pub(super) fn new() -> Self {
        Self::with(|config| config)
    }

    pub(super) fn with(change: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder) -> Self {
        let narrow = ServerConfig::builder().outbox_high_water(1).outbox_low_water(0);
        let config = change(narrow.inbox_high_water(1)).build().expect("a legal configuration");
        let (clock, told) = (Arc::new(Clock::default()), Told::default());
        let reading = Arc::clone(&clock);
        let hub = Hub::new(config, move || reading.now(), Box::new(told.clone()));
        let weak = hub.downgrade();
        let driving = Arc::clone(&clock);
        thread::spawn(move || {
            block_on(poll_fn(|cx| {
                while let Some(hub) = weak.upgrade() {
                    let Some(next) = hub.expire(cx) else { return Poll::Pending };
                    drop(hub);
                    if driving.poll_until(next, cx.waker()).is_pending() {
                        return Poll::Pending;
                    }
                }
                Poll::Ready(())
            }));
        });
        Self { hub, clock, told }
    }

    /// Begins a request.
    pub(super) fn admit(&self, request: Builder) -> Seat {
        let request = request.header("host", "test").body(()).expect("a request");
        self.hub.admit(&request.into_parts().0).expect("the hub's path")
    }

    /// Opens a session over polling. Returns its target.
    pub(super) fn open_polling(&self) -> (String, Socket) {
        let serving = self.clone();
        let opening = thread::spawn(move || {
            let seat = serving.admit(get("/engine.io/?EIO=4&transport=polling"));
            body(answer(seat)).1
        });
        let socket = self.accept();
        let open = opening.join().expect("no panic");
        assert!(open.starts_with("0{"), "{open}");
        (format!("/engine.io/?EIO=4&sid={}", socket.sid().as_str()), socket)
    }

    /// Opens a session on a WebSocket.
    pub(super) fn open_websocket(&self) -> (Client, Socket) {
        let client = self.connect("/engine.io/?EIO=4");
        let socket = self.accept();
        assert!(client.frame().is_some_and(|open| open.starts_with("0{")));
        (client, socket)
    }

    /// Asks for a WebSocket in a thread of its own, which carries it afterwards.
    pub(super) fn connect(&self, target: &str) -> Client {
        let (server, client) = wire();
        let seat = self.admit(upgrade(target));
        thread::spawn(move || {
            if let Answer::Upgrade(_, framed) = answer(seat) {
                carry(&server, framed);
            }
            server.end();
        });
        client
    }

    pub(super) fn accept(&self) -> Socket {
        let incoming = block_on(poll_fn(|cx| self.hub.poll_incoming(cx))).expect("a client");
        incoming.accept().expect("a client that waits")
    }

    pub(super) fn post(&self, target: &str, payload: &str) -> JoinHandle<(u16, String)> {
        let mut seat = self.admit(Request::post(format!("{target}&transport=polling")));
        let payload = Bytes::copy_from_slice(payload.as_bytes());
        thread::spawn(move || {
            seat.data(payload);
            seat.end();
            body(answer(seat))
        })
    }

    pub(super) fn poll(&self, target: &str) -> Seat {
        self.admit(get(&format!("{target}&transport=polling")))
    }

    /// Ends everything, and waits for it.
    pub(super) fn end(self) {
        self.hub.close(Duration::ZERO);
        self.hub.abort();
        block_on(poll_fn(|cx| self.hub.poll_closed(cx)));
        assert_eq!(self.hub.sessions().len(), 0);
        self.told.check();
    }
}

pub(super) fn get(target: &str) -> Builder {
    Request::get(target)
}

fn upgrade(target: &str) -> Builder {
    get(&format!("{target}&transport=websocket"))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// Nobody here accepts a compressed answer, so none comes in steps.
pub(super) fn answer(mut seat: Seat) -> Answer {
    block_on(poll_fn(|cx| seat.poll_answer(cx)))
}

/// The status and the body of a response.
pub(super) fn body(answer: Answer) -> (u16, String) {
    match answer {
        Answer::Respond { response, .. } => {
            let body = String::from_utf8(response.body().to_vec()).expect("UTF-8");
            (response.status().as_u16(), body)
        }
        Answer::Upgrade(..) | Answer::Yield => panic!("a response was expected"),
    }
}

/// Stands still until somebody moves it. It has one timer, the driver's.
#[derive(Default)]
pub(super) struct Clock(Mutex<(u64, Option<(Instant, Waker)>)>);

impl Clock {
    pub(super) fn now(&self) -> Instant {
        Instant::from_millis(self.0.lock().expect("no panic").0)
    }

    fn poll_until(&self, at: Instant, waker: &Waker) -> Poll<()> {
        let mut clock = self.0.lock().expect("no panic");
        if Instant::from_millis(clock.0) >= at {
            return Poll::Ready(());
        }
        let displaced = clock.1.replace((at, waker.clone()));
        drop(clock);
        drop(displaced);
        Poll::Pending
    }

    pub(super) fn pass(&self, millis: u64) {
        let mut clock = self.0.lock().expect("no panic");
        clock.0 += millis;
        let now = Instant::from_millis(clock.0);
        let due = clock.1.take_if(|(at, _)| *at <= now);
        drop(clock);
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

/// What the observer was told: the sessions that began and those that ended.
#[derive(Clone, Default)]
pub(super) struct Told(Arc<std::sync::Mutex<(Vec<Sid>, Vec<Sid>)>>);

impl Told {
    /// Each session that was opened was closed once.
    pub(super) fn check(&self) {
        let mut told = self.0.lock().expect("no panic");
        let (opened, closed) = &mut *told;
        for list in [&mut *opened, &mut *closed] {
            list.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        }
        assert_eq!(opened, closed);
    }
}

impl Observer for Told {
    fn opened(&self, sid: &Sid, _: Revision, _: Transport) {
        self.0.lock().expect("no panic").0.push(sid.clone());
    }

    fn closed(&self, sid: &Sid, _: &ServerCloseReason) {
        self.0.lock().expect("no panic").1.push(sid.clone());
    }
}
