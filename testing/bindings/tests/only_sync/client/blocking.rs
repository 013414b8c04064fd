//! Handles that wait for so long at most, or not at all.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use peer::LIMIT;
use peer::script::{Answer, Script};

use super::connected;
use crate::engineio::{RecvTimeoutError, TryRecvError};
use crate::suite::client::{OPEN, client_of};

/// A server whose polls are answered with what is sent here.
fn polled() -> (Script, Sender<&'static str>) {
    let (send, queue) = channel();
    let queue = Mutex::new(queue);
    let server = Script::new(move |request| match request.kind() {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => match queue.lock().expect("no panic").recv() {
            Ok(payload) => Answer::ok(payload),
            Err(_) => Answer::Silence,
        },
    });
    (server, send)
}

#[test]
fn nothing_in_time_is_told_from_the_end() {
    let (server, send) = polled();
    let mut client = connected(client_of(&server));
    assert_eq!(client.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(client.recv_timeout(Duration::from_millis(20)), Err(RecvTimeoutError::TimedOut));
    assert_eq!(client.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::TimedOut));

    send.send("4here\x1e4now").expect("a server");
    assert_eq!(client.recv_timeout(Duration::MAX), Ok("here".into()));
    assert_eq!(client.try_recv(), Ok("now".into()));
    assert_eq!(client.try_recv(), Err(TryRecvError::Empty));

    send.send("1").expect("a server");
    assert_eq!(client.recv_timeout(LIMIT), Err(RecvTimeoutError::Closed));
    assert_eq!(client.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(client.recv(), None);
    assert_eq!(client.messages().next(), None);
    assert_eq!(client.event(), None);
}
