//! The client's GETs and POSTs: one of each at a time, and how much goes into one.

mod common;

use common::{ClientScenario, Message, REVISIONS, client};
use engineio_proto::Failure;

fn long(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// One kilobyte of messages is all that may wait for the application.
fn narrow() -> ClientScenario {
    client().config(|config| config.inbox_high_water(1_000))
}

/// Sends these, and gives the bodies of the POSTs that take them away.
fn posts(scenario: ClientScenario, messages: &[Message]) -> Vec<Vec<u8>> {
    let mut scene = scenario.polling();
    messages.iter().for_each(|message| {
        scene.send(message.clone());
    });
    let mut bodies = Vec::new();
    loop {
        let outcome = scene.outcome();
        if outcome == "polling" {
            return bodies;
        }
        let name = format!("p{}", bodies.len() + 1);
        assert!(outcome.starts_with(&format!("POST {name} ")), "{outcome}");
        bodies.push(scene.body(&name).0.to_vec());
        scene.ok(&name);
    }
}

#[test]
fn answered_poll_is_followed_by_the_next_at_once() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).polling();
        assert_eq!(scene.outcome(), "polling", "one waits already");
        scene.answer("g1", &["4a", "4b"]);
        assert_eq!(scene.outcome(), "GET g2 | a, b | polling");
        scene.answer("g2", &["6"]);
        assert_eq!(scene.outcome(), "GET g3 | polling");
    }
}

#[test]
fn one_post_is_under_way_at_a_time() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).polling();
        scene.send("a");
        assert_eq!(scene.outcome(), "POST p1 4a | polling");
        scene.send("b");
        scene.send("c");
        assert_eq!(scene.outcome(), "polling");
        scene.ok("p1");
        assert_eq!(scene.outcome(), "POST p2 4b␞4c | polling");
        scene.ok("p2");
        assert_eq!(scene.outcome(), "polling");
    }
}

#[test]
fn post_is_made_of_what_waits_when_it_is_started() {
    let mut scene = client().polling();
    scene.send("a");
    assert!(scene.session.has_connect());
    scene.send("b");
    assert_eq!(scene.outcome(), "POST p1 4a␞4b | polling");
}

#[test]
fn messages_from_before_the_session_leave_with_its_first_post() {
    for revision in REVISIONS {
        let mut scene = client().revision(revision).created();
        scene.send("a");
        assert_eq!(scene.outcome(), "GET g1 | opening");
        scene.send("b");
        scene.answer("g1", &[&scene.open_packet("")]);
        assert_eq!(scene.outcome(), "POST p1 4a␞4b; GET g2 | opened | polling");
    }
}

#[test]
fn post_has_at_most_16_packets() {
    for revision in REVISIONS {
        let messages: Vec<Message> = (0..33).map(|_| "a".into()).collect();
        let bodies = posts(client().revision(revision), &messages);
        assert_eq!(bodies.len(), 3);
        let scenario = client().revision(revision).config(|config| config.max_batch_packets(3));
        assert_eq!(posts(scenario, &messages).len(), 11);
    }
}

#[test]
fn post_has_exactly_as_many_bytes_as_the_server_takes_and_not_one_more() {
    // In revision 4 `4` and U+001E are added, in revision 3 `50:4` before each.
    for (scenario, lengths) in [(client(), [48, 49, 100_usize]), (client().v3(), [46, 46, 100])] {
        let [one, other, max] = lengths;
        let scenario = |max| match scenario {
            _ if one == 48 => client().max_payload(max),
            _ => client().v3().max_payload(max),
        };
        let messages = [long(one).into(), long(other).into()];
        let bodies = posts(scenario(max), &messages);
        assert_eq!(bodies.iter().map(Vec::len).collect::<Vec<_>>(), [max]);
        assert_eq!(posts(scenario(max - 1), &messages).len(), 2);
    }
}

#[test]
fn binary_counts_as_what_it_becomes() {
    // 4 packets of 30 bytes: in revision 4 `b` and 40 of base64, three U+001E.
    let binary: Vec<Message> = (0..4).map(|_| vec![7; 30].into()).collect();
    assert_eq!(posts(client().max_payload(167), &binary).len(), 1);
    assert_eq!(posts(client().max_payload(166), &binary).len(), 2);
    // In revision 3 a marker, two digits, 0xff and a type.
    assert_eq!(posts(client().v3().max_payload(140), &binary).len(), 1);
    assert_eq!(posts(client().v3().max_payload(139), &binary).len(), 2);
}

#[test]
fn server_that_tells_no_limit_is_taken_for_one_of_a_million_bytes() {
    let messages: Vec<Message> = (0..3).map(|_| long(499_998).into()).collect();
    assert_eq!(posts(client().max_payload(None), &messages).len(), 2);
}

#[test]
fn binary_is_base64_in_revision_4_and_octets_in_revision_3() {
    let mut scene = client().polling();
    scene.send(vec![1, 2, 3, 4]);
    scene.send("a");
    scene.outcome();
    let (body, content_type) = scene.body("p1");
    assert_eq!((&body[..], content_type), (&b"bAQIDBA==\x1e4a"[..], "text/plain;charset=UTF-8"));
    let mut scene = client().v3().polling();
    scene.send(vec![1, 2]);
    scene.send("a");
    scene.outcome();
    let (body, content_type) = scene.body("p1");
    let octets = b"\x01\x03\xff\x04\x01\x02\x00\x02\xff4a";
    assert_eq!((&body[..], content_type), (&octets[..], "application/octet-stream"));
    scene.ok("p1");
    scene.send("é");
    scene.outcome();
    let (body, content_type) = scene.body("p2");
    assert_eq!((&body[..], content_type), ("2:4é".as_bytes(), "text/plain;charset=UTF-8"));
}

