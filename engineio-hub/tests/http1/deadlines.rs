//! What a connection waits for, and how long.

use std::time::Duration;

use crate::client::{
    Client, HEAD_TIMEOUT, IDLE_TIMEOUT, count, get, mirror, post, settings, target, with,
};
use crate::common::polling::Polling;
use crate::common::world::World;

/// `config.linger()` by default.
const LINGER: Duration = Duration::from_secs(5);

#[test]
fn silent_connection_ends_without_an_answer() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        assert_eq!(client.rest().await, "");
        assert_eq!(app.elapsed(), HEAD_TIMEOUT);
        assert_eq!(app.log.refusals(), [""; 0]);
    });
}

#[test]
fn head_that_takes_too_long_is_408_and_the_observer_is_told() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::falling_back(&app, &mirror());
        client.ask(get("/")).await.expect(200);
        app.sleep(IDLE_TIMEOUT - Duration::from_secs(1)).await;
        let began = app.elapsed();
        client.send("GET /").await;
        app.sleep(HEAD_TIMEOUT - Duration::from_secs(1)).await;
        // More of it gives it no more time.
        client.send("more HTTP/1.1\r\n").await;
        client.answer().await.expect_last(408);
        assert_eq!(app.elapsed() - began, HEAD_TIMEOUT);
        assert_eq!(client.rest().await, "");
        assert_eq!(app.log.refusals(), ["warn   192.0.2.1 slow_head"]);
    });
}

#[test]
fn connection_may_be_idle_between_requests() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::falling_back(&app, &mirror());
        for _ in 0..3 {
            app.sleep(HEAD_TIMEOUT - Duration::from_secs(1)).await;
            client.ask(get("/")).await.expect(200);
        }
        app.sleep(IDLE_TIMEOUT - Duration::from_secs(1)).await;
        client.ask(get("/")).await.expect(200);
        let began = app.elapsed();
        assert_eq!(client.rest().await, "");
        assert_eq!(app.elapsed() - began, IDLE_TIMEOUT);
    });
}

#[test]
fn empty_line_behind_a_request_begins_no_head() {
    for pieces in [["\r\n", "\r\n"], ["\r", "\n"]] {
        let world = World::new();
        let app = world.clone();
        world.run(async move {
            let client = Client::falling_back(&app, &mirror());
            client.ask(get("/")).await.expect(200);
            let began = app.elapsed();
            for piece in pieces {
                client.send(piece).await;
                app.settle().await;
            }
            assert_eq!(client.rest().await, "");
            assert_eq!(app.elapsed() - began, IDLE_TIMEOUT);
        });
    }
}

#[test]
fn waiting_poll_has_no_deadline_of_its_connection() {
    let world = World::with(|config| config.ping_interval(Duration::from_secs(600)));
    world.echo();
    let app = world.clone();
    world.run(async move {
        let target = target(Polling::open(&app).await.sid());
        let client = Client::connect(&app);
        client.send(get(&target)).await;
        app.settle().await;
        let polls = client.polls();
        assert_eq!(client.answer().await.expect(200).body, "2");
        assert_eq!(app.elapsed(), Duration::from_secs(600));
        assert_eq!(client.polls(), polls + 1);
    });
}

#[test]
fn refused_connection_is_read_up_to_its_end_but_not_for_long() {
    for leaves in [true, false] {
        let world = World::new();
        let app = world.clone();
        world.run(async move {
            let client = Client::connect(&app);
            client.send("no HTTP\r\n\r\n").await;
            client.answer().await.expect_last(400);
            assert_eq!(client.rest().await, "");
            app.sleep(LINGER - Duration::from_secs(1)).await;
            assert!(!client.is_closed());
            client.send(get("/")).await;
            if leaves {
                client.end.shutdown();
            } else {
                app.sleep(Duration::from_secs(1)).await;
            }
            app.settle().await;
            assert!(client.is_closed());
        });
    }
}

#[test]
fn refused_connection_is_not_read_without_end() {
    let world = World::with(|config| config.max_payload(1000));
    let app = world.clone();
    world.run(async move {
        let client = Client::connect(&app);
        client.send("no HTTP\r\n\r\n").await;
        client.answer().await.expect_last(400);
        client.send([0; 16 << 10]).await;
        app.settle().await;
        assert!(client.is_closed());
    });
}

/// Its client takes nothing, and a deadline passes meanwhile: the binding would be woken for ever.
#[test]
fn connection_that_can_not_write_has_no_deadline() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let client = Client::narrow(&app, settings(Some(mirror())), 200);
        let asking = with(&post("/other", "body"), "Expect: 100-continue");
        let (head, body) = asking.split_once("body").unwrap();
        // The first answer leaves no room for a whole `100 Continue`.
        client.send(get(&format!("/{}", "a".repeat(100)))).await;
        client.send(head).await;
        app.sleep(Duration::from_secs(60)).await;
        client.answer().await.expect(200);
        assert_eq!(client.answer().await.status(), 100);
        client.send(body).await;
        client.answer().await.expect_last(408);
        assert_eq!(count(&client.rest().await), 0);
    });
}
