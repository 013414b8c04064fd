//! GETs that wait: their answers, and what happens when one is cut.

mod common;

use common::{Failure, Message, REVISIONS, millis, payload, scenario};

#[test]
fn waiting_get_is_answered_by_the_first_message() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().parked();
        assert_eq!(scene.outcome(), "polling");
        scene.send("a");
        assert_eq!(scene.outcome(), "g1: 200 4a | polling");
    }
}

#[test]
fn messages_wait_for_the_next_get_in_order() {
    let mut scene = scenario().polling().followed();
    scene.send("a");
    scene.send("b");
    scene.get();
    assert_eq!(scene.outcome(), "g1: 200 4a␞4b | polling");
}

#[test]
fn empty_text_is_a_message() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().parked();
        scene.send("");
        assert_eq!(scene.outcome(), "g1: 200 4 | polling");
        scene.post(&["4"]);
        assert_eq!(scene.event(), Some(common::Event::Message("".into())));
    }
}

#[test]
fn answer_to_a_poll_is_not_stored_by_caches() {
    let mut scene = scenario().polling().parked();
    scene.send("a");
    let response = scene.response(scene.conn("g1"));
    let headers: Vec<_> = response.headers.iter().collect();
    assert_eq!(
        headers,
        [
            ("vary", "Origin"),
            ("cache-control", "no-store"),
            ("content-type", "text/plain; charset=UTF-8"),
        ]
    );
    let post = scene.post(&["4a"]);
    let response = scene.response(post);
    assert_eq!(response.headers.get("cache-control"), Some("no-store"));
    assert_eq!(response.headers.get("content-type"), Some("text/html"));
    assert_eq!(&response.body[..], b"ok");
}

#[test]
fn transcripts_of_revision_4_are_the_reference_servers() {
    let mut scene = scenario().opening();
    let body = scene.response(scene.conn("g1")).body;
    assert_eq!(
        core::str::from_utf8(&body),
        Ok("0{\"sid\":\"S\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\
            \"pingTimeout\":20000,\"maxPayload\":1000000}")
    );
    scene.post(&["4a", "4b", "bAQIDBA=="]);
    while let Some(event) = scene.event() {
        if let common::Event::Message(message) = event {
            scene.send(message);
        }
    }
    let get = scene.get();
    assert_eq!(&scene.response(get).body[..], b"4a\x1e4b\x1ebAQIDBA==");
}

#[test]
fn transcripts_of_revision_3_are_the_reference_servers() {
    let mut scene = scenario().v3().b64().polling();
    scene.post(&["2probe", "2"]);
    let get = scene.get();
    assert_eq!(&scene.response(get).body[..], b"1:31:3");
    let post = scene.begin_post();
    scene.body(post, "3:4😀10:b4AQIDBA==");
    assert_eq!(scene.events(), "😀, <01 02 03 04>");
}

#[test]
fn revision_3_is_binary_as_soon_as_one_packet_of_the_answer_is() {
    let mut scene = scenario().v3().polling().followed();
    scene.send("hé");
    let get = scene.get();
    assert_eq!(&scene.response(get).body[..], "3:4hé".as_bytes(), "text alone is text");
    scene.send("hé");
    scene.send(vec![1, 2]);
    let get = scene.get();
    let response = scene.response(get);
    assert_eq!(response.headers.get("content-type"), Some("application/octet-stream"));
    assert_eq!(&response.body[..], b"\x00\x04\xff4h\xc3\xa9\x01\x03\xff\x04\x01\x02");
}

#[test]
fn client_that_asked_for_b64_gets_no_binary_over_any_transport() {
    let mut scene = scenario().v3().b64().polling().parked();
    scene.send(vec![1, 2, 3, 4]);
    let response = scene.response(scene.conn("g1"));
    assert_eq!(&response.body[..], b"10:b4AQIDBA==");
    let mut scene = scene.upgraded();
    scene.send(vec![1, 2, 3, 4]);
    assert_eq!(scene.pull(scene.conn("w1")), "b4AQIDBA==");
    let mut scene = scenario().b64().websocket();
    scene.send(vec![1, 2, 3, 4]);
    assert_eq!(scene.pull(scene.conn("w1")), "bAQIDBA==");
}

