//! A driver that has no memory for what comes.

mod common;

use common::{ConnId, Scene, scenario};
use engineio_proto::ServerCloseReason;
use engineio_proto::server::{RefusalCause, Transmit};

fn refused(scene: &mut Scene, conn: ConnId) -> (RefusalCause, u16, Option<String>) {
    let Some(Transmit::Refuse(refusal)) = scene.session.poll_transmit(conn) else {
        panic!("no refusal");
    };
    let cause = refusal.cause().clone();
    let response = refusal.response();
    let retry = response.headers.iter().find(|(name, _)| *name == "retry-after");
    let retry = retry.map(|(_, value)| value.to_owned());
    (cause, response.status, retry)
}

#[test]
fn refused_body_is_503_with_retry_after_and_the_session_goes_on() {
    let mut scene = scenario().polling().followed();
    let conn = scene.begin_post();
    scene.session.refuse_body(scene.time(), conn, 7);
    let told = refused(&mut scene, conn);
    assert_eq!(told, (RefusalCause::Memory(7), 503, Some("7".into())));
    scene.body(conn, "4late");
    assert_eq!(scene.events(), "");
    let conn = scene.post(&["4next"]);
    assert_eq!(scene.events(), "next");
    assert_eq!(scene.pull(conn), "200 ok");
}

#[test]
fn body_that_is_there_is_not_refused_any_more() {
    let mut scene = scenario().polling().followed();
    let conn = scene.post(&["4hello"]);
    scene.session.refuse_body(scene.time(), conn, 7);
    scene.session.refuse_body(scene.time(), ConnId(99), 7);
    assert_eq!(scene.pull(conn), "200 ok");
}

#[test]
fn session_that_is_shed_loses_what_waits_and_its_peer_hears_why() {
    let mut scene = scenario().polling().followed();
    scene.post(&["4unread"]);
    scene.events();
    scene.post(&["4unread"]);
    scene.send("unsent");
    let conn = scene.begin_post();
    scene.session.shed(scene.time(), 7);
    assert_eq!(refused(&mut scene, conn).1, 503);
    assert_eq!(scene.session.close_reason(), Some(&ServerCloseReason::Overloaded));
    assert_eq!((scene.session.unread_bytes(), scene.session.queued_bytes()), (0, 0));
    assert_eq!(scene.events(), "closed Overloaded");
    scene.session.shed(scene.time(), 7);
    assert_eq!(scene.events(), "");
}

#[test]
fn websocket_that_is_shed_is_hung_up() {
    let mut scene = scenario().websocket();
    scene.session.shed(scene.time(), 7);
    assert_eq!(scene.pull(scene.conn("w1")), "hangup 1008");
}

#[test]
fn while_input_is_held_nothing_is_wanted_and_the_pong_is_not_missed() {
    let mut scene = scenario().v4().websocket();
    let conn = scene.conn("w1");
    scene.run_until(25_000);
    assert_eq!(scene.pull(conn), "2");
    scene.session.hold_input(scene.time(), true);
    assert!(!scene.session.wants_input(conn));
    assert!(scene.session.wants_input(ConnId(99)), "others are not this session's");
    scene.run_until(60_000);
    scene.session.hold_input(scene.time(), false);
    assert!(scene.session.wants_input(conn));
    assert!(!scene.session.is_closed());
    scene.run_until(79_999);
    assert!(!scene.session.is_closed());
    scene.run_until(80_000);
    assert_eq!(scene.session.close_reason(), Some(&ServerCloseReason::PingTimeout));
}
