//! A client that connects again: its events, and senders that wait for a session, ask for an
//! attempt, or close it.

use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use engineio_proto::client::Backoff;
use engineio_proto::{Failure, Instant, Transport};
use http::Response;
use shuttle::future::block_on;
use shuttle::sync::Mutex;
use shuttle::thread;

use super::world::check;
use crate::client::{
    ClientOptions, ConnectError, Dial, Dialing, Driver, GaveUp, ReconnectingClient,
    ReconnectingEvent, Sleeping, Start, connect,
};

const OPEN: &str = r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

/// What an attempt comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Opens,
    Fails,
    Hangs,
}

use Outcome::{Fails, Hangs, Opens};

/// A network without I/O. Time stands still, so a delay ends only if an attempt is asked for.
#[derive(Clone, Default)]
struct Net {
    outcomes: Arc<Mutex<VecDeque<Outcome>>>,
    drivers: Arc<Mutex<Vec<Driver>>>,
}

impl Net {
    fn new(outcomes: &[Outcome]) -> Self {
        let outcomes = outcomes.iter().copied().collect();
        Self { outcomes: Arc::new(Mutex::new(outcomes)), drivers: Arc::default() }
    }

    fn client(&self) -> ReconnectingClient {
        let options = ClientOptions::new("http://test").transports([Transport::Polling]);
        ReconnectingClient::new(self.clone(), options, Backoff::new())
    }

    /// Breaks the connection of the last session.
    fn lose(&self) {
        let driver = self.drivers.lock().expect("no panic").pop();
        let mut driver = driver.expect("a session");
        while let Poll::Ready(Some((conn, _))) = start(&mut driver) {
            driver.failed(conn, Failure::Gone);
        }
    }
}

fn start(driver: &mut Driver) -> Poll<Option<(engineio_proto::ConnId, Start)>> {
    driver.poll_start(&mut Context::from_waker(Waker::noop()))
}

impl Dial for Net {
    fn dial(&self, options: ClientOptions) -> Dialing {
        let outcome =
            self.outcomes.lock().expect("no panic").pop_front().expect("no more attempts");
        if outcome == Hangs {
            return Box::pin(pending());
        }
        let plan = options.plan().expect("legal options");
        let (connecting, mut driver) = connect(plan.config, plan.remote, || Instant::ZERO);
        let Poll::Ready(Some((conn, _))) = start(&mut driver) else { panic!("a handshake") };
        if outcome == Fails {
            driver.failed(conn, Failure::Gone);
        } else {
            let (parts, ()) = Response::new(()).into_parts();
            driver.answered(conn, &parts, Bytes::from_static(OPEN.as_bytes()));
            self.drivers.lock().expect("no panic").push(driver);
        }
        Box::pin(async { connecting.await.map_err(|reason| ConnectError::closed(reason, None)) })
    }

    fn sleep(&self, _time: Duration) -> Sleeping {
        Box::pin(pending())
    }

    fn now(&self) -> Instant {
        Instant::ZERO
    }

    fn random(&self) -> u64 {
        u64::MAX
    }
}

/// Waits for a session.
fn connects(client: &mut ReconnectingClient) {
    loop {
        match block_on(client.event()) {
            Some(ReconnectingEvent::Connected) => return,
            Some(ReconnectingEvent::Lost { .. } | ReconnectingEvent::Retry { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn attempt_that_is_asked_for_is_made_whenever_that_is() {
    check(|| {
        let net = Net::new(&[Fails, Opens]);
        let mut client = net.client();
        let sender = client.sender();
        let asking = thread::spawn(move || sender.retry_now());
        connects(&mut client);
        asking.join().expect("no panic");
    });
}

#[test]
fn close_ends_an_attempt_and_all_who_wait_for_a_session() {
    check(|| {
        let net = Net::new(&[Hangs]);
        let mut client = net.client();
        let waiting = client.sender();
        let waiting = thread::spawn(move || block_on(waiting.connected()));
        let closing = client.sender();
        let closing = thread::spawn(move || closing.close());
        let end = block_on(client.event());
        assert!(matches!(end, Some(ReconnectingEvent::GaveUp(GaveUp::Closed))), "{end:?}");
        assert!(waiting.join().expect("no panic").is_none());
        closing.join().expect("no panic");
    });
}

#[test]
fn who_waits_for_a_session_gets_one_that_is_open_or_hears_that_there_will_be_none() {
    check(|| {
        let net = Net::new(&[Opens, Opens]);
        let mut client = net.client();
        let sender = client.sender();
        let waiting = thread::spawn(move || {
            let mut count = 0;
            while let Some(session) = block_on(sender.connected()) {
                count += 1;
                block_on(session.closed());
            }
            count
        });
        connects(&mut client);
        net.lose();
        client.retry_now();
        // It is still there, and ended, until the client has noticed.
        let lost = block_on(client.event());
        assert!(matches!(lost, Some(ReconnectingEvent::Lost { .. })), "{lost:?}");
        client.retry_now();
        connects(&mut client);
        net.lose();
        drop(client);
        assert!(waiting.join().expect("no panic") <= 2);
    });
}

#[test]
fn client_that_is_dropped_tells_all_who_wait_whoever_gives_up_waiting() {
    check(|| {
        let net = Net::new(&[Hangs]);
        let mut client = net.client();
        let (waiting, fickle) = (client.sender(), client.sender());
        let waiting = thread::spawn(move || block_on(waiting.connected()));
        let fickle = thread::spawn(move || {
            let mut waiting = Box::pin(fickle.connected());
            block_on(poll_fn(|cx| {
                let _ = waiting.as_mut().poll(cx);
                Poll::Ready(())
            }));
        });
        block_on(poll_fn(|cx| {
            let _ = client.poll_event(cx);
            Poll::Ready(())
        }));
        drop(client);
        assert!(waiting.join().expect("no panic").is_none());
        fickle.join().expect("no panic");
    });
}
