//! The memory of an idle session.

mod common;

use core::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use engineio_hub::{Answer, Framed, Seat, Socket, Write};
use engineio_proto::{BinaryEncoding, Message, Packet, Revision, encode_frame};
use http::request::Builder;

use common::websocket::{BINARY, TEXT, masked};
use common::world::{World, request, websocket_request};

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

const SESSIONS: usize = 1000;
const MEBIBYTE: Bytes = Bytes::from_static(&[7; 1 << 20]);

/// Serves without a task or a stream, so that only the hub's memory is counted.
async fn answer(world: &World, request: Builder) -> Answer {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let mut seat = world.hub.admit(&parts).unwrap();
    drop(parts);
    poll_fn(|cx| seat.poll_answer(cx)).await
}

fn flush(framed: &mut Framed) -> usize {
    let mut cx = core::task::Context::from_waker(core::task::Waker::noop());
    let mut written = 0;
    while let core::task::Poll::Ready(Write::Bytes(bytes)) = framed.poll_write(&mut cx) {
        let count = bytes.concat().len();
        framed.written(count);
        written += count;
    }
    written
}

fn world() -> World {
    World::with(|config| config.max_payload(2 << 20))
}

async fn open_websocket(world: &World) -> (Framed, Socket<u32>) {
    let call = answer(world, websocket_request("EIO=4&transport=websocket"));
    let accepting = world.accept();
    let (answer, socket) = both(call, accepting).await;
    let Answer::Upgrade(_, mut framed) = answer else { panic!("a 101 was expected") };
    flush(&mut framed);
    (framed, socket)
}

async fn both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    let (mut one, mut other) = (Box::pin(one), Box::pin(other));
    let (mut a, mut b) = (None, None);
    poll_fn(|cx| {
        if a.is_none()
            && let core::task::Poll::Ready(value) = one.as_mut().poll(cx)
        {
            a = Some(value);
        }
        if b.is_none()
            && let core::task::Poll::Ready(value) = other.as_mut().poll(cx)
        {
            b = Some(value);
        }
        if a.is_some() && b.is_some() {
            core::task::Poll::Ready((a.take().unwrap(), b.take().unwrap()))
        } else {
            core::task::Poll::Pending
        }
    })
    .await
}

/// Waits for a message as an idle application does.
fn listen(socket: &mut Socket<u32>) {
    let mut cx = core::task::Context::from_waker(core::task::Waker::noop());
    assert!(socket.poll_recv(&mut cx).is_pending());
}

#[test]
fn idle_websocket_session_costs_at_most_four_kibibytes() {
    let world = world();
    let app = world.clone();
    world.run(async move {
        let mut all = Vec::with_capacity(SESSIONS);
        let before = heap::live();
        for _ in 0..SESSIONS {
            let (framed, mut socket) = open_websocket(&app).await;
            listen(&mut socket);
            all.push((framed, socket));
        }
        // The handshake's own deadline passes.
        app.sleep(core::time::Duration::from_secs(11)).await;
        let inline = size_of::<Framed>() + size_of::<Socket<u32>>();
        let each = (heap::live() - before) / SESSIONS as isize + inline as isize;
        println!("an idle WebSocket session: {each} bytes, of them {inline} in its two handles");
        assert!(each <= 4096, "{each}");

        let large = Message::from(MEBIBYTE);
        let frame = encode_frame(Revision::V4, Packet::Message(large.clone()), BinaryEncoding::Raw);
        let frame = masked(BINARY, &frame.parts().concat());
        for (framed, socket) in &mut all {
            for chunk in frame.chunks(16 << 10) {
                framed.received(chunk);
            }
            assert_eq!(socket.recv().await, Some(large.clone()));
            socket.send(large.clone()).await.unwrap();
            assert_eq!(flush(framed), MEBIBYTE.len() + 10);
            listen(socket);
        }
        drop((frame, large));
        let each = (heap::live() - before) / SESSIONS as isize + inline as isize;
        println!("after 1 MiB each way: {each} bytes");
        assert!(each <= 4096, "{each}");
    });
}

/// What stays is a note of the task that receives.
#[test]
fn websocket_session_that_has_echoed_costs_hardly_more_than_before() {
    let world = world();
    let app = world.clone();
    world.run(async move {
        let mut all = Vec::with_capacity(SESSIONS);
        for _ in 0..SESSIONS {
            let (framed, mut socket) = open_websocket(&app).await;
            listen(&mut socket);
            all.push((framed, socket));
        }
        let before = heap::live();
        let frame = masked(TEXT, b"4hello");
        for (framed, socket) in &mut all {
            framed.received(&frame);
            let message = socket.recv().await.unwrap();
            socket.send(message).await.unwrap();
            assert_eq!(flush(framed), 8);
            listen(socket);
        }
        let more = (heap::live() - before) / SESSIONS as isize;
        println!("an echo leaves {more} bytes");
        assert!(more <= 128, "{more}");
    });
}

#[test]
fn idle_polling_session_costs_at_most_four_kibibytes() {
    let world = world();
    let app = world.clone();
    world.run(async move {
        let mut all: Vec<(Option<Seat<u32>>, Socket<u32>)> = Vec::with_capacity(SESSIONS);
        let before = heap::live();
        for _ in 0..SESSIONS {
            let (answer, mut socket) =
                both(answer(&app, request("GET", "EIO=4&transport=polling")), app.accept()).await;
            drop(answer);
            listen(&mut socket);
            all.push((None, socket));
        }
        app.sleep(core::time::Duration::from_secs(11)).await;
        let each = (heap::live() - before) / SESSIONS as isize + size_of::<Socket<u32>>() as isize;
        println!("a polling session between two polls: {each} bytes");
        assert!(each <= 4096, "{each}");

        let waker = Arc::new(core::task::Waker::noop().clone());
        for (seat, socket) in &mut all {
            let query = format!("EIO=4&transport=polling&sid={}", socket.sid().as_str());
            let (parts, ()) = request("GET", &query).body(()).unwrap().into_parts();
            let mut waiting = app.hub.admit(&parts).unwrap();
            let mut cx = core::task::Context::from_waker(&waker);
            assert!(waiting.poll_answer(&mut cx).is_pending());
            *seat = Some(waiting);
        }
        let inline = size_of::<Seat<u32>>() + size_of::<Socket<u32>>();
        let each = (heap::live() - before) / SESSIONS as isize + inline as isize;
        println!("a polling session while it polls: {each} bytes, of them {inline} in its handles");
        assert!(each <= 4096, "{each}");
    });
}
