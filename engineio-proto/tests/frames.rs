//! What a frame says of the message in it.

mod common;

use std::sync::Arc;

use common::{Outgoing, Scenario, Scene, scenario};
use engineio_proto::server::Transmit;
use engineio_proto::{
    Attachment, Frame, FramedSession as _, FramedTransmit, Instant, Message, ServerCloseReason,
};

/// The frames of these messages over a WebSocket.
fn frames(scenario: Scenario, all: impl IntoIterator<Item = Outgoing>) -> Vec<Frame> {
    let mut scene = scenario.websocket();
    let conn = scene.conn("w1");
    for outgoing in all {
        scene.send(outgoing);
    }
    let next = || match scene.transmit(conn) {
        Some(Transmit::Frame(frame)) => Some(frame),
        other => {
            assert_eq!(other, None);
            None
        }
    };
    std::iter::from_fn(next).collect()
}

fn binary() -> Outgoing {
    Message::from(b"\x01\x02").into()
}

#[test]
fn messages_may_be_compressed_unless_they_forbid_it() {
    let all = [Outgoing::from("a"), Outgoing::from("b").compress(false), binary()];
    let frames = frames(scenario(), all);
    let may = frames.iter().map(Frame::is_compressible).collect::<Vec<_>>();
    assert_eq!(may, [true, false, true]);
}

#[test]
fn packets_of_the_protocol_are_never_compressed() {
    let mut scene = scenario().websocket();
    scene.session.close(Instant::ZERO);
    let Some(Transmit::Frame(close)) = scene.transmit(scene.conn("w1")) else {
        panic!("no close packet");
    };
    assert!(!close.is_compressible());
}

/// What comes with the next frame.
fn next_attached(scene: &mut Scene) -> Option<u32> {
    let conn = scene.conn("w1");
    assert!(matches!(scene.session.poll_frame(conn), Some(FramedTransmit::Frame(_))));
    scene.session.take_attachment()?.downcast_ref().copied()
}

fn attach(scene: &mut Scene, position: u64, number: u32) {
    scene.session.attach(position, Arc::new(number));
}

#[test]
fn what_is_attached_to_a_message_comes_with_its_frame() {
    let mut scene = scenario().websocket();
    scene.send("none");
    let one = scene.send("one");
    attach(&mut scene, one, 1);
    let last = scene.send(Outgoing::batch(["two", "three"].map(Message::from)));
    attach(&mut scene, last - 1, 2);
    attach(&mut scene, last, 3);
    scene.send("none");
    let attached = (0..5).map(|_| next_attached(&mut scene)).collect::<Vec<_>>();
    assert_eq!(attached, [None, Some(1), Some(2), Some(3), None]);
    assert!(scene.session.take_attachment().is_none());
}

#[test]
fn attachment_that_nobody_takes_goes_with_its_message() {
    let mut scene = scenario().websocket();
    let attachment: Attachment = Arc::new(1);
    for message in ["a", "b"] {
        let position = scene.send(message);
        scene.session.attach(position, Arc::clone(&attachment));
    }
    scene.transmit(scene.conn("w1"));
    scene.transmit(scene.conn("w1"));
    scene.send("c");
    scene.transmit(scene.conn("w1"));
    assert_eq!(Arc::strong_count(&attachment), 1);
    // Too late, and with what never leaves.
    let position = scene.session.accepted();
    scene.session.attach(position, Arc::clone(&attachment));
    assert!(scene.session.take_attachment().is_none());
    let position = scene.send("d");
    scene.session.attach(position, Arc::clone(&attachment));
    scene.session.abort(Instant::ZERO, ServerCloseReason::Application);
    assert_eq!(Arc::strong_count(&attachment), 1);
}

#[test]
fn attachment_of_a_message_that_was_dropped_for_a_newer_one_comes_with_none() {
    let mut scene = scenario().websocket();
    let old = scene.send(Outgoing::from("old").keep_latest(1));
    attach(&mut scene, old, 1);
    let new = scene.send(Outgoing::from("new").keep_latest(1));
    attach(&mut scene, new, 2);
    assert_eq!(next_attached(&mut scene), Some(2));
}
