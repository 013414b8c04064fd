//! Conversions and getters of small values.

use std::error::Error;
use std::time::Duration;

use engineio_proto::{
    ClientCloseReason, Header, Headers, Instant, ServerCloseReason, Sid, Violation,
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
