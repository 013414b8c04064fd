//! Which answers are compressed, and how.

mod common;

use common::{Outgoing, Scenario, scenario};
use engineio_proto::Coding::{self, Deflate, Gzip};

/// The coding of the answer that carries these messages.
fn coding(scenario: Scenario, messages: impl IntoIterator<Item = Outgoing>) -> Option<Coding> {
    let mut scene = scenario.polling().followed();
    scene.send("");
    let get = scene.get();
    scene.transmit(get);
    for message in messages {
        scene.send(message);
    }
    let get = scene.get();
    scene.response(get).coding
}

fn text(length: usize) -> Outgoing {
    "x".repeat(length).into()
}

#[test]
fn answer_is_compressed_from_the_threshold_on() {
    // One byte is the packet's type.
    assert_eq!(coding(scenario().accepting("gzip"), [text(1_022)]), None);
    assert_eq!(coding(scenario().accepting("gzip"), [text(1_023)]), Some(Gzip));
    assert_eq!(coding(scenario().accepting("gzip"), [text(511), text(511)]), Some(Gzip));
}

#[test]
fn threshold_can_be_moved_or_taken_away() {
    let at = |threshold| {
        let scenario = scenario().accepting("gzip");
        scenario.config(|config| config.compression_threshold(threshold))
    };
    assert_eq!(coding(at(Some(10)), [text(9)]), Some(Gzip));
    assert_eq!(coding(at(Some(10)), [text(8)]), None);
    assert_eq!(coding(at(Some(0)), [text(0)]), Some(Gzip));
    assert_eq!(coding(at(None), [text(100_000)]), None);
}

#[test]
fn client_says_what_it_understands() {
    for (accept, expected) in [
        ("gzip, deflate, br", Some(Gzip)),
        ("deflate", Some(Deflate)),
        ("gzip;q=0.5, deflate;q=0.8", Some(Deflate)),
        ("gzip;q=0, deflate;q=0.1", Some(Deflate)),
        ("gzip;q=0", None),
        ("br, zstd", None),
        ("identity", None),
    ] {
        assert_eq!(coding(scenario().accepting(accept), [text(5_000)]), expected, "{accept}");
    }
    assert_eq!(coding(scenario(), [text(5_000)]), None, "it doesn't say");
}

#[test]
fn answer_is_compressed_if_any_of_its_messages_may_be() {
    let not = |length| text(length).compress(false);
    assert_eq!(coding(scenario().accepting("gzip"), [not(5_000)]), None);
    assert_eq!(coding(scenario().accepting("gzip"), [not(5_000), not(5_000)]), None);
    assert_eq!(coding(scenario().accepting("gzip"), [not(5_000), text(1)]), Some(Gzip));
    let batch = Outgoing::batch([common::Message::from("x".repeat(5_000))]).compress(false);
    assert_eq!(coding(scenario().accepting("gzip"), [batch]), None);
}

#[test]
fn binary_payloads_are_compressed_too() {
    let zeros = Outgoing::from(vec![0; 5_000]);
    assert_eq!(coding(scenario().v3().accepting("gzip"), [zeros]), Some(Gzip));
}

#[test]
fn handshake_is_compressed_with_what_it_brings() {
    for (length, expected) in [(10, None), (5_000, Some(Gzip))] {
        let scenario = scenario().accepting("gzip").bundled("x".repeat(length));
        let mut scene = scenario.opening();
        assert_eq!(scene.response(scene.conn("g1")).coding, expected);
    }
}

#[test]
fn answers_to_posts_and_refusals_are_not_compressed() {
    let mut scene = scenario()
        .accepting("gzip")
        .config(|config| config.compression_threshold(Some(1)))
        .polling()
        .parked();
    let post = scene.post(&["4a"]);
    assert_eq!(scene.response(post).coding, None);
    let get = scene.get();
    assert_eq!(scene.response(get).coding, None);
}
