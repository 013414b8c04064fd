//! A client that connects again, in virtual time: without a network, and with dice that always show
//! the same.

#![allow(clippy::wildcard_enum_match_arm, reason = "anything else is a failure")]

mod common;

use core::future::{pending, ready};
use core::task::{Context, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use engineio_hub::client::{
    Attempt, ClientOptions, ConnectError, Dial, Dialing, Driver, ReconnectingClient,
    ReconnectingEvent, Sleeping, Start, connect,
};
use engineio_proto::client::Backoff;
use engineio_proto::{ClientCloseReason, ConnId, Failure, Instant, Message, SendError, Transport};
use http::Response;

use common::executor::Executor;
use common::time::Time;

const OPEN: &str = r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;

/// What an attempt comes to.
enum Outcome {
    /// A session.
    Opens,
    /// The server says this.
    Refuses(u16, &'static [(&'static str, &'static str)]),
    /// There is no server.
    Fails,
    /// Nothing happens.
    Hangs,
}

use Outcome::{Fails, Hangs, Opens, Refuses};

/// The world of a client.
#[derive(Clone)]
struct Net(Arc<Inner>);

struct Inner {
    time: Arc<Time>,
    outcomes: Mutex<VecDeque<Outcome>>,
    /// When attempts were made, in milliseconds, and to where.
    dialed: Mutex<Vec<(u128, String)>>,
    /// The I/O of the last session, and its poll.
    driver: Mutex<Option<(Driver, ConnId)>>,
}

impl Net {
    fn new(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        Self(Arc::new(Inner {
            time: Arc::default(),
            outcomes: Mutex::new(outcomes.into_iter().collect()),
            dialed: Mutex::default(),
            driver: Mutex::default(),
        }))
    }

    fn millis(&self) -> u128 {
        self.0.time.now().since_zero().as_millis()
    }

    /// When attempts were made, in milliseconds.
    fn dialed(&self) -> Vec<u128> {
        self.0.dialed.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    async fn sleep(&self, seconds: u64) {
        let until = self.0.time.now() + Duration::from_secs(seconds);
        self.0.time.sleep_until(until).await;
    }

    fn client(&self, backoff: Backoff) -> ReconnectingClient {
        ReconnectingClient::new(self.clone(), ClientOptions::new("http://server"), backoff)
    }

    /// Breaks the poll of the session.
    fn lose(&self) {
        let (mut driver, poll) = self.0.driver.lock().unwrap().take().unwrap();
        driver.failed(poll, Failure::Gone);
    }

    /// Answers the poll of the session, which lets another follow unless this was a goodbye.
    fn say(&self, payload: &'static str) {
        let mut driver = self.0.driver.lock().unwrap();
        let (driver, poll) = driver.as_mut().unwrap();
        answer(driver, *poll, 200, &[], payload);
        if payload != "1" {
            *poll = start(driver);
        }
    }

    fn run<F>(&self, main: impl FnOnce(Self) -> F) -> F::Output
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Executor::new(Arc::clone(&self.0.time)).run(1, main(self.clone()))
    }
}

/// What the driver wants to be started.
fn start(driver: &mut Driver) -> ConnId {
    match driver.poll_start(&mut Context::from_waker(Waker::noop())) {
        core::task::Poll::Ready(Some((conn, Start::Request(_)))) => conn,
        other => panic!("{other:?}"),
    }
}

fn answer(
    driver: &mut Driver,
    conn: ConnId,
    status: u16,
    headers: &[(&str, &str)],
    body: &'static str,
) {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let (parts, body) = response.body(Bytes::from_static(body.as_bytes())).unwrap().into_parts();
    driver.answered(conn, &parts, body);
}

impl Dial for Net {
    fn dial(&self, options: ClientOptions) -> Dialing {
        let plan = match options.transports([Transport::Polling]).plan() {
            Ok(plan) => plan,
            Err(error) => return Box::pin(ready(Err(error))),
        };
        let host = plan.remote.host().to_owned();
        self.0.dialed.lock().unwrap().push((self.millis(), host));
        let outcome = self.0.outcomes.lock().unwrap().pop_front().unwrap();
        let time = Arc::clone(&self.0.time);
        let (connecting, mut driver) = connect(plan.config, plan.remote, move || time.now());
        let handshake = start(&mut driver);
        match outcome {
            Opens => {
                answer(&mut driver, handshake, 200, &[], OPEN);
                let poll = start(&mut driver);
                let before = self.0.driver.lock().unwrap().replace((driver, poll));
                drop(before);
            }
            Refuses(status, headers) => answer(&mut driver, handshake, status, headers, ""),
            Fails => driver.failed(handshake, Failure::Gone),
            Hangs => {
                return Box::pin(async move {
                    let _under_way = (driver, connecting);
                    pending().await
                });
            }
        }
        Box::pin(async { connecting.await.map_err(|reason| ConnectError::closed(reason, None)) })
    }

    fn sleep(&self, time: Duration) -> Sleeping {
        let (clock, until) = (Arc::clone(&self.0.time), self.0.time.now() + time);
        Box::pin(async move { clock.sleep_until(until).await })
    }

    fn now(&self) -> Instant {
        self.0.time.now()
    }

    fn random(&self) -> u64 {
        1 << 63
    }
}

fn told(event: Option<ReconnectingEvent>) -> String {
    match event {
        Some(ReconnectingEvent::Connected) => "connected".to_owned(),
        Some(ReconnectingEvent::Message(message)) => {
            format!("message {}", message.as_text().unwrap())
        }
        Some(ReconnectingEvent::Lost { reason, unsent }) => format!("lost: {reason}, {unsent}"),
        Some(ReconnectingEvent::Retry { after, attempt, error }) => {
            let why = error.map(|error| format!(", {error}")).unwrap_or_default();
            format!("attempt {attempt} after {} ms{why}", after.as_millis())
        }
        Some(ReconnectingEvent::GaveUp(why)) => format!("gave up: {why}"),
        Some(other) => panic!("{other:?}"),
        None => "the end".to_owned(),
    }
}

/// What happens next.
async fn next(client: &mut ReconnectingClient) -> String {
    told(client.event().await)
}

const LOST: &str = "lost: the connection to the server was lost, 0";
const UNREACHABLE: &str = "the server can't be reached";

#[test]
fn session_that_is_lost_is_followed_by_another_after_the_delay() {
    Net::new([Opens, Opens, Opens]).run(|net| async move {
        let mut client = net.client(Backoff::new());
        assert_eq!(net.dialed(), [], "it waits to be asked");
        assert_eq!(next(&mut client).await, "connected");
        net.say("4hello");
        assert_eq!(next(&mut client).await, "message hello");
        net.sleep(20).await;
        net.lose();
        assert_eq!(next(&mut client).await, LOST);
        assert_eq!(next(&mut client).await, "attempt 1 after 500 ms");
        assert_eq!(next(&mut client).await, "connected");
        // This one didn't last.
        net.lose();
        assert_eq!(next(&mut client).await, LOST);
        assert_eq!(next(&mut client).await, "attempt 2 after 1000 ms");
        assert_eq!(next(&mut client).await, "connected");
        assert_eq!(net.dialed(), [0, 20_500, 21_500]);
    });
}

#[test]
fn attempts_that_fail_are_repeated_until_none_is_left() {
    Net::new([Fails, Fails, Fails, Fails]).run(|net| async move {
        let mut client = net.client(Backoff::new().attempts(3));
        for (attempt, after) in [(1, 500), (2, 1000), (3, 2000)] {
            let expected = format!("attempt {attempt} after {after} ms, {UNREACHABLE}");
            assert_eq!(next(&mut client).await, expected);
        }
        let expected = format!("gave up: no attempts are left: {UNREACHABLE}");
        assert_eq!(next(&mut client).await, expected);
        assert_eq!(next(&mut client).await, "the end");
        assert_eq!(net.dialed(), [0, 500, 1500, 3500]);
    });
}

#[test]
fn refusal_that_lasts_is_the_end_and_one_that_passes_is_not() {
    let outcomes = [Refuses(503, &[]), Refuses(429, &[("retry-after", "7")]), Refuses(401, &[])];
    Net::new(outcomes).run(|net| async move {
        let mut client = net.client(Backoff::new());
        let refused = "the server refused with status";
        let expected = format!("attempt 1 after 500 ms, {refused} 503");
        assert_eq!(next(&mut client).await, expected);
        let expected = format!("attempt 2 after 8000 ms, {refused} 429");
        assert_eq!(next(&mut client).await, expected);
        let expected = format!("gave up: trying again won't help: {refused} 401");
        assert_eq!(next(&mut client).await, expected);
        assert_eq!(next(&mut client).await, "the end");
    });
}

#[test]
fn retry_after_may_be_a_date() {
    let headers = &[
        ("date", "Sun, 06 Nov 1994 12:00:00 GMT"),
        ("retry-after", "Sun, 06 Nov 1994 12:01:00 GMT"),
    ];
    Net::new([Refuses(503, headers), Opens]).run(|net| async move {
        let mut client = net.client(Backoff::new());
        assert!(next(&mut client).await.starts_with("attempt 1 after 60500 ms"));
        assert_eq!(next(&mut client).await, "connected");
        assert_eq!(net.dialed(), [0, 60_500]);
    });
}

#[test]
fn options_that_are_no_good_are_the_end() {
    for (options, why) in [
        (ClientOptions::new("ftp://server"), "invalid server address"),
        (ClientOptions::new("http://server").path("a b"), "`path` must begin"),
        (ClientOptions::new("http://server").header("a b", ""), "illegal header"),
    ] {
        Net::new([]).run(|net| async move {
            let mut client = ReconnectingClient::new(net.clone(), options, Backoff::new());
            let said = next(&mut client).await;
            let expected = format!("gave up: trying again won't help: {why}");
            assert!(said.starts_with(&expected), "{said}");
            assert_eq!(next(&mut client).await, "the end");
        });
    }
}

#[test]
fn options_are_asked_for_before_each_attempt_which_knows_the_last_refusal() {
    let outcomes = [Refuses(401, &[]), Opens, Fails, Refuses(401, &[]), Refuses(401, &[])];
    Net::new(outcomes).run(|net| async move {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (heard, slow) = (Arc::clone(&asked), net.clone());
        let options = move |attempt: Attempt| {
            let status = attempt.refused.map(|refused| refused.status);
            heard.lock().unwrap().push((attempt.number, status));
            let slow = slow.clone();
            async move {
                slow.sleep(1).await;
                Ok(ClientOptions::new(&format!("http://server-{}", attempt.number)))
            }
        };
        let mut client = ReconnectingClient::with(net.clone(), Backoff::new(), options);
        assert!(next(&mut client).await.starts_with("attempt 1 after"));
        assert_eq!(next(&mut client).await, "connected");
        net.lose();
        assert_eq!(next(&mut client).await, LOST);
        for number in 2..=4 {
            let said = next(&mut client).await;
            assert!(said.starts_with(&format!("attempt {number} after")), "{said}");
        }
        assert!(next(&mut client).await.starts_with("gave up: trying again won't help"));
        let expected = [(0, None), (1, Some(401)), (2, None), (3, None), (4, Some(401))];
        assert_eq!(*asked.lock().unwrap(), expected);
        let hosts: Vec<_> =
            net.0.dialed.lock().unwrap().iter().map(|(_, host)| host.clone()).collect();
        assert_eq!(hosts, [0, 1, 2, 3, 4].map(|number| format!("server-{number}")));
    });
}

#[test]
fn application_that_has_no_options_now_is_asked_again() {
    Net::new([Opens]).run(|net| async move {
        let options = |attempt: Attempt| async move {
            if attempt.number < 2 {
                return Err("no token".into());
            }
            Ok(ClientOptions::new("http://server"))
        };
        let mut client = ReconnectingClient::with(net.clone(), Backoff::new(), options);
        let failed = "the attempt can't be prepared: no token";
        assert_eq!(next(&mut client).await, format!("attempt 1 after 500 ms, {failed}"));
        assert_eq!(next(&mut client).await, format!("attempt 2 after 1000 ms, {failed}"));
        assert_eq!(next(&mut client).await, "connected");
    });
}

#[test]
fn attempt_that_is_asked_for_is_made_at_once_and_delays_begin_again() {
    Net::new([Fails, Fails, Fails, Opens]).run(|net| async move {
        let mut client = net.client(Backoff::new().first(Duration::from_secs(100)));
        client.retry_now(); // It would come at once in any case; should it fail, the next one does.
        let expected = format!("attempt 1 after 0 ms, {UNREACHABLE}");
        assert_eq!(next(&mut client).await, expected);
        assert!(next(&mut client).await.starts_with("attempt 2 after 15000 ms"));
        let sender = client.sender();
        let clock = net.clone();
        let asking = async move {
            clock.sleep(3).await;
            sender.retry_now();
        };
        let (said, ()) = both(next(&mut client), asking).await;
        assert!(said.starts_with("attempt 1 after 15000 ms"), "{said}");
        client.retry_now();
        assert_eq!(next(&mut client).await, "connected");
        assert_eq!(net.dialed(), [0, 0, 3000, 3000]);
        // With a session there is nothing to ask for.
        client.retry_now();
        net.sleep(11).await;
        net.lose();
        assert_eq!(next(&mut client).await, LOST);
        assert_eq!(next(&mut client).await, "attempt 1 after 15000 ms");
    });
}

#[test]
fn close_ends_a_delay_at_once() {
    Net::new([Fails]).run(|net| async move {
        let mut client = net.client(Backoff::new().first(Duration::from_secs(30)));
        assert!(next(&mut client).await.starts_with("attempt 1 after 15000 ms"));
        let (sender, clock) = (client.sender(), net.clone());
        let closing = async move {
            clock.sleep(3).await;
            sender.close();
        };
        let (said, ()) = both(next(&mut client), closing).await;
        assert_eq!(said, "gave up: closed by the application");
        assert_eq!(next(&mut client).await, "the end");
        assert_eq!(net.millis(), 3000);
    });
}

#[test]
fn close_ends_an_attempt_at_once() {
    Net::new([Hangs]).run(|net| async move {
        let mut client = net.client(Backoff::new());
        let (sender, clock) = (client.sender(), net.clone());
        let closing = async move {
            clock.sleep(3).await;
            sender.close();
        };
        let (said, ()) = both(next(&mut client), closing).await;
        assert_eq!(said, "gave up: closed by the application");
        assert_eq!(net.millis(), 3000);
    });
}

#[test]
fn session_of_a_client_that_is_closed_is_the_last_however_it_ends() {
    Net::new([Opens]).run(|net| async move {
        let mut client = net.client(Backoff::new());
        assert_eq!(next(&mut client).await, "connected");
        client.close();
        net.lose();
        assert_eq!(next(&mut client).await, LOST);
        assert_eq!(next(&mut client).await, "gave up: closed by the application");
        assert_eq!(next(&mut client).await, "the end");
    });
}

#[test]
fn session_that_is_closed_alone_is_followed_by_another() {
    Net::new([Opens, Opens]).run(|net| async move {
        let mut client = net.client(Backoff::new());
        assert_eq!(next(&mut client).await, "connected");
        client.session().unwrap().close();
        net.lose();
        assert!(next(&mut client).await.starts_with("lost: "));
        assert_eq!(next(&mut client).await, "attempt 1 after 500 ms");
        assert_eq!(next(&mut client).await, "connected");
    });
}

#[test]
fn what_did_not_leave_is_counted_and_never_sent_in_another_session() {
    Net::new([Opens, Opens]).run(|net| async move {
        let mut client = net.client(Backoff::new());
        assert_eq!(next(&mut client).await, "connected");
        for number in 0..5 {
            client.try_send(format!("{number}")).unwrap();
        }
        // The first ones leave with a POST.
        let post = {
            let mut driver = net.0.driver.lock().unwrap();
            start(&mut driver.as_mut().unwrap().0)
        };
        client.send("late").await.unwrap();
        client.send("later").await.unwrap();
        net.0.driver.lock().unwrap().as_mut().unwrap().0.failed(post, Failure::Gone);
        assert_eq!(next(&mut client).await, "lost: the connection to the server was lost, 2");
        let refused = client.try_send("without a session");
        assert_eq!(refused, Err(SendError::Closed("without a session".into())));
        let waiting = client.send("without a session").await;
        assert_eq!(waiting.unwrap_err().into_outgoing(), Message::from("without a session").into());
        assert_eq!(next(&mut client).await, "attempt 1 after 500 ms");
        assert_eq!(next(&mut client).await, "connected");
        assert_eq!(client.session().unwrap().queued_bytes(), 0);
        client.flush().await;
    });
}

#[test]
fn sender_waits_for_each_session_and_hears_of_the_end() {
    Net::new([Fails, Opens, Opens, Refuses(403, &[])]).run(|net| async move {
        let mut client = net.client(Backoff::new());
        let sender = client.sender();
        assert!(sender.session().is_none());
        let waiting = sender.connected();
        let coming = async {
            assert!(next(&mut client).await.starts_with("attempt 1"));
            assert_eq!(next(&mut client).await, "connected");
        };
        let (session, ()) = both(waiting, coming).await;
        let first = session.unwrap();
        assert_eq!(first.sid().unwrap().as_str(), "S");
        first.try_send("into the first").unwrap();

        // It isn't given out again once it has ended, even before the client has noticed.
        net.lose();
        let waiting = sender.connected();
        let coming = async {
            assert!(next(&mut client).await.starts_with("lost"));
            assert!(next(&mut client).await.starts_with("attempt 2"));
            assert_eq!(next(&mut client).await, "connected");
        };
        let (session, ()) = both(waiting, coming).await;
        let second = session.unwrap();
        second.try_send("into the second").unwrap();
        assert!(matches!(first.try_send("too late"), Err(SendError::Closed(_))));

        net.lose();
        let waiting = sender.connected();
        let coming = async {
            assert!(next(&mut client).await.starts_with("lost"));
            assert!(next(&mut client).await.starts_with("attempt 3"));
            assert!(next(&mut client).await.starts_with("gave up"));
        };
        let (session, ()) = both(waiting, coming).await;
        assert!(session.is_none());
        assert!(sender.connected().await.is_none());
    });
}

#[test]
fn dropped_client_leaves_nothing_and_its_senders_hear_of_it() {
    for outcome in [Opens, Hangs, Fails] {
        let net = Net::new([outcome]);
        net.run(|net| async move {
            let mut client = net.client(Backoff::new());
            let sender = client.sender();
            let waiting = sender.connected();
            let driver = net.clone();
            let coming = async move {
                core::future::poll_fn(|cx| {
                    let _ = client.poll_event(cx);
                    core::task::Poll::Ready(())
                })
                .await;
                drop(client);
                let io = driver.0.driver.lock().unwrap().take();
                drop(io);
            };
            let (session, ()) = both(waiting, coming).await;
            assert!(session.is_none_or(|session| session.try_send("too late").is_err()));
            assert!(sender.connected().await.is_none());
            sender.retry_now();
            sender.close();
        });
        assert_eq!(Arc::strong_count(&net.0), 1, "the attempt is still under way");
    }
}

#[test]
fn reason_of_a_session_is_told_before_the_next_attempt() {
    Net::new([Opens, Opens]).run(|net| async move {
        let mut client = net.client(Backoff::new());
        assert_eq!(next(&mut client).await, "connected");
        net.say("1");
        let event = client.event().await;
        let is_server = |reason: &ClientCloseReason| matches!(reason, ClientCloseReason::Server(_));
        assert!(
            matches!(&event, Some(ReconnectingEvent::Lost { reason, unsent: 0 }) if is_server(reason)),
            "{event:?}"
        );
        assert_eq!(next(&mut client).await, "attempt 1 after 500 ms");
        assert_eq!(next(&mut client).await, "connected");
    });
}

/// Runs both to their ends.
async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (Box::pin(first), Box::pin(second));
    let (mut one, mut other) = (None, None);
    core::future::poll_fn(move |cx| {
        if one.is_none()
            && let core::task::Poll::Ready(output) = first.as_mut().poll(cx)
        {
            one = Some(output);
        }
        if other.is_none()
            && let core::task::Poll::Ready(output) = second.as_mut().poll(cx)
        {
            other = Some(output);
        }
        if one.is_some() && other.is_some() {
            return core::task::Poll::Ready((one.take().unwrap(), other.take().unwrap()));
        }
        core::task::Poll::Pending
    })
    .await
}
