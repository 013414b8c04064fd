//! However a network cuts the bytes of a client, they mean the same.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use crate::client::{Client, get, mirror, post, post_chunked, target, with};
use crate::common::polling::Polling;
use crate::common::world::World;

/// The answers to these requests, up to the end of the connection, without their dates. `SID` stands
/// for a session that echoes. Each piece comes alone.
fn answers(script: &str, pieces: &[usize]) -> String {
    let world = World::new();
    world.echo();
    let (app, script, pieces) = (world.clone(), script.to_owned(), pieces.to_vec());
    let answers = world.run(async move {
        let polling = Polling::open(&app).await;
        let script = script.replace("SID", polling.sid());
        let client = Client::falling_back(&app, &mirror());
        let mut left = script.as_bytes();
        for count in pieces {
            let (piece, rest) = left.split_at(count.min(left.len()));
            client.send(piece).await;
            app.settle().await;
            left = rest;
        }
        client.send(left).await;
        client.rest().await
    });
    answers.split_inclusive('\n').filter(|line| !line.starts_with("date: ")).collect()
}

#[test]
fn request_in_two_pieces_is_one_wherever_it_is_cut() {
    let chunks = "2;name=value\r\nab\r\n3\r\ncde\r\n0\r\nTrailer: x\r\n\r\n";
    let script = with(&post_chunked("/path?query", chunks), "Connection: close");
    let expected = answers(&script, &[]);
    assert!(expected.ends_with("\r\n\r\nPOST /path?query abcde"), "{expected}");
    for cut in 1..script.len() {
        assert_eq!(answers(&script, &[cut]), expected, "{:?}", script.split_at(cut));
    }
}

#[test]
fn requests_that_come_byte_by_byte_are_answered() {
    assert_eq!(answers(&script(), &vec![1; script().len()]), answers(&script(), &[]));
}

/// Requests of every kind, of which the last is refused.
fn script() -> String {
    let target = target("SID");
    [
        &post(&target, "4hello"),
        "\r\n",
        &get(&target),
        &get("/").replace("GET", "HEAD"),
        &post_chunked(&target, "1\r\n4\r\n05\r\nthere\r\n00\r\nOne: x\r\nTwo: y\r\n\r\n"),
        &get(&target),
        &post("/other", "body"),
        &post_chunked("/other", "4\r\nbody\r\n0\r\n\r\n"),
        &get("/engine.io/?EIO=4&transport=polling&sid=none"),
        &post("/engine.io/?EIO=4&transport=polling&sid=none", "4to nobody"),
        &with(&get("/"), "no colon"),
        &get("/never"),
    ]
    .concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn answers_are_the_same_however_requests_are_cut(pieces in vec(1_usize..200, 0..30)) {
        prop_assert_eq!(answers(&script(), &pieces), answers(&script(), &[]));
    }
}
