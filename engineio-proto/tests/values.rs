//! Conversions and getters of small values.

use std::error::Error;
use std::time::Duration;

use engineio_proto::{
    ClientCloseReason, Header, Headers, Instant, NodeTag, ServerCloseReason, ServerConfig, Sid,
    Violation,
};

#[test]
fn sid_is_read_from_text_and_read_as_text() {
    let sid: Sid = "node-1".parse().expect("a legal sid");
    assert_eq!((sid.as_ref(), sid.as_str()), ("node-1", "node-1"));
    assert!("a b".parse::<Sid>().is_err());
}

#[test]
fn debug_of_a_sid_shows_no_more_than_its_beginning() {
    let sid = Sid::from_random([7; 16]);
    assert_eq!(format!("{sid:?}"), "Sid(BwcHBw…)");
}

#[test]
fn tag_of_a_node_has_1_to_16_characters_of_its_alphabet() {
    for legal in ["a", "chat-0", "Ab_9", "0123456789abcdef"] {
        let tag: NodeTag = legal.parse().expect("a legal tag");
        assert_eq!((tag.as_str(), tag.to_string().as_str()), (legal, legal));
        assert_eq!(NodeTag::try_from(legal), Ok(tag));
    }
    for illegal in ["", "0123456789abcdefg", "a.b", "a/b", "a:b", "ä", "a b", "a\0", "\0"] {
        let error = illegal.parse::<NodeTag>().expect_err("no legal tag");
        assert!(error.to_string().ends_with("1 to 16 characters out of A-Z a-z 0-9 _ -"));
    }
}

#[test]
fn random_bytes_make_a_tag_of_six_characters() {
    let tag = NodeTag::from_random([0, 63, 64, 255, 26, 52]);
    assert_eq!(tag.as_str(), "A_A_a0");
    assert_eq!(tag.as_str().parse(), Ok(tag));
    assert_ne!(NodeTag::from_random([1; 6]), NodeTag::from_random([2; 6]));
}

#[test]
fn sid_of_a_node_names_it_and_its_debug_too() {
    let tag: NodeTag = "chat-0".parse().expect("a legal tag");
    let sid = Sid::on_node(tag, [7; 16]);
    assert_eq!(sid.as_str(), format!("chat-0.{}", Sid::from_random([7; 16]).as_str()));
    assert_eq!(sid.node(), Some(tag));
    assert_eq!(sid.as_str().parse(), Ok(sid.clone()));
    assert_eq!(format!("{sid:?} {tag:?}"), "Sid(chat-0.BwcHBw…) NodeTag(chat-0)");
}

#[test]
fn sid_that_names_no_node_has_none() {
    assert_eq!(Sid::from_random([7; 16]).node(), None);
    for none in ["", ".", ".a", "a b.c", "0123456789abcdefg.a", "a~b.c"] {
        assert_eq!(NodeTag::of_sid(none), None, "{none}");
    }
    assert_eq!(NodeTag::of_sid("a.b.c"), "a".parse().ok());
}

#[test]
fn server_has_no_node_unless_it_is_told() {
    assert_eq!(ServerConfig::default().node(), None);
    let tag = NodeTag::from_random([9; 6]);
    let config = ServerConfig::builder().node(tag).build().expect("it is consistent");
    assert_eq!(config.node(), Some(tag));
}

#[test]
fn instants_are_subtracted_without_going_below_zero() {
    let (early, late) = (Instant::from_millis(1), Instant::from_millis(5));
    assert_eq!(late - early, Duration::from_millis(4));
    assert_eq!(early - late, Duration::ZERO);
    assert_eq!(late - Duration::from_millis(4), early);
    assert_eq!(early - Duration::from_secs(1), Instant::ZERO);
}

#[test]
fn headers_move_from_one_answer_to_another() {
    let mut headers = Headers::new();
    headers.try_push("a", "1").expect("a legal header");
    let more = [Header::new("b", "2"), Header::new("a", "3")];
    headers.extend(more.into_iter().flatten());
    let all: Vec<_> = headers.iter().collect();
    assert_eq!(all, [("a", "1"), ("b", "2"), ("a", "3")]);
    let owned: Vec<_> = headers.into_iter().collect();
    assert_eq!(owned.first().map(|it| (it.name(), it.value())), Some(("a", "1")));
}

#[test]
fn header_that_would_break_out_of_its_line_does_not_exist() {
    for (name, value) in [("a", "1\r\nb: 2"), ("a b", "1"), ("", "1")] {
        assert!(Header::new(name, value).is_err(), "{name:?}: {value:?}");
    }
}

#[test]
fn both_close_reasons_are_errors_that_say_what_happened() {
    let errors: [(Box<dyn Error>, &str); 4] = [
        (ServerCloseReason::PingTimeout.into(), "ping timeout: no heartbeat from the peer"),
        (ClientCloseReason::PingTimeout.into(), "ping timeout: no heartbeat from the server"),
        (
            ServerCloseReason::Violation(Violation::OverlappingPolls).into(),
            "the peer sent overlapping polls",
        ),
        (
            ClientCloseReason::Violation(Violation::Framing).into(),
            "the server violated the protocol: the peer broke the rules of HTTP or WebSocket",
        ),
    ];
    for (error, said) in errors {
        assert_eq!(error.to_string(), said);
    }
}
