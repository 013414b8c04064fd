//! How long one connection goes on before others have their turn.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use engineio_hub::http1::ServerConnection;
use engineio_hub::{LONGEST_READ, Wire, Write};

use crate::client::{count, get, mirror, settings};
use crate::common::world::World;

/// Carries a connection whose client sends these pieces and nothing more. Gives what was written in
/// each of its turns.
fn turns(pieces: &[impl AsRef<[u8]>]) -> Vec<String> {
    let world = World::new();
    let settings = Arc::new(settings(Some(mirror())));
    let mut connection = ServerConnection::new(&world.hub, &settings, None);
    let mut cx = Context::from_waker(Waker::noop());
    let mut pieces = pieces.iter();
    let mut scratch = vec![0; LONGEST_READ];
    let mut turns = vec![Vec::new()];
    loop {
        while let Poll::Ready(write) = connection.poll_write(&mut cx) {
            let Write::Bytes(parts) = write else { panic!("it goes on, without {write:?}") };
            let bytes = parts.concat();
            connection.written(bytes.len());
            turns.last_mut().unwrap().extend(bytes);
        }
        let read = |_: &mut Context<'_>, free: &mut [u8]| {
            let Some(piece) = pieces.next() else { return Poll::Pending };
            let piece = piece.as_ref();
            free[..piece.len()].copy_from_slice(piece);
            Poll::Ready(Ok::<_, Infallible>(piece.len()))
        };
        if connection.poll_receive(&mut cx, &mut scratch, read).is_pending() {
            return turns.into_iter().map(|turn| String::from_utf8(turn).unwrap()).collect();
        }
        if connection.is_turn_over() {
            turns.push(Vec::new());
        }
    }
}

#[test]
fn turn_ends_after_sixteen_answers() {
    let turns = turns(&[get("/").repeat(40)]);
    let counts: Vec<_> = turns.iter().map(|turn| count(turn)).collect();
    assert_eq!(counts, [16, 16, 8]);
}

#[test]
fn turn_ends_after_sixteen_reads() {
    let request = get("/");
    let pieces: Vec<_> = request.as_bytes().chunks(1).collect();
    let turns = turns(&pieces);
    let counts: Vec<_> = turns.iter().map(|turn| count(turn)).collect();
    let mut expected = vec![0; pieces.len() / 16];
    expected.push(1);
    assert_eq!(counts, expected);
}
