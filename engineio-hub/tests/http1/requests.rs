//! Requests of one connection, one after the other.

use std::sync::Arc;

use crate::client::{Client, HANDSHAKE, get, mirror, post, settings, target, with};
use crate::common::polling::Polling;
use crate::common::world::World;

#[test]
fn session_lives_on_one_connection() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        let open = client.ask(get(HANDSHAKE)).await.expect(200).body;
        let (_, rest) = open.split_once(r#""sid":""#).expect("an identifier");
        let target = target(rest.split('"').next().unwrap());
        assert_eq!(client.ask(post(&target, "4hello")).await.expect(200).body, "ok");
        assert_eq!(client.ask(get(&target)).await.expect(200).body, "4hello");
        assert_eq!(app.log.lines(), ["opened V4 polling"]);
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let target = target(Polling::open(&app).await.sid());
        let client = Client::falling_back(&app, &mirror());
        let all = [&post(&target, "4one"), &get(&target), &get("/other"), &get(&target)];
        client.send(all.map(String::as_str).concat()).await;
        for expected in ["ok", "4one", "GET /other "] {
            assert_eq!(client.answer().await.expect(200).body, expected);
        }
        // Nothing more is there for the last poll.
        app.settle().await;
        assert!(!client.hears_something().await);
    });
}

#[test]
fn request_behind_a_waiting_poll_waits_with_it() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let polling = Polling::open(&app).await;
        let client = Client::falling_back(&app, &mirror());
        client.send(get(&target(polling.sid())) + &get("/behind")).await;
        app.settle().await;
        assert!(!client.hears_something().await);
        polling.send("hello").await;
        assert_eq!(client.answer().await.expect(200).body, "4hello");
        assert_eq!(client.answer().await.expect(200).body, "GET /behind ");
    });
}

#[test]
fn much_behind_a_waiting_poll_is_not_read_yet() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let polling = Polling::open(&app).await;
        let client = Arc::new(Client::narrow(&app, settings(Some(mirror())), 8 << 10));
        let long = get(&format!("/{}", "a".repeat(10_000))).replace("GET", "HEAD");
        let all = get(&target(polling.sid())) + &long.repeat(10);
        let writer = Arc::clone(&client);
        let writing = app.spawn(async move { writer.send(all).await });
        app.settle().await;
        assert!(!writing.is_done());
        polling.send("hello").await;
        assert_eq!(client.answer().await.expect(200).body, "4hello");
        for _ in 0..10 {
            client.head().await.expect(200);
        }
        assert!(writing.is_done());
    });
}

#[test]
fn client_that_leaves_its_poll_is_noticed() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let polling = Polling::open(&app).await;
        let client = Client::connect(&app);
        client.send(get(&target(polling.sid()))).await;
        app.settle().await;
        client.end.reset();
        app.settle().await;
        assert!(client.is_closed());
        // Were it still there, another poll would end the session.
        let poll = polling.get();
        app.settle().await;
        polling.send("hello").await;
        assert_eq!(poll.response().await.body(), "4hello");
    });
}

#[test]
fn client_that_has_ended_its_side_gets_the_answers_that_are_ready_and_no_reset() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let target = target(Polling::open(&app).await.sid());
        let client = Client::falling_back(&app, &mirror());
        client.send(get("/") + &get(&target)).await;
        client.end.shutdown();
        assert_eq!(client.answer().await.expect(200).body, "GET / ");
        assert_eq!(client.rest().await, "");
    });
}

#[test]
fn connection_ends_after_an_answer_if_its_client_says_so_or_speaks_http_1_0() {
    let closing = with(&get("/"), "Connection: keep-alive, Close");
    let old = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_owned();
    for request in [closing, old] {
        let world = World::new();
        let app = world.clone();
        world.run(async move {
            let client = Client::falling_back(&app, &mirror());
            // What is behind it is read, and ignored.
            client.send(request + &get("/behind")).await;
            assert_eq!(client.answer().await.expect_last(200).body, "GET / ");
            assert_eq!(client.rest().await, "");
            client.end.shutdown();
            app.settle().await;
            assert!(client.is_closed());
        });
    }
}

#[test]
fn answer_to_head_has_the_length_of_a_body_and_none() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::falling_back(&app, &mirror());
        client.send(get("/").replace("GET", "HEAD") + &get("/behind")).await;
        let answer = client.head().await.expect(200);
        assert_eq!(answer.header("content-length"), Some("7"));
        assert_eq!(client.answer().await.expect(200).body, "GET /behind ");
    });
}
