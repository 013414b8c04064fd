//! Answers that are compressed.

use peer::{Answer, get, session};

use crate::engineio::Server;
use crate::suite::{accept, config, listen};

fn assert_is_gzip_of(answer: &Answer, length: usize) {
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.header("content-length"), Some(&*answer.body.len().to_string()));
    assert_eq!(answer.body[..2], [0x1f, 0x8b]);
    // It ends with the length of what was compressed (RFC 1952, section 2.3.1).
    let end = answer.body.last_chunk().expect("an end");
    assert_eq!(u32::from_le_bytes(*end) as usize, length);
}

#[tokio::test]
async fn large_answers_are_compressed_beside_each_other_and_arrive_whole() {
    let server = Server::new(config().build().expect("a legal configuration"));
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    let mut peers = Vec::new();
    for _ in 0..6 {
        peers.push(session(address).await);
    }
    server.broadcast("0123456789".repeat(80_000));
    for (peer, target) in &mut peers {
        peer.send(get(target).replacen("\r\n", "\r\nAccept-Encoding: gzip\r\n", 1)).await;
    }
    for (mut peer, target) in peers {
        assert_is_gzip_of(&peer.answer().await.expect(200), 800_001);
        peer.post(&target, "4hello").await.expect(200);
        assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    }
}

#[tokio::test]
async fn client_that_leaves_while_its_answer_is_compressed_harms_nobody() {
    let server = Server::new(config().build().expect("a legal configuration"));
    tokio::spawn(accept(server.clone()));
    let address = listen(&server).await;
    let (mut leaving, target) = session(address).await;
    let (mut other, other_target) = session(address).await;
    server.broadcast("0123456789".repeat(80_000));
    leaving.send(get(&target).replacen("\r\n", "\r\nAccept-Encoding: gzip\r\n", 1)).await;
    leaving.reset();
    assert_eq!(other.get(&other_target).await.expect(200).body.len(), 800_001);
    other.post(&other_target, "4hello").await.expect(200);
    assert_eq!(other.get(&other_target).await.expect(200).text(), "4hello");
}
