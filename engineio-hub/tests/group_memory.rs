//! What groups ask of the allocator.

mod common;

use core::task::{Context, Poll, Waker};

use bytes::Bytes;
use engineio_hub::{Answer, Framed, Group, Hub, Socket, Write};
use engineio_proto::{Instant, Message, ServerConfig};
use heap::cost;

use common::world::websocket_request;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

const MEMBERS: usize = 100;

/// Carries nothing by itself.
fn connect(hub: &Hub) -> (Framed, Socket) {
    let cx = &mut Context::from_waker(Waker::noop());
    let request = websocket_request("EIO=4&transport=websocket").body(()).unwrap();
    let mut seat = hub.admit(&request.into_parts().0).unwrap();
    let Poll::Ready(Some(incoming)) = hub.poll_incoming(cx) else { panic!("nobody came") };
    let socket = incoming.accept().unwrap();
    let Poll::Ready(Answer::Upgrade(_, mut framed)) = seat.poll_answer(cx) else {
        panic!("a 101 was expected")
    };
    flush(&mut framed);
    (framed, socket)
}

fn flush(framed: &mut Framed) {
    let cx = &mut Context::from_waker(Waker::noop());
    while let Poll::Ready(Write::Bytes(bytes)) = framed.poll_write(cx) {
        let count = bytes.iter().map(|it| it.len()).sum();
        framed.written(count);
    }
    assert!(framed.poll_read(cx).is_ready());
}

fn world() -> (Hub, Vec<(Framed, Socket)>) {
    let hub = Hub::new(ServerConfig::default(), || Instant::ZERO, Box::new(()));
    let all = (0..MEMBERS).map(|_| connect(&hub)).collect();
    (hub, all)
}

#[test]
fn send_to_a_hundred_asks_for_nothing_but_the_message() {
    let (hub, mut all) = world();
    let room: Group = hub.sessions().group("room");
    for (_, socket) in &all {
        assert!(room.join(socket.sid()));
    }
    let message = Message::from(Bytes::from(vec![7; 16 << 10]));
    let mut send = |room: &Group| {
        let ((), used) = cost(|| room.send(message.clone()));
        all.iter_mut().for_each(|(framed, _)| flush(framed));
        used.allocations
    };
    // Queues and the list of members, which stay.
    send(&room);
    send(&room);
    assert_eq!(send(&room), 0);
    // The name of the handle, to look for the group.
    let ((), used) = cost(|| drop(hub.sessions().group("room")));
    assert!(used.allocations <= 1, "{}", used.allocations);
}

#[test]
fn groups_without_members_take_no_memory() {
    let (hub, all) = world();
    let sessions = hub.sessions();
    let in_and_out = || {
        for number in 0..1000 {
            let room = sessions.group(format!("room {number}"));
            for (_, socket) in all.iter().take(2) {
                assert!(room.join(socket.sid()));
            }
        }
        let peak = heap::live();
        for number in 0..1000 {
            let room = sessions.group(format!("room {number}"));
            for (_, socket) in all.iter().take(2) {
                assert!(room.leave(socket.sid()));
            }
        }
        peak
    };
    // The map of groups keeps room for a few in each of its shards.
    in_and_out();
    let before = heap::live();
    let peak = in_and_out();
    let each = (peak - before) / 1000;
    println!("a group of two: {each} bytes");
    assert!(each <= 512, "{each}");
    // Where a map has grown to may differ a little.
    let left = heap::live() - before;
    assert!(left < 4096, "{left}");
}
