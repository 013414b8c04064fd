//! POSTs: their packets, and the answers to broken ones.

mod common;

use common::{ConnId, Failure, REVISIONS, Scene, payload, scenario};
use engineio_proto::Request;

#[test]
fn body_is_delivered_whole_and_in_order() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().parked();
        scene.post(&["4a", "6", "4b", "0{}", "5"]);
        assert_eq!(scene.outcome(), "p1: 200 ok | a, b | polling");
    }
}

#[test]
fn nothing_of_an_illegal_body_is_delivered() {
    for body in ["4a\u{1e}", "", "4a\u{1e}\u{1e}4b", "7", "4a\u{1e}b!!", "hello"] {
        let mut scene = scenario().polling().parked();
        let post = scene.begin_post();
        scene.body(post, body);
        assert_eq!(scene.outcome(), "g1: 200 1; p1: 400 | closed Packet | over", "{body:?}");
    }
    for body in ["", "2:4", "x:4a", "0:", "2:4a1", "2:9a"] {
        let mut scene = scenario().v3().polling().parked();
        let post = scene.begin_post();
        scene.body(post, body);
        assert_eq!(scene.outcome(), "g1: 200 1; p1: 400 | closed Packet | over", "{body:?}");
    }
}

#[test]
fn refusal_by_the_transport_has_an_empty_body() {
    let mut scene = scenario().polling().parked();
    let post = scene.post(&["x"]);
    let response = scene.response(post);
    assert_eq!(response.status, 400);
    assert!(response.body.is_empty());
    let headers: Vec<_> = response.headers.iter().collect();
    assert_eq!(headers, [("vary", "Origin"), ("cache-control", "no-store")]);
}

#[test]
fn body_has_at_most_max_packets() {
    for (count, outcome) in
        [(3, "p1: 200 ok | a, a, a | polling"), (4, "p1: 400 | closed Packet | over")]
    {
        let mut scene = scenario().config(|config| config.max_packets(3)).polling().followed();
        scene.post(&vec!["4a"; count]);
        assert_eq!(scene.outcome(), outcome);
    }
}

#[test]
fn body_longer_than_max_payload_is_refused_and_the_session_kept() {
    for (length, outcome) in [(10, "p1: 200 ok | xxxxxxxxx | polling"), (11, "p1: 413 | polling")] {
        let mut scene = scenario().config(|config| config.max_payload(10)).polling().parked();
        let packet = format!("4{}", "x".repeat(length - 1));
        scene.post(&[&packet]);
        assert_eq!(scene.outcome(), outcome, "{length} bytes");
        scene.post(&["4b"]);
        assert_eq!(scene.outcome(), "p2: 200 ok | b | polling");
    }
}

#[test]
fn body_that_was_cut_off_for_its_length_is_refused_and_the_session_kept() {
    let mut scene = scenario().polling().parked().posting();
    scene.fail(scene.conn("p1"), Failure::TooLarge);
    assert_eq!(scene.outcome(), "p1: 413 | polling");
    scene.post(&["4b"]);
    assert_eq!(scene.outcome(), "p2: 200 ok | b | polling");
}

/// A JavaScript client ends its session at a 413, and says no more.
#[test]
fn client_that_leaves_after_a_413_broke_the_protocol() {
    let refused = || {
        let mut scene = scenario().config(|config| config.max_payload(10)).polling().parked();
        scene.post(&["4123456789a"]);
        assert_eq!(scene.outcome(), "p1: 413 | polling");
        scene
    };
    // It aborts its poll.
    let mut scene = refused();
    scene.fail(scene.conn("g1"), Failure::Gone);
    scene.wait(2000);
    assert_eq!(scene.outcome(), "closed TooLarge | over");
    // It says goodbye.
    let mut scene = refused();
    scene.post(&["1"]);
    assert_eq!(scene.outcome(), "g1: 200 6; p2: 200 ok | closed TooLarge | over");
    // It is silent.
    let mut scene = refused();
    scene.run_until(100_000);
    assert_eq!(scene.outcome(), "g1: 200 1 | closed TooLarge | over");
    // The body was cut off while it came.
    let mut scene = scenario().polling().parked().posting();
    scene.fail(scene.conn("p1"), Failure::TooLarge);
    scene.fail(scene.conn("g1"), Failure::Gone);
    scene.wait(2000);
    assert_eq!(scene.outcome(), "p1: 413 | closed TooLarge | over");
    // What ends the session otherwise, or after another POST, is the reason.
    let mut scene = refused();
    scene.post(&["x"]);
    assert_eq!(scene.outcome(), "g1: 200 1; p2: 400 | closed Packet | over");
    let mut scene = refused();
    scene.post(&["4b"]);
    scene.post(&["1"]);
    assert_eq!(scene.outcome(), "g1: 200 6; p2: 200 ok; p3: 200 ok | b, closed Peer | over");
}

