//! Requests that a proxy could read differently, and others that can't be understood. The long list
//! is among the tests of the bindings.

use std::time::Duration;

use crate::client::{Client, HANDSHAKE, get, post, with};
use crate::common::world::World;

/// Refused with this status, and nothing behind it is a request. Gives what the observer was told.
fn refused(request: &str, status: u16) -> Vec<String> {
    let world = World::new();
    world.echo();
    let (app, request) = (world.clone(), request.to_owned());
    world.run(async move {
        let client = Client::connect(&app);
        client.send(request + &get(HANDSHAKE)).await;
        client.answer().await.expect_last(status);
        assert_eq!(client.rest().await, "");
        client.end.shutdown();
        app.settle().await;
        assert!(client.is_closed());
        assert_eq!(app.log.count("opened"), 0);
    });
    world.log.refusals()
}

#[test]
fn request_that_could_be_read_in_two_ways_is_refused_with_all_behind_it() {
    let both = with(&post(HANDSHAKE, "0\r\n\r\n"), "Transfer-Encoding: chunked");
    let other_coding = both.replace("Content-Length: 5\r\n", "").replace("chunked", "xchunked");
    for request in [
        both,
        other_coding,
        with(&post(HANDSHAKE, "4hello"), "Content-Length: 6"),
        with(&get(HANDSHAKE), "Content-Length: +1"),
        with(&get(HANDSHAKE), "Host: b.test"),
        with(&get(HANDSHAKE), "X : y"),
        with(&get(HANDSHAKE), "X: y\r\n folded"),
        with(&get(HANDSHAKE), "X: y\nContent-Length: 100"),
        with(&get(HANDSHAKE), "no colon"),
        get(HANDSHAKE).replace("Host: a.test\r\n", ""),
    ] {
        let told = ["warn   192.0.2.1 malformed_head"];
        assert_eq!(refused(&request, 400), told, "{request:?}");
    }
}

#[test]
fn head_that_is_too_long_or_has_too_many_headers_is_431() {
    let told = ["warn   192.0.2.1 head_too_large"];
    let long = format!("X: {}", "y".repeat(16 << 10));
    assert_eq!(refused(&with(&get(HANDSHAKE), &long), 431), told);
    let many = ["X: y"; 100].join("\r\n");
    assert_eq!(refused(&with(&get(HANDSHAKE), &many), 431), told);
}

#[test]
fn tls_is_refused_by_its_first_byte() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        client.ask(b"\x16").await.expect_last(400);
        assert_eq!(app.elapsed(), Duration::ZERO);
    });
}