#[test]
fn answer_is_made_when_it_is_pulled() {
    let mut scene = scenario().polling().parked();
    scene.send("a");
    assert!(scene.session.has_transmit(scene.conn("g1")));
    scene.send("b");
    assert_eq!(scene.outcome(), "g1: 200 4a␞4b | polling");
}

#[test]
fn what_was_not_pulled_for_a_get_that_is_gone_leaves_with_the_next() {
    let mut scene = scenario().polling().parked();
    scene.send("a");
    scene.fail(scene.conn("g1"), Failure::Gone);
    assert_eq!(scene.outcome(), "polling");
    scene.wait(1_999);
    scene.get();
    assert_eq!(scene.outcome(), "g2: 200 4a | polling");
}

#[test]
fn client_whose_get_was_cut_has_two_seconds_for_the_next() {
    for (at, outcome) in
        [(1_999, "polling"), (2_000, "g2: 400 code 1 | closed TransportLost | over")]
    {
        let mut scene = scenario().polling().parked();
        scene.fail(scene.conn("g1"), Failure::Gone);
        scene.now = at;
        scene.get();
        assert_eq!(scene.outcome(), outcome);
        scene.wait_until(2_000);
        scene.outcome();
    }
}

#[test]
fn only_a_get_ends_the_grace_for_one_that_was_cut() {
    let mut scene = scenario().polling().parked();
    scene.fail(scene.conn("g1"), Failure::Gone);
    scene.wait(1_000);
    scene.post(&["4a"]);
    scene.wait(1_000);
    assert_eq!(scene.outcome(), "p1: 200 ok | a, closed TransportLost | over");
}

#[test]
fn handshake_that_nobody_follows_ends_after_the_ping_timeout() {
    let mut scene = scenario().polling();
    scene.wait_until(19_999);
    assert_eq!(scene.outcome(), "polling");
    scene.wait_until(20_000);
    assert_eq!(scene.outcome(), "closed Abandoned | over");
    let mut scene = scenario().opening();
    scene.wait_until(20_000);
    assert!(scene.outcome().ends_with("␞1 | closed Abandoned | over"), "even if nobody fetched it");
}

#[test]
fn get_or_a_post_or_a_websocket_follows_a_handshake() {
    type Act = fn(&mut common::Scene);
    let acts: [Act; 3] =
        [|scene| _ = scene.get(), |scene| _ = scene.post(&["4a"]), |scene| _ = scene.upgrade()];
    for act in acts {
        let mut scene = scenario().polling();
        scene.wait_until(19_999);
        act(&mut scene);
        scene.run_until(44_999);
        assert!(!scene.session.is_closed());
        scene.run_until(45_000);
        assert_eq!(scene.session.close_reason(), Some(&common::ServerCloseReason::PingTimeout));
    }
}

#[test]
fn handshake_whose_client_left_before_the_answer_is_no_session() {
    let mut scene = scenario().opening();
    scene.fail(scene.conn("g1"), Failure::Gone);
    assert_eq!(scene.outcome(), "closed TransportLost | over");
}

#[test]
fn messages_of_the_handshake_leave_in_one_answer_with_the_open_packet() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).bundled("a").bundled("b").opening();
        scene.send("c");
        let answer = scene.pull(scene.conn("g1"));
        assert!(answer.ends_with("}␞4a␞4b"), "just these: {answer}");
        scene.get();
        assert_eq!(scene.outcome(), "g2: 200 4c | polling");
        // `websocket` pulled all there was.
        let mut scene = scenario().revision(revision).bundled("a").websocket();
        assert_eq!((scene.session.accepted(), scene.session.handed_over()), (1, 1));
        assert_eq!(scene.outcome(), "websocket");
    }
}

