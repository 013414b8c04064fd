//! Large answers are compressed in steps.

use core::task::{Context, Poll, Waker};
use std::io::Read;

use engineio_hub::Answer;
use engineio_proto::Revision;
use flate2::read::GzDecoder;

use crate::common::polling::Polling;
use crate::common::world::{World, request};

/// How many pauses there are in the compression of an answer of this length. The answer comes back
/// whole.
fn pauses(length: usize) -> usize {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let call = client.get("EIO=4&transport=polling");
        let socket = client.accept().await;
        let polling = Polling::opened(&client, Revision::V4, call.response().await);
        let text = "0123456789".repeat(length / 10);
        socket.send(text.clone()).await.unwrap();
        let query = format!("EIO=4&transport=polling&sid={}", polling.sid());
        let request = request("GET", &query).header("accept-encoding", "gzip");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let mut seat = client.hub.admit(&parts).unwrap();
        let cx = &mut Context::from_waker(Waker::noop());
        let mut pauses = 0;
        let response = loop {
            match seat.poll_answer(cx) {
                Poll::Ready(Answer::Respond { response, .. }) => break response,
                Poll::Ready(Answer::Yield) => pauses += 1,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(response.headers()["content-encoding"], "gzip");
        let mut plain = String::new();
        GzDecoder::new(&response.body()[..]).read_to_string(&mut plain).unwrap();
        assert_eq!(plain, format!("4{text}"));
        pauses
    })
}

#[test]
fn small_answer_is_compressed_at_once() {
    assert_eq!(pauses(20_000), 0);
}

#[test]
fn large_answer_lets_others_have_their_turn_between_its_steps() {
    let pauses = pauses(800_000);
    assert!((20..60).contains(&pauses), "{pauses}");
}
