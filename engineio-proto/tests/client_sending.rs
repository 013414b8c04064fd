//! What the client's `send` takes and what it gives back.

mod common;

use common::{ClientScenario, Message, Outgoing, REVISIONS, client};
use engineio_proto::SendError;

fn kilobyte() -> String {
    "x".repeat(1_000)
}

/// Full at two messages of a kilobyte, empty enough at one.
fn small_outbox() -> ClientScenario {
    client().config(|config| config.outbox_high_water(2_000).outbox_low_water(1_500))
}

#[test]
fn message_is_too_large_from_the_byte_on_that_the_server_refuses() {
    // What 100 bytes leave for the message itself: `4`; `b` and base64; in revision 3
    // `100:4`, or a marker, three digits, 0xff and a type.
    let polling: fn(ClientScenario) -> common::ClientScene = ClientScenario::polling;
    let websocket: fn(ClientScenario) -> common::ClientScene = ClientScenario::websocket;
    let moved: fn(ClientScenario) -> common::ClientScene = ClientScenario::moved;
    let [v3, v4] = REVISIONS;
    for (revision, state, is_binary, longest) in [
        (v4, polling, false, 99),
        (v4, polling, true, 72),
        (v4, websocket, false, 99),
        (v4, websocket, true, 100),
        (v4, moved, true, 100),
        (v3, polling, false, 96),
        (v3, polling, true, 95),
        (v3, websocket, false, 99),
        (v3, websocket, true, 99),
        (v3, moved, false, 99),
    ] {
        let message = |length: usize| -> Message {
            if is_binary { vec![7; length].into() } else { "x".repeat(length).into() }
        };
        let mut scene = state(client().revision(revision).max_payload(100));
        let what = format!("{revision:?} binary: {is_binary}");
        let error = scene.session.send(message(longest + 1)).expect_err(&what);
        let outgoing = message(longest + 1).into();
        assert_eq!(error, SendError::TooLarge(outgoing, 100), "{what}");
        scene.send(message(longest));
    }
}

#[test]
fn text_is_measured_in_bytes() {
    let mut scene = client().max_payload(100).polling();
    assert!(scene.session.send("é".repeat(50)).is_err());
    scene.send("é".repeat(49));
    scene.outcome();
    assert_eq!(scene.body("p1").0.len(), 99);
}

#[test]
fn server_that_tells_no_limit_is_sent_anything() {
    let mut scene = client().max_payload(None).polling();
    scene.send("x".repeat(2_000_000));
    assert!(scene.outcome().starts_with("POST p1 4xxx"));
}

#[test]
fn before_the_handshake_the_limit_is_not_known() {
    let mut scene = client().max_payload(100).opening();
    scene.send(kilobyte());
    scene.answer("g1", &[&scene.open_packet("")]);
    assert!(scene.outcome().starts_with("POST p1 4xxx"), "the server will say so");
    scene.refuse("p1", 413, "");
    assert_eq!(scene.outcome(), "g2: hangup 1000 | closed Refused 413 | over");
}

#[test]
fn of_a_batch_with_one_message_too_large_nothing_is_sent() {
    let mut scene = client().max_payload(100).polling();
    let batch = || Outgoing::batch(["a".into(), kilobyte().into()]);
    let error = scene.session.send(batch()).expect_err("too large");
    assert_eq!(error.into_outgoing(), batch());
    assert_eq!(scene.outcome(), "polling");
}

#[test]
fn full_outbox_refuses_until_it_has_sunk_to_the_low_mark() {
    let mut scene = small_outbox().websocket();
    let conn = scene.conn("w1");
    scene.send(kilobyte());
    assert!(scene.session.is_writable());
    scene.send(kilobyte());
    assert!(!scene.session.is_writable());
    assert_eq!(scene.session.send("a"), Err(SendError::Full("a".into())));
    assert_eq!(scene.session.send(Outgoing::from("a").volatile()), Ok(2), "dropped");
    scene.session.poll_transmit(conn).expect("a frame");
    assert!(scene.session.is_writable(), "one kilobyte waits");
    assert_eq!(scene.session.send("a"), Ok(3));
}

#[test]
fn before_the_session_is_open_the_outbox_has_its_mark_too() {
    let mut scene = small_outbox().opening();
    scene.send(kilobyte());
    scene.send(kilobyte());
    assert!(matches!(scene.session.send("a"), Err(SendError::Full(_))));
    scene.answer("g1", &[&scene.open_packet("")]);
    assert!(scene.start().is_some_and(|post| post.starts_with("POST")));
    assert!(scene.session.is_writable());
}

#[test]
fn only_the_newest_message_of_a_key_leaves() {
    let mut scene = client().polling().posting();
    for text in ["1", "2", "3"] {
        scene.send(Outgoing::from(text).keep_latest(7));
    }
    scene.ok("p1");
    assert_eq!(scene.outcome(), "POST p2 43 | polling");
}

#[test]
fn message_has_left_when_a_request_or_a_websocket_took_it() {
    for state in [ClientScenario::polling, ClientScenario::websocket] {
        let mut scene = state(client());
        assert_eq!((scene.send("a"), scene.send("b")), (1, 2));
        assert_eq!((scene.session.accepted(), scene.session.handed_over()), (2, 0));
        assert!(scene.session.queued_bytes() > 0);
        scene.outcome();
        assert_eq!(scene.session.handed_over(), 2);
        assert_eq!(scene.session.queued_bytes(), 0);
    }
}

#[test]
fn session_that_is_over_gives_messages_back() {
    for mut scene in [client().polling().closed(), client().opening().closed()] {
        assert_eq!(scene.session.send("a"), Err(SendError::Closed("a".into())));
        assert!(!scene.session.is_writable());
    }
}

#[test]
fn empty_text_is_a_message() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).polling();
        scene.send("");
        assert_eq!(scene.outcome(), "POST p1 4 | polling");
        let mut scene = client().revision(revision).websocket();
        scene.send("");
        assert_eq!(scene.outcome(), "w1: 4 | websocket");
    }
}