#[test]
fn messages_of_the_handshake_that_do_not_fit_leave_with_the_next_answer() {
    let opening = (0..20).fold(scenario(), |scenario, _| scenario.bundled("a"));
    let mut scene = opening.opening();
    let answer = scene.pull(scene.conn("g1"));
    assert_eq!(answer.matches('␞').count(), 15, "16 packets: {answer}");
    scene.get();
    assert_eq!(scene.outcome(), "g2: 200 4a␞4a␞4a␞4a␞4a | polling");
}

#[test]
fn answer_has_at_most_sixteen_packets() {
    let mut scene = scenario().polling().followed();
    for _ in 0..17 {
        scene.send("");
    }
    scene.get();
    assert_eq!(scene.outcome(), format!("g1: 200 {} | polling", ["4"; 16].join("␞")));
    scene.get();
    assert_eq!(scene.outcome(), "g2: 200 4 | polling");
}

#[test]
fn answer_is_at_most_max_payload_long() {
    for revision in REVISIONS {
        // As long as three packets of ten characters, to the byte.
        let full = payload(revision, &["4123456789"; 3]).len();
        for (limit, packets) in [(full - 1, 2), (full, 3)] {
            let scenario = scenario().revision(revision);
            let mut scene =
                scenario.config(|config| config.max_payload(limit)).polling().followed();
            for _ in 0..4 {
                scene.send("123456789");
            }
            scene.get();
            let batch = vec!["4123456789"; packets].join("␞");
            assert_eq!(scene.pull(scene.conn("g1")), format!("200 {batch}"));
        }
    }
}

#[test]
fn answer_has_at_least_one_packet_however_long() {
    let mut scene = scenario().config(|config| config.max_payload(10)).polling().followed();
    scene.send("longer than ten bytes");
    scene.send("b");
    scene.get();
    assert_eq!(scene.outcome(), "g1: 200 4longer than ten bytes | polling");
    scene.get();
    assert_eq!(scene.outcome(), "g2: 200 4b | polling");
}

#[test]
fn base64_counts_in_the_length_of_an_answer() {
    let binary = Message::from(vec![0; 30]);
    let mut scene = scenario().config(|config| config.max_payload(82)).polling().followed();
    scene.send(binary.clone());
    scene.send(binary);
    let get = scene.get();
    assert_eq!(scene.response(get).body.len(), 41, "83 bytes would be one too many");
}

#[test]
fn overlapping_get_ends_the_session() {
    let mut scene = scenario().polling().parked();
    scene.send("lost");
    scene.get();
    assert_eq!(scene.outcome(), "g1: 200 1; g2: 400 | closed OverlappingPolls | over");
}

#[test]
fn get_that_follows_the_answer_does_not_overlap() {
    let mut scene = scenario().config(|config| config.poll_grace(millis(1))).polling().parked();
    scene.send("a");
    assert_eq!(scene.outcome(), "g1: 200 4a | polling");
    scene.get();
    scene.fail(scene.conn("g1"), Failure::Gone);
    scene.wait(10);
    assert_eq!(scene.outcome(), "polling", "the answered GET is gone, not this one");
}

#[test]
fn get_that_is_to_be_answered_gets_what_is_queued_or_else_a_noop() {
    for revision in REVISIONS {
        let mut scene = scenario().revision(revision).polling().parked();
        scene.session.answer_poll(scene.time());
        assert_eq!(scene.outcome(), "g1: 200 6 | polling");
        // Without one that waits, the next one waits as ever.
        scene.session.answer_poll(scene.time());
        scene.get();
        assert_eq!(scene.outcome(), "polling");
        scene.send("a");
        scene.session.answer_poll(scene.time());
        assert_eq!(scene.outcome(), "g2: 200 4a | polling");
    }
}

#[test]
fn session_on_a_websocket_has_no_get_to_answer() {
    let mut scene = scenario().websocket();
    scene.session.answer_poll(scene.time());
    assert_eq!(scene.outcome(), "websocket");
}
