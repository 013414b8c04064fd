//! Bodies of requests.

use std::time::Duration;

use crate::client::{Client, HANDSHAKE, get, mirror, post, post_chunked, target, with};
use crate::common::polling::Polling;
use crate::common::world::World;

const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A request's head, and its body.
fn halves(request: &str) -> (String, String) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    (format!("{head}\r\n\r\n"), body.to_owned())
}

#[test]
fn client_that_asks_before_it_sends_its_body_is_told_to_continue() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let target = target(Polling::open(&app).await.sid());
        let client = Client::falling_back(&app, &mirror());
        for (target, expected) in [(target.as_str(), "ok"), ("/other", "POST /other 4hello")] {
            let request = with(&post(target, "4hello"), "Expect: 100-continue");
            let (head, body) = halves(&request);
            client.send(head).await;
            assert_eq!(client.answer().await.status(), 100);
            assert_eq!(client.ask(body).await.expect(200).body, expected);
            // Whoever doesn't wait needn't be told.
            assert_eq!(client.ask(request).await.expect(200).body, expected);
        }
    });
}

#[test]
fn client_that_asks_first_is_refused_before_it_sends_too_much() {
    let world = World::with(|config| config.max_payload(1000));
    world.echo();
    let app = world.clone();
    world.run(async move {
        let target = target(Polling::open(&app).await.sid());
        for (target, length) in [(target.as_str(), 1001), ("/other", (64 << 10) + 1)] {
            let request = with(&post(target, &"4".repeat(length)), "Expect: 100-continue");
            let client = Client::falling_back(&app, &mirror());
            client.ask(halves(&request).0).await.expect_last(413);
            assert_eq!(client.rest().await, "");
        }
        // The session goes on.
        Client::connect(&app).ask(post(&target, "4hello")).await.expect(200);
    });
}

#[test]
fn body_that_is_too_long_is_413_and_nothing_behind_is_a_request() {
    let world = World::with(|config| config.max_payload(1000));
    world.echo();
    let app = world.clone();
    world.run(async move {
        let long = get(HANDSHAKE).repeat(2000);
        for in_chunks in [false, true] {
            let chunks = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
            let request =
                if in_chunks { post_chunked("/other", &chunks) } else { post("/other", &long) };
            let client = Client::falling_back(&app, &mirror());
            client.send(request).await;
            client.answer().await.expect_last(413);
            assert_eq!(client.rest().await, "");
        }
        assert!(app.hub.sessions().is_empty());
    });
}

#[test]
fn answer_that_is_known_early_waits_for_the_end_of_the_body() {
    let world = World::with(|config| config.max_payload(1000));
    let app = world.clone();
    world.run(async move {
        let client = Client::falling_back(&app, &mirror());
        let (head, body) = halves(&post(&target("unknown"), &"4".repeat(100_000)));
        let (first, last) = body.split_at(99_999);
        client.send(head + first).await;
        app.settle().await;
        assert!(!client.hears_something().await);
        client.ask(last).await.expect(400);
        assert_eq!(client.ask(get("/next")).await.expect(200).body, "GET /next ");
    });
}

#[test]
fn answer_waits_no_longer_than_the_body_may_take() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        client.send(halves(&post(&target("unknown"), "4hello")).0).await;
        client.answer().await.expect_last(400);
        assert_eq!(app.elapsed(), BODY_TIMEOUT);
    });
}

#[test]
fn body_that_takes_too_long_is_408() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let target = target(Polling::open(&app).await.sid());
        for target in [target.as_str(), "/other"] {
            let began = app.elapsed();
            let client = Client::falling_back(&app, &mirror());
            client.send(halves(&post(target, "4hello")).0 + "4hell").await;
            client.answer().await.expect_last(408);
            assert_eq!(app.elapsed() - began, BODY_TIMEOUT);
        }
        assert!(app.hub.sessions().is_empty());
    });
}

#[test]
fn broken_chunk_is_400_and_ends_its_session() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let target = target(Polling::open(&app).await.sid());
        let client = Client::connect(&app);
        client.send(post_chunked(&target, "5\r\n4hello\r\n0\r\n\r\n") + &get(HANDSHAKE)).await;
        client.answer().await.expect_last(400);
        assert_eq!(client.rest().await, "");
        assert!(app.hub.sessions().is_empty());
    });
}
