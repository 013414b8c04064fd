//! Handshakes that a login decides about as they come.

use std::time::Duration;

use crate::common::world::{World, request};

const POLLING: &str = "EIO=4&transport=polling";

#[test]
fn request_that_is_dropped_before_its_answer_leaves_no_session() {
    let world = World::new();
    let _events = world.hub.events_with(|_| Ok(1));
    let (head, ()) = request("GET", POLLING).body(()).unwrap().into_parts();
    drop(world.hub.admit(&head).unwrap());
    assert!(world.hub.sessions().is_empty());
    assert_eq!(world.log.lines(), ["opened V4 polling", "closed TransportLost"]);
}

#[test]
fn server_that_closes_while_a_login_decides_opens_no_session() {
    let world = World::new();
    let hub = world.hub.downgrade();
    let _events = world.hub.events_with(move |_| {
        hub.upgrade().unwrap().close(Duration::from_secs(1));
        Ok(1)
    });
    let app = world.clone();
    world.run(async move {
        let answer = app.get(POLLING).response().await;
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
    });
    assert_eq!(world.log.count("opened"), 0);
}

#[test]
fn session_begins_when_the_login_has_decided() {
    let world = World::with(|config| config.ping_interval(Duration::from_secs(25)));
    let time = world.time.clone();
    let _events = world.hub.events_with(move |_| {
        time.pass(Duration::from_secs(60));
        Ok(1)
    });
    let app = world.clone();
    world.run(async move {
        assert_eq!(app.get(POLLING).response().await.status(), 200);
        app.settle().await;
        assert_eq!(app.hub.sessions().len(), 1);
    });
}
