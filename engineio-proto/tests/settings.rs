//! Settings that make no sense are refused when the configuration is built.

use core::time::Duration;

use engineio_proto::ConfigError::{
    self, AnyOriginWithCredentials, InboxMarks, Memory, OutboxMarks, Path, Zero,
};
use engineio_proto::{Cookie, Cors, ServerConfig, ServerConfigBuilder};

fn built(change: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder) -> Option<ConfigError> {
    change(ServerConfig::builder()).build().err()
}

#[test]
fn defaults_are_the_documented_ones() {
    let config = ServerConfig::builder().build().expect("the defaults");
    let seconds = [
        (config.ping_interval(), 25),
        (config.ping_timeout(), 20),
        (config.upgrade_timeout(), 10),
        (config.accept_timeout(), 10),
        (config.close_timeout(), 30),
        (config.linger(), 5),
        (config.poll_grace(), 2),
        (config.body_timeout(), 30),
        (config.stall_timeout(), 60),
    ];
    for (wait, expected) in seconds {
        assert_eq!(wait, Duration::from_secs(expected));
    }
    assert_eq!(config.max_payload(), 1_000_000);
    assert_eq!(config.max_packets(), 10_000);
    assert_eq!(config.max_batch_packets(), 16);
    assert_eq!(config.compression_threshold(), Some(1_024));
    assert!(!config.websocket_compression());
    assert_eq!(config.websocket_compression_threshold(), 1_024);
    assert_eq!(config.path().as_deref(), Some("/engine.io"));
    assert!(config.cookie().is_none());
}

#[test]
fn no_wait_is_shorter_than_a_millisecond() {
    let short = Duration::from_micros(999);
    assert_eq!(built(|it| it.ping_interval(short)), Some(Zero("ping_interval")));
    assert_eq!(built(|it| it.ping_timeout(short)), Some(Zero("ping_timeout")));
    assert_eq!(built(|it| it.upgrade_timeout(short)), Some(Zero("upgrade_timeout")));
    assert_eq!(built(|it| it.close_timeout(short)), Some(Zero("close_timeout")));
    assert_eq!(built(|it| it.poll_grace(short)), Some(Zero("poll_grace")));
    assert_eq!(built(|it| it.body_timeout(short)), Some(Zero("body_timeout")));
    assert_eq!(built(|it| it.stall_timeout(short)), Some(Zero("stall_timeout")));
    assert_eq!(built(|it| it.stall_timeout(Duration::MAX)), None);
}

#[test]
fn no_limit_is_nothing_at_all() {
    assert_eq!(built(|it| it.max_payload(0)), Some(Zero("max_payload")));
    assert_eq!(built(|it| it.max_packets(0)), Some(Zero("max_packets")));
    assert_eq!(built(|it| it.max_batch_packets(0)), Some(Zero("max_batch_packets")));
}

#[test]
fn marks_are_in_order() {
    let outbox = |low, high| built(|it| it.outbox_low_water(low).outbox_high_water(high));
    assert_eq!(outbox(2, 1), Some(OutboxMarks));
    assert_eq!(outbox(1, 1), None);
    let inbox = |high, limit| built(|it| it.inbox_high_water(high).inbox_limit(limit));
    assert_eq!(inbox(2, 1), Some(InboxMarks));
    assert_eq!(inbox(1, 1), None);
}

#[test]
fn memory_suffices_for_one_message() {
    let memory = |all, one| built(|it| it.max_memory(all).max_payload(one));
    assert_eq!(memory(1, 2), Some(Memory));
    assert_eq!(memory(2, 2), None);
}

#[test]
fn any_origin_can_not_be_combined_with_credentials() {
    let any = built(|it| it.cors(Cors::Any).cors_credentials(true));
    assert_eq!(any, Some(AnyOriginWithCredentials));
    assert_eq!(built(|it| it.cors(Cors::Any)), None);
    assert_eq!(built(|it| it.cors(Cors::List(vec![])).cors_credentials(true)), None);
}

#[test]
fn path_is_what_a_request_target_looks_like() {
    for path in ["", "engine.io", "/engine.io/", "/", "/a?b", "/a#b", "/ä", "/a b"] {
        assert_eq!(built(|it| it.path(path)), Some(Path), "{path:?}");
    }
    for path in ["/a", "/a/b", "/%C3%A4"] {
        assert_eq!(built(|it| it.path(path)), None, "{path:?}");
    }
}

#[test]
fn cookie_stays_within_its_header() {
    for cookie in [
        Cookie::new(""),
        Cookie::new("a b"),
        Cookie::new("a=b"),
        Cookie::new("a\r\n"),
        Cookie::new("io").path("/;x"),
        Cookie::new("io").domain("a\nb"),
    ] {
        assert_eq!(built(|it| it.cookie(Some(cookie.clone()))), Some(ConfigError::Cookie));
    }
}
