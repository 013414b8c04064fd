//! When a client connects again, and when it gives up.

use core::time::Duration;
use std::sync::Arc;

use engineio_proto::client::{Backoff, Connect, Event, GiveUp, Input, Retries, Session, Verdict};
use engineio_proto::{
    ClientCloseReason, ClientConfig, CloseCode, Failure, Headers, Instant, Response, Revision,
    Violation,
};
use proptest::prelude::*;

/// The largest random number: the delay is just below its bound.
const MOST: u64 = u64::MAX;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The reason that a refused handshake gives.
fn refused(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> ClientCloseReason {
    let config = ClientConfig::builder().build().expect("the defaults");
    let mut session = Session::connect(&Arc::new(config), Instant::ZERO, 1);
    let (conn, Connect::Get { .. }) = session.poll_connect().expect("a poll") else {
        panic!("it begins with polling")
    };
    let mut all = Headers::new();
    for (name, value) in headers {
        all.try_push(*name, (*value).to_owned()).expect("a header");
    }
    let response = Response { status, headers: all, body: body.into(), coding: None };
    session.handle_input(Instant::ZERO, Input::Responded(conn, response));
    // For some reasons it tries a WebSocket, too.
    while let Some((conn, _)) = session.poll_connect() {
        session.handle_input(Instant::ZERO, Input::Failed(conn, Failure::Gone));
    }
    match session.poll_event() {
        Some(Event::Closed(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn status(status: u16) -> ClientCloseReason {
    refused(status, &[], "")
}

/// The delay before the next attempt.
fn delay(verdict: Verdict) -> Duration {
    match verdict {
        Verdict::Retry { after, .. } => after,
        Verdict::GiveUp(why) => panic!("{why}"),
    }
}

fn fails(retries: &mut Retries, reason: &ClientCloseReason) -> Verdict {
    retries.ended(Instant::ZERO, reason, MOST)
}

const PERMANENT: Verdict = Verdict::GiveUp(GiveUp::Permanent);

#[test]
fn delays_double_up_to_the_longest() {
    let mut retries = Retries::new(Backoff::new().first(secs(1)).longest(secs(30)));
    for (bound, number) in [1, 2, 4, 8, 16, 30, 30, 30].into_iter().zip(1..) {
        let verdict = fails(&mut retries, &ClientCloseReason::Unreachable);
        let Verdict::Retry { after, attempt } = verdict else { panic!("{verdict:?}") };
        assert_eq!(attempt, number);
        // Just below, as no random number is a whole.
        assert_eq!(after, secs(bound) - Duration::from_nanos(1));
    }
    for _ in 0..100 {
        fails(&mut retries, &ClientCloseReason::Unreachable);
    }
    assert!(delay(fails(&mut retries, &ClientCloseReason::Unreachable)) < secs(30));
}

#[test]
fn random_number_says_how_much_of_the_delay() {
    for (random, expected) in [(0, 0), (MOST / 4 + 1, 250), (MOST / 2 + 1, 500)] {
        let mut retries = Retries::new(Backoff::new());
        let verdict = retries.ended(Instant::ZERO, &ClientCloseReason::ConnectTimeout, random);
        assert_eq!(delay(verdict), Duration::from_millis(expected));
    }
}

#[test]
fn delays_begin_again_after_a_session_that_lasted_and_not_before() {
    let mut retries = Retries::new(Backoff::new().settled_after(secs(10)));
    for bound in [1, 2, 4] {
        assert!(delay(fails(&mut retries, &ClientCloseReason::Unreachable)) > secs(bound) / 2);
    }
    let mut now = Instant::ZERO;
    for (lasted, attempt) in [(0, 4), (9, 5), (10, 1), (3600, 1), (1, 2)] {
        retries.opened(now);
        now = now + secs(lasted);
        let verdict = retries.ended(now, &ClientCloseReason::PingTimeout, MOST);
        assert!(
            matches!(verdict, Verdict::Retry { attempt: it, .. } if it == attempt),
            "{lasted}: {verdict:?}"
        );
    }
}

#[test]
fn attempts_are_as_many_as_allowed() {
    let mut retries = Retries::new(Backoff::new().attempts(2));
    let lost = ClientCloseReason::TransportLost;
    for _ in 0..2 {
        delay(fails(&mut retries, &lost));
    }
    assert_eq!(fails(&mut retries, &lost), Verdict::GiveUp(GiveUp::Exhausted));

    retries.restart();
    delay(fails(&mut retries, &lost));
    let mut once = Retries::new(Backoff::new().attempts(0));
    once.opened(Instant::ZERO);
    assert_eq!(fails(&mut once, &lost), Verdict::GiveUp(GiveUp::Exhausted));
}

#[test]
fn session_that_was_open_is_followed_by_another_whatever_ended_it() {
    for reason in [
        ClientCloseReason::Application,
        ClientCloseReason::Server(None),
        ClientCloseReason::Server(Some(CloseCode::AWAY)),
        ClientCloseReason::PingTimeout,
        ClientCloseReason::TransportLost,
        ClientCloseReason::Violation(Violation::Framing),
        status(400),
        status(401),
        status(413),
    ] {
        let mut retries = Retries::new(Backoff::new());
        retries.opened(Instant::ZERO);
        delay(fails(&mut retries, &reason));
    }
}

#[test]
fn refusals_pass_or_they_last() {
    for it in [408, 409, 423, 425, 429, 500, 502, 503, 504, 511, 522, 599] {
        delay(fails(&mut Retries::new(Backoff::new()), &status(it)));
        assert!(status(it).is_transient(), "{it}");
    }
    for it in [301, 400, 401, 402, 403, 404, 405, 407, 410, 413, 426, 451, 501, 505, 600] {
        assert_eq!(fails(&mut Retries::new(Backoff::new()), &status(it)), PERMANENT, "{it}");
        assert!(!status(it).is_transient(), "{it}");
    }
    for reason in [
        ClientCloseReason::WrongRevision(Some(Revision::V3)),
        ClientCloseReason::Violation(Violation::Framing),
    ] {
        assert_eq!(fails(&mut Retries::new(Backoff::new()), &reason), PERMANENT);
    }
}

#[test]
fn address_that_has_worked_may_work_again() {
    let nothing_here =
        [status(302), status(404), status(410), ClientCloseReason::Violation(Violation::Framing)];
    for reason in &nothing_here {
        let mut retries = Retries::new(Backoff::new());
        retries.opened(Instant::ZERO);
        delay(fails(&mut retries, &ClientCloseReason::Server(None)));
        for _ in 0..3 {
            delay(fails(&mut retries, reason));
        }
        assert_eq!(fails(&mut retries, &status(401)), PERMANENT);
    }
}

#[test]
fn credentials_that_are_renewed_have_a_second_chance() {
    let denied =
        [status(401), status(403), refused(400, &[], r#"{"code":4,"message":"Forbidden"}"#)];
    for reason in &denied {
        let mut retries = Retries::new(Backoff::new()).renewing();
        for _ in 0..2 {
            delay(fails(&mut retries, reason));
            assert_eq!(fails(&mut retries.clone(), reason), PERMANENT);
            retries.opened(Instant::ZERO);
            delay(fails(&mut retries, &ClientCloseReason::Server(None)));
        }
    }
}

#[test]
fn retry_after_comes_before_the_delay_and_is_capped() {
    let backoff = Backoff::new().longest_retry_after(secs(60));
    for (given, waited) in [("0", 0), ("7", 7), (" 7 ", 7), ("60", 60), ("86400", 60)] {
        let mut retries = Retries::new(backoff);
        let reason = refused(503, &[("retry-after", given)], "");
        let after = delay(fails(&mut retries, &reason));
        assert!(after > secs(waited) && after < secs(waited + 1), "{given}: {after:?}");
    }
    for nonsense in ["", "-1", "1.5", "soon", "99999999999999999999"] {
        let reason = refused(503, &[("retry-after", nonsense)], "");
        let after = delay(fails(&mut Retries::new(backoff), &reason));
        assert!(after < secs(1), "{nonsense}: {after:?}");
    }
}

#[test]
fn refusal_with_retry_after_passes_unless_it_is_about_credentials() {
    for (status, passes) in [(400, true), (404, true), (501, true), (401, false), (403, false)] {
        let reason = refused(status, &[("retry-after", "1")], "");
        let verdict = fails(&mut Retries::new(Backoff::new()), &reason);
        assert_eq!(verdict != PERMANENT, passes, "{status}");
    }
}

#[test]
fn reason_of_the_drivers_own_is_followed_by_another_attempt() {
    let mut retries = Retries::new(Backoff::new().attempts(1));
    delay(retries.failed(MOST));
    assert_eq!(retries.attempt(), 1);
    assert_eq!(retries.failed(MOST), Verdict::GiveUp(GiveUp::Exhausted));
}

proptest! {
    #[test]
    fn no_delay_is_longer_than_it_may_be(
        first in any::<Duration>(),
        longest in any::<Duration>(),
        longest_retry_after in 0_u64..1000,
        retry_after in any::<u64>(),
        randoms in prop::collection::vec(any::<u64>(), 1..80),
    ) {
        let backoff = Backoff::new()
            .first(first)
            .longest(longest)
            .longest_retry_after(secs(longest_retry_after));
        let reason = refused(503, &[("retry-after", &retry_after.to_string())], "");
        let mut retries = Retries::new(backoff);
        for random in randoms {
            let after = delay(retries.ended(Instant::ZERO, &reason, random));
            prop_assert!(after <= longest.saturating_add(secs(longest_retry_after)));
        }
    }
}
