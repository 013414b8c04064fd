//! Connections of a server that stops.

use std::time::Duration;

use crate::client::{Client, get, mirror, target};
use crate::common::polling::Polling;
use crate::common::world::World;

#[test]
fn idle_connection_ends_at_once() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let new = Client::connect(&app);
        let used = Client::falling_back(&app, &mirror());
        used.ask(get("/")).await.expect(200);
        for client in [new, used] {
            client.stop();
            assert_eq!(client.rest().await, "");
            assert!(client.is_closed());
        }
        assert_eq!(app.elapsed(), Duration::ZERO);
    });
}

#[test]
fn answer_to_a_poll_that_waited_is_the_last() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let polling = Polling::open(&app).await;
        let client = Client::connect(&app);
        client.send(get(&target(polling.sid()))).await;
        app.settle().await;
        client.stop();
        app.settle().await;
        let now = app.elapsed();
        polling.send("hello").await;
        assert_eq!(client.answer().await.expect_last(200).body, "4hello");
        assert_eq!(client.rest().await, "");
        assert!(client.is_closed());
        assert_eq!(app.elapsed(), now);
    });
}

#[test]
fn request_that_has_begun_is_answered() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::falling_back(&app, &mirror());
        let request = get("/last");
        let (first, last) = request.split_at(20);
        client.send(first).await;
        app.settle().await;
        client.stop();
        app.settle().await;
        client.send(last).await;
        assert_eq!(client.answer().await.expect_last(200).body, "GET /last ");
        assert_eq!(client.rest().await, "");
    });
}

#[test]
fn head_that_has_begun_has_linger_left() {
    let world = World::with(|config| config.linger(Duration::from_secs(1)));
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        client.send("GET /").await;
        app.settle().await;
        let now = app.elapsed();
        client.stop();
        client.answer().await.expect_last(408);
        assert_eq!(app.elapsed() - now, Duration::from_secs(1));
    });
}

#[test]
fn request_that_is_there_when_the_server_stops_is_answered() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::falling_back(&app, &mirror());
        client.ask(get("/")).await.expect(200);
        client.stop();
        client.send(get("/last")).await;
        assert_eq!(client.answer().await.expect_last(200).body, "GET /last ");
        assert_eq!(client.rest().await, "");
    });
}
