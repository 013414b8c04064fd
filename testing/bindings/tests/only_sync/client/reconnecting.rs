//! A client that connects again: the waits that only threads have.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use engineio_sync::{
    Backoff, GaveUp, ReconnectingEvent, RecvTimeoutError, TryRecvError, reconnecting,
};
use peer::script::{Answer, Script};

use crate::suite::client::{OPEN, client_of};

/// A delay in which a test would be stuck.
fn long() -> Backoff {
    let hours = Duration::from_secs(1000 * 3600);
    Backoff::new().first(hours).longest(hours)
}

#[tokio::test]
async fn events_are_waited_for_without_limit_with_one_and_not_at_all() {
    let (go, wait) = channel();
    let wait = Mutex::new(wait);
    let server = Script::new(move |request| match request.kind() {
        "open" => {
            wait.lock().expect("no panic").recv().expect("a word");
            Answer::ok(OPEN)
        }
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    });
    let mut client = reconnecting(client_of(&server), Backoff::new());
    assert_eq!(client.try_event().err(), Some(TryRecvError::Empty));
    go.send(()).expect("a server");
    let connected = client.event_timeout(Duration::from_secs(40));
    assert!(matches!(connected, Ok(ReconnectingEvent::Connected)), "{connected:?}");
    let nothing = client.event_timeout(Duration::from_millis(5));
    assert_eq!(nothing.err(), Some(RecvTimeoutError::TimedOut));
    client.close();
    let rest: Vec<_> = client.events().collect();
    assert!(
        matches!(
            rest[..],
            [ReconnectingEvent::Lost { .. }, ReconnectingEvent::GaveUp(GaveUp::Closed)]
        ),
        "{rest:?}"
    );
    assert_eq!(client.try_event().err(), Some(TryRecvError::Closed));
    let end = client.event_timeout(Duration::from_secs(40));
    assert_eq!(end.err(), Some(RecvTimeoutError::Closed));
}

#[tokio::test]
async fn delay_that_is_longer_than_a_wait_goes_on_in_the_next() {
    let server = Script::new(|_| Answer::Whole(503, "", String::new()));
    let mut client = reconnecting(client_of(&server), long());
    let retry = client.event();
    assert!(matches!(retry, Some(ReconnectingEvent::Retry { .. })), "{retry:?}");
    for _ in 0..3 {
        let nothing = client.event_timeout(Duration::from_millis(2));
        assert_eq!(nothing.err(), Some(RecvTimeoutError::TimedOut));
    }
    client.retry_now();
    let retry = client.event_timeout(Duration::from_secs(40));
    assert!(matches!(retry, Ok(ReconnectingEvent::Retry { attempt: 1, .. })), "{retry:?}");
}
