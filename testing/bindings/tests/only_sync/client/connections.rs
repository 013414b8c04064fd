//! Which connections the requests of a client take.

use std::sync::atomic::{AtomicBool, Ordering};

use peer::script::{Answer, Script, Seen};

use super::connected;
use crate::engineio::{ClientCloseReason, Transport};
use crate::suite::client::{OPEN, client_of};

/// What a server of its own kind says to this client; polls wait.
fn polite(kind: &str) -> Answer {
    match kind {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    }
}

#[tokio::test]
async fn connection_that_had_its_answer_is_used_again() {
    let server = Script::new(|request| polite(request.kind()));
    let client = connected(client_of(&server));
    let open = server.request().await;
    let poll = server.request_for("poll").await;
    assert_eq!((open.connection, poll.connection), (0, 0));
    for number in 0..10 {
        client.send(number.to_string()).expect("an open session");
        client.flush();
        let post = server.request_for("post").await;
        assert_eq!((post.body, post.connection), (format!("4{number}"), 1));
    }
}

#[tokio::test]
async fn connection_that_the_server_ends_after_each_answer_is_not_used_again() {
    let server = Script::new(|request| match polite(request.kind()) {
        Answer::Whole(status, _, body) => Answer::Whole(status, "Connection: close\r\n", body),
        other => other,
    });
    let client = connected(client_of(&server));
    let _poll = server.request_for("poll").await;
    for number in 2..5 {
        client.send("hello").expect("an open session");
        assert_eq!(server.request_for("post").await.connection, number);
    }
}

#[tokio::test]
async fn poll_into_a_connection_that_ends_just_then_is_made_once_more() {
    let server = Script::new(|request| match request.kind() {
        // The end instead of an answer.
        "poll" if request.connection == 0 => Answer::raw(""),
        kind => polite(kind),
    });
    let client = connected(client_of(&server).transports([Transport::Polling]));
    assert_eq!(server.request_for("poll").await.connection, 0);
    assert_eq!(server.request_for("poll").await.connection, 1);
    assert_eq!(client.close_reason(), None);
}

#[tokio::test]
async fn poll_over_a_new_connection_is_not_made_again() {
    let server = Script::new(|request| match request.kind() {
        "poll" => Answer::raw(""),
        kind => polite(kind),
    });
    let client = connected(client_of(&server).transports([Transport::Polling]));
    assert_eq!(client.closed(), ClientCloseReason::TransportLost);
    assert_eq!(server.request_for("poll").await.connection, 0);
    assert_eq!(server.request_for("poll").await.connection, 1);
}

#[tokio::test]
async fn post_is_never_made_twice() {
    let is_second = AtomicBool::new(false);
    let server = Script::new(move |request| match request.kind() {
        "post" if is_second.swap(true, Ordering::Relaxed) => Answer::raw(""),
        kind => polite(kind),
    });
    let client = connected(client_of(&server));
    server.request_for("poll").await;
    client.send("first").expect("an open session");
    client.flush();
    assert_eq!(server.request_for("post").await.body, "4first");
    client.send("second").expect("an open session");
    assert_eq!(client.closed(), ClientCloseReason::TransportLost);
    assert_eq!(server.request_for("post").await.body, "4second");
    drop(client);
    // Nothing comes any more but the end of the connection that polled.
    let next = server.next().await;
    assert!(matches!(next, Seen::End), "{next:?}");
}