#[test]
fn binary_answers_are_understood_in_every_form() {
    let mut scene = client().polling();
    scene.answer("g1", &["bAQI=", "4a"]);
    assert_eq!(scene.outcome(), "GET g2 | <01 02>, a | polling");
    let mut scene = client().v3().polling();
    scene.answer("g1", &["b4AQI=", "4a"]);
    assert_eq!(scene.outcome(), "GET g2 | <01 02>, a | polling");
    let octets = &b"\x01\x03\xff\x04\x01\x02\x00\x02\xff4a"[..];
    for content_type in ["application/octet-stream", "Application/Octet-Stream; charset=UTF-8"] {
        let mut scene = client().v3().polling();
        scene.respond("g1", 200, content_type, octets);
        assert_eq!(scene.outcome(), "GET g2 | <01 02>, a | polling");
    }
}

#[test]
fn any_status_of_success_is_one() {
    let mut scene = client().polling().posting();
    scene.respond("p1", 204, "text/plain", "");
    scene.respond("g1", 299, "text/plain", "4a");
    assert_eq!(scene.outcome(), "GET g2 | a | polling");
}

#[test]
fn refused_request_ends_the_session() {
    for revision in REVISIONS {
        for name in ["g1", "p1"] {
            let other = if name == "g1" { "p1" } else { "g1" };
            let mut scene = client().revision(revision).polling().posting();
            scene.send("never to leave");
            scene.refuse(name, 400, r#"{"code":1,"message":"Session ID unknown"}"#);
            let expected = format!("{other}: hangup 1000 | closed Refused 400 | over");
            assert_eq!(scene.outcome(), expected);
        }
    }
}

#[test]
fn failed_request_ends_the_session() {
    for (why, reason) in [
        (Failure::Gone, "TransportLost"),
        (Failure::TimedOut, "TransportLost"),
        (Failure::Malformed, "Framing"),
        (Failure::TooLarge, "TooLarge"),
    ] {
        for name in ["g1", "p1"] {
            let mut scene = client().polling().posting();
            scene.fail(name, why);
            let outcome = scene.outcome();
            assert!(outcome.ends_with(&format!("| closed {reason} | over")), "{name}: {outcome}");
            assert_eq!(outcome.matches("hangup").count(), if why == Failure::Gone { 1 } else { 2 });
        }
    }
}

#[test]
fn answer_of_as_many_bytes_as_are_taken_is_fine_and_one_more_is_too_large() {
    for revision in REVISIONS {
        let scenario = || client().revision(revision).config(|config| config.max_payload(200));
        let framing = common::payload(revision, &[&long(194)]).len() - 194;
        for (bytes, expected) in [(200, "GET g2 | "), (201, "closed TooLarge | over")] {
            let mut scene = scenario().polling();
            scene.answer("g1", &[&format!("4{}", long(bytes - framing - 1))]);
            let outcome = scene.outcome();
            assert!(outcome.starts_with(expected), "{bytes} bytes: {outcome}");
        }
        let mut scene = scenario().config(|config| config.max_payload(10)).opening();
        scene.answer("g1", &[&scene.open_packet("")]);
        assert!(!scene.outcome().contains("opened"), "the first answer is one, too");
    }
}

#[test]
fn answer_has_at_most_as_many_packets_as_are_taken() {
    for (count, expected) in [(5, "GET g2 | polling"), (6, "closed Packet | over")] {
        let mut scene = client().config(|config| config.max_packets(5)).polling();
        scene.answer("g1", &vec!["6"; count]);
        assert_eq!(scene.outcome(), expected);
    }
}

#[test]
fn full_inbox_ends_the_polling_until_the_application_has_read() {
    for revision in REVISIONS {
        let mut scene = narrow().revision(revision).polling();
        scene.answer("g1", &[&format!("4{}", long(1_000)), "4a"]);
        assert_eq!(scene.start(), None);
        scene.send("a");
        assert_eq!(scene.start().as_deref(), Some("POST p1 4a"), "the other way is open");
        scene.event().expect("a message");
        assert_eq!(scene.start().as_deref(), Some("GET g2"));
        assert!(scene.session.wants_input(scene.conn("g2")));
    }
}

#[test]
fn small_message_does_not_keep_a_large_answer_in_memory() {
    let mut scene = client().polling();
    let body = bytes::Bytes::from(format!("4a\u{1e}6{}", long(100_000)));
    scene.respond("g1", 200, "text/plain", body.clone());
    assert!(body.is_unique(), "what is counted is not what is kept");
    assert_eq!(scene.outcome(), "GET g2 | a | polling");
}

#[test]
fn what_came_with_one_answer_is_shared_and_not_copied() {
    let mut scene = client().polling();
    let body = bytes::Bytes::from(format!("4{}", long(1_000)));
    scene.respond("g1", 200, "text/plain", body.clone());
    assert!(!body.is_unique());
}
