//! Which connections the requests of a client take.

use std::sync::atomic::{AtomicBool, Ordering};

use engineio_sync::{ClientCloseReason, Transport};

use super::script::{Answer, Script, Seen};
use super::{OPEN, connected};

/// What a server of its own kind says to this client; polls wait.
fn polite(kind: &str) -> Answer {
    match kind {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    }
}

#[test]
fn connection_that_had_its_answer_is_used_again() {
    let server = Script::new(|request| polite(request.kind()));
    let client = connected(server.client());
    let open = server.request();
    let poll = server.request_for("poll");
    assert_eq!((open.connection, poll.connection), (0, 0));
    for number in 0..10 {
        client.send(number.to_string()).expect("an open session");
        client.flush();
        let post = server.request_for("post");
        assert_eq!((post.body, post.connection), (format!("4{number}"), 1));
    }
}

#[test]
fn connection_that_the_server_ends_after_each_answer_is_not_used_again() {
    let server = Script::new(|request| match polite(request.kind()) {
        Answer::Whole(status, _, body) => Answer::Whole(status, "Connection: close\r\n", body),
        other => other,
    });
    let client = connected(server.client());
    let _poll = server.request_for("poll");
    for number in 2..5 {
        client.send("hello").expect("an open session");
        assert_eq!(server.request_for("post").connection, number);
    }
}

#[test]
fn poll_into_a_connection_that_ends_just_then_is_made_once_more() {
    let server = Script::new(|request| match request.kind() {
        // The end instead of an answer.
        "poll" if request.connection == 0 => Answer::raw(""),
        kind => polite(kind),
    });
    let client = connected(server.client().transports([Transport::Polling]));
    assert_eq!(server.request_for("poll").connection, 0);
    assert_eq!(server.request_for("poll").connection, 1);
    assert_eq!(client.close_reason(), None);
}

#[test]
fn poll_over_a_new_connection_is_not_made_again() {
    let server = Script::new(|request| match request.kind() {
        "poll" => Answer::raw(""),
        kind => polite(kind),
    });
    let client = connected(server.client().transports([Transport::Polling]));
    assert_eq!(client.closed(), ClientCloseReason::TransportLost);
    assert_eq!(server.request_for("poll").connection, 0);
    assert_eq!(server.request_for("poll").connection, 1);
}

#[test]
fn post_is_never_made_twice() {
    let is_second = AtomicBool::new(false);
    let server = Script::new(move |request| match request.kind() {
        "post" if is_second.swap(true, Ordering::Relaxed) => Answer::raw(""),
        kind => polite(kind),
    });
    let client = connected(server.client());
    server.request_for("poll");
    client.send("first").expect("an open session");
    client.flush();
    assert_eq!(server.request_for("post").body, "4first");
    client.send("second").expect("an open session");
    assert_eq!(client.closed(), ClientCloseReason::TransportLost);
    assert_eq!(server.request_for("post").body, "4second");
    drop(client);
    // Nothing comes any more but the end of the connection that polled.
    let next = server.next();
    assert!(matches!(next, Seen::End), "{next:?}");
}