#[test]
fn slow_body_ends_the_session_with_408_at_the_exact_millisecond() {
    let mut scene = scenario().v3().polling().followed();
    scene.wait_until(10_000);
    let mut scene = scene.parked().posting();
    scene.run_until(39_999);
    assert_eq!(scene.outcome(), "polling");
    scene.run_until(40_000);
    assert_eq!(scene.outcome(), "g1: 200 1; p1: 408 | closed SlowBody | over");
}

#[test]
fn body_that_comes_in_the_last_millisecond_is_taken() {
    for (at, outcome) in [
        (29_999, "p1: 200 ok | a | polling"),
        (30_000, "g1: 200 1; p1: 408 | closed SlowBody | over"),
    ] {
        let mut scene = scenario().v3().polling().parked().posting();
        scene.now = at;
        let body = payload(scene.session.revision(), &["4a"]);
        scene.body(scene.conn("p1"), body);
        assert_eq!(scene.outcome(), outcome);
    }
}

#[test]
fn post_cut_half_way_delivers_nothing_and_ends_the_session() {
    let mut scene = scenario().polling().parked().posting();
    scene.fail(scene.conn("p1"), Failure::Gone);
    scene.body(scene.conn("p1"), "4a");
    assert_eq!(scene.outcome(), "g1: 200 1 | closed TransportLost | over");
}

#[test]
fn overlapping_post_ends_the_session() {
    let mut scene = scenario().polling().parked().posting();
    scene.begin_post();
    assert_eq!(scene.outcome(), "g1: 200 1; p1: 400; p2: 400 | closed OverlappingPosts | over");
}

#[test]
fn second_body_for_the_same_post_is_ignored() {
    let mut scene = scenario().polling().followed();
    let post = scene.post(&["4a"]);
    scene.body(post, "4b");
    assert_eq!(scene.outcome(), "p1: 200 ok | a | polling");
    scene.body(post, "4b");
    assert_eq!(scene.outcome(), "polling");
}

#[test]
fn body_for_a_get_is_ignored() {
    let mut scene = scenario().polling().parked();
    scene.body(scene.conn("g1"), "4a");
    assert_eq!(scene.outcome(), "polling");
}

fn octets(scene: &mut Scene, content_type: &'static str) -> ConnId {
    let post = scene.name("p");
    scene.ask(post, "POST", "transport=polling", |request| Request {
        content_type: Some(content_type),
        ..request
    });
    post
}

#[test]
fn octets_in_revision_4_end_the_session_before_the_body_comes() {
    let mut scene = scenario().polling().parked();
    octets(&mut scene, "application/octet-stream");
    assert_eq!(scene.outcome(), "g1: 200 1; p1: 400 | closed BinaryBody | over");
}

#[test]
fn octets_in_revision_3_are_a_binary_payload() {
    let mut scene = scenario().v3().polling().parked();
    let post = octets(&mut scene, "application/octet-stream");
    scene.body(post, &b"\x00\x06\xff4hello\x01\x05\xff\x04\x01\x02\x03\x04"[..]);
    assert_eq!(scene.outcome(), "p1: 200 ok | hello, <01 02 03 04> | polling");
}

#[test]
fn only_the_exact_content_type_means_octets() {
    for content_type in ["application/octet-stream; charset=utf-8", "text/plain", "image/png", ""] {
        let mut scene = scenario().polling().parked();
        let post = octets(&mut scene, content_type);
        scene.body(post, "4a");
        assert_eq!(scene.outcome(), "p1: 200 ok | a | polling", "{content_type}");
    }
}

#[test]
fn close_packet_ends_the_body_and_the_session() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().parked();
        scene.send("lost");
        scene.post(&["4a", "1", "4b"]);
        let outcome = "g1: 200 6; p1: 200 ok | a, closed Peer | over";
        assert_eq!(scene.outcome(), outcome, "the client said goodbye and isn't told so in return");
    }
}
