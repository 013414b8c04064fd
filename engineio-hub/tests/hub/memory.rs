//! What all clients together can make the server hold.

use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use bytes::Bytes;
use engineio_hub::{Answer, Seat};
use engineio_proto::{Cors, Message, Packet, Revision, ServerCloseReason, ServerConfigBuilder};
use http::Response;

use crate::common::polling::{Polling, pong};
use crate::common::websocket::{BINARY, Seen, WebSocket, masked};
use crate::common::world::{World, request};

const KIB: usize = 1 << 10;

/// Of a small server.
const MAX: usize = 256 * KIB;

/// The largest message of its clients.
const LARGE: usize = 60 * KIB;

fn small(config: ServerConfigBuilder) -> ServerConfigBuilder {
    let cors = Cors::List(vec!["http://page.test".into()]);
    config.max_memory(MAX).max_payload(64 * KIB).cors(cors)
}

/// A POST of which a part has come.
fn post(world: &World, sid: &str, length: usize, part: usize) -> Seat<u32> {
    let query = format!("EIO=4&transport=polling&sid={sid}");
    let head = request("POST", &query)
        .header("content-length", length)
        .header("origin", "http://page.test")
        .body(())
        .unwrap();
    let mut seat = world.hub.admit(&head.into_parts().0).unwrap();
    for start in (0..part).step_by(KIB) {
        seat.data(Bytes::from(vec![b'4'; KIB.min(part - start)]));
    }
    seat
}

async fn answer(seat: &mut Seat<u32>) -> Response<Bytes> {
    match poll_fn(|cx| seat.poll_answer(cx)).await {
        Answer::Respond { response, .. } => response,
        other => panic!("an answer was expected, not {other:?}"),
    }
}

fn has_answer(seat: &mut Seat<u32>) -> bool {
    seat.poll_answer(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Bodies that stop before their last byte, until there is no memory left for more.
async fn fill_with_bodies(world: &World) -> Vec<Seat<u32>> {
    let mut seats = Vec::new();
    for _ in 0..10 {
        let sid = Polling::open(world).await.sid().to_owned();
        let mut seat = post(world, &sid, LARGE, LARGE - 1);
        if has_answer(&mut seat) {
            return seats;
        }
        seats.push(seat);
    }
    panic!("{} are counted", world.hub.memory_held());
}

/// A WebSocket that has sent all but the last byte of a message.
async fn half_sent(world: &World) -> WebSocket {
    let socket = WebSocket::open(world).await;
    let frame = masked(BINARY, &[7; LARGE]);
    let writer = socket.writer();
    world.spawn(async move {
        let _ = writer.end.write(&frame[..frame.len() - 1]).await;
    });
    world.settle().await;
    socket
}

async fn fill_with_messages(world: &World) -> Vec<WebSocket> {
    let mut sockets = Vec::new();
    while world.hub.memory_held() <= MAX {
        sockets.push(half_sent(world).await);
        assert!(sockets.len() < 10, "{} are counted", world.hub.memory_held());
    }
    sockets
}

#[test]
fn small_messages_are_not_counted() {
    let world = World::with(small);
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut socket = WebSocket::open(&app).await;
        let mut polling = Polling::open(&app).await;
        for _ in 0..20 {
            socket.say("small").await;
            assert_eq!(socket.message().await, "small".into());
            polling.send("small").await;
            assert_eq!(app.hub.memory_held(), 0);
            assert_eq!(polling.message().await, "small".into());
        }
        assert_eq!(app.hub.memory_held(), 0);
    });
}

#[test]
fn large_body_without_memory_is_refused_with_retry_after() {
    let world = World::with(small);
    world.echo();
    let app = world.clone();
    world.run(async move {
        let late = Polling::open(&app).await.sid().to_owned();
        let _held = fill_with_bodies(&app).await;
        // Known from its length.
        let mut early = post(&app, &late, LARGE, 0);
        let refused = answer(&mut early).await;
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "5");
        assert_eq!(refused.headers()["access-control-allow-origin"], "http://page.test");
        assert_eq!(app.log.refusals()[0], "warn POST /engine.io unknown memory");
        assert!(app.hub.sessions().len() > 1, "the session goes on");
        // Handshakes go on, and small messages.
        let mut other = Polling::open(&app).await;
        other.send("small").await;
        assert_eq!(other.message().await, "small".into());
    });
}

#[test]
fn body_that_grows_without_memory_is_refused_and_its_session_goes_on() {
    let world = World::with(small);
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut polling = Polling::open(&app).await;
        let mut growing = post(&app, polling.sid(), LARGE, KIB);
        let held = fill_with_bodies(&app).await;
        assert!(!has_answer(&mut growing));
        for _ in 0..4 {
            growing.data(Bytes::from(vec![b'4'; KIB]));
        }
        assert_eq!(answer(&mut growing).await.status(), 503);
        drop(held);
        polling.send("again").await;
        assert_eq!(polling.message().await, "again".into());
    });
}

#[test]
fn heartbeats_find_memory_where_messages_do_not() {
    let world = World::with(small);
    let app = world.clone();
    world.run(async move {
        let call = app.get("EIO=4&transport=polling");
        let _unread = app.accept().await;
        let polling = Polling::opened(&app, Revision::V4, call.response().await);
        polling.send("a".repeat(10 * KIB)).await;
        app.echo();
        let _held = fill_with_bodies(&app).await;
        assert_eq!(polling.post(&[Packet::Message("b".repeat(KIB).into())]).await, 503);
        assert_eq!(polling.post(&[pong()]).await, 200);
    });
}

#[test]
fn websocket_that_holds_much_is_not_read_until_there_is_memory_again() {
    let world = World::with(small);
    world.echo();
    world.set_capacity(KIB);
    let app = world.clone();
    world.run(async move {
        let mut slow = WebSocket::open(&app).await;
        let frame = masked(BINARY, &[7; 20 * KIB]);
        slow.end.write(&frame[..10 * KIB]).await.unwrap();
        app.settle().await;
        let before = app.hub.memory_held();
        assert!((4 * KIB..40 * KIB).contains(&before), "{before}");
        let held = fill_with_bodies(&app).await;
        let rest = slow.writer();
        let writing = app.spawn(async move { rest.end.write(&frame[10 * KIB..]).await.unwrap() });
        app.settle().await;
        assert!(!writing.is_done(), "nobody reads it");
        drop(held);
        let message = slow.message().await;
        assert_eq!(message.len(), 20 * KIB);
        assert!(writing.is_done());
        assert_eq!(app.hub.memory_held(), 0);
    });
}

#[test]
fn websocket_that_probes_waits_for_memory_without_spinning() {
    let world = World::with(small);
    let app = world.clone();
    world.run(async move {
        let call = app.get("EIO=4&transport=polling");
        let socket = app.accept().await;
        let polling = Polling::opened(&app, Revision::V4, call.response().await);
        socket.send("x".repeat(10 * KIB)).await.unwrap();
        app.echo();
        let held = fill_with_bodies(&app).await;
        let mut probe = polling.websocket().await;
        app.settle().await;
        let polls = app.executor.polls();
        probe.send(Packet::Ping("probe".into())).await;
        app.sleep(Duration::from_millis(500)).await;
        assert!(app.executor.polls() - polls < 20, "{}", app.executor.polls() - polls);
        drop(held);
        assert_eq!(probe.packet().await, Packet::Pong("probe".into()));
    });
}

#[test]
fn small_messages_go_on_while_others_hold_all_memory() {
    let world = World::with(small);
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut good = WebSocket::open(&app).await;
        let mut polling = Polling::open(&app).await;
        let _held = fill_with_messages(&app).await;
        for _ in 0..20 {
            good.say("a".repeat(KIB)).await;
            assert_eq!(good.message().await.len(), KIB);
            polling.send("b".repeat(KIB)).await;
            assert_eq!(polling.message().await.len(), KIB);
        }
        assert!(app.hub.memory_held() > MAX);
        assert!(app.elapsed() < Duration::from_secs(1));
    });
}

#[test]
fn largest_that_did_not_get_on_are_ended_first_and_their_memory_is_there_at_once() {
    let world = World::with(small);
    world.echo();
    let app = world.clone();
    world.run(async move {
        let small = WebSocket::open(&app).await;
        small.end.write(&masked(BINARY, &[7; 20 * KIB])[..10 * KIB]).await.unwrap();
        let mut large = fill_with_messages(&app).await;
        assert_eq!(app.log.count("memory exceeded"), 1, "{:?}", app.log.lines());
        app.sleep(Duration::from_secs(2)).await;
        // An eighth is free again.
        assert!(app.hub.memory_held() <= MAX / 8 * 7, "{}", app.hub.memory_held());
        assert_eq!(app.log.count("closed Overloaded"), 2);
        assert_eq!(app.hub.sessions().len(), large.len() - 1);
        let mut ended = 0;
        for socket in &mut large {
            let mut next = pin!(socket.next());
            let seen = poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await;
            ended += u32::from(matches!(seen, Poll::Ready(Seen::Close(Some(1008)))));
        }
        assert_eq!(ended, 2, "the small one isn't among them");
        // It is enough: nobody else is ended.
        app.sleep(Duration::from_secs(10)).await;
        assert_eq!(app.log.count("closed"), 2);
        // The rest of its message comes to nothing, and leaves nothing.
        drop((large, small));
        app.settle().await;
        assert_eq!(app.hub.memory_held(), 0);
    });
}

#[test]
fn ended_post_hears_why() {
    let world = World::with(small);
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut held = fill_with_bodies(&app).await;
        app.sleep(Duration::from_millis(1500)).await;
        let mut statuses = Vec::new();
        for seat in &mut held {
            if let Poll::Ready(Answer::Respond { response, .. }) =
                seat.poll_answer(&mut Context::from_waker(Waker::noop()))
            {
                assert_eq!(response.headers()["retry-after"], "5");
                statuses.push(response.status().as_u16());
            }
        }
        assert_eq!(statuses, [503]);
        assert_eq!(app.log.count("closed Overloaded"), 1);
        assert_eq!(app.log.refusals()[0], "warn POST /engine.io unknown memory");
    });
}

#[test]
fn reader_that_never_reads_is_ended_before_one_that_reads_slowly() {
    let world =
        World::with(|config| small(config).outbox_high_water(100 * KIB).outbox_low_water(KIB));
    let app = world.clone();
    world.run(async move {
        let mut sockets = Vec::new();
        for _ in 0..4 {
            let call = app.websocket("EIO=4&transport=websocket");
            let socket = app.accept().await;
            let peer = WebSocket::new(Revision::V4, call.upgraded().await);
            sockets.push((socket, peer));
        }
        let slow = sockets[0].1.writer();
        let reading = app.clone();
        app.spawn(async move {
            let mut bytes = [0; KIB];
            loop {
                reading.sleep(Duration::from_millis(100)).await;
                let _ = slow.end.read(&mut bytes).await;
            }
        });
        for (socket, _) in &sockets {
            let message = Message::from(Bytes::from(vec![7; 10 * KIB]));
            while socket.try_send(message.clone()).is_ok() {}
        }
        app.settle().await;
        assert!(app.hub.memory_held() > MAX);
        app.sleep(Duration::from_millis(3500)).await;
        assert!(app.hub.memory_held() < MAX);
        let reasons: Vec<_> = sockets.iter().map(|(socket, _)| socket.close_reason()).collect();
        assert_eq!(reasons[0], None);
        assert!(reasons.contains(&Some(ServerCloseReason::Overloaded)), "{reasons:?}");
    });
}

#[test]
fn messages_that_the_application_does_not_read_count_until_it_has() {
    let world = World::with(small);
    let app = world.clone();
    world.run(async move {
        let call = app.get("EIO=4&transport=polling");
        let mut socket = app.accept().await;
        let polling = Polling::opened(&app, Revision::V4, call.response().await);
        polling.send("a".repeat(LARGE)).await;
        assert!(app.hub.memory_held() > LARGE - 8 * KIB);
        assert_eq!(socket.recv().await.map(|message| message.len()), Some(LARGE));
        let nothing = pin!(socket.recv());
        assert!(nothing.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(app.hub.memory_held(), 0);
    });
}

#[test]
fn everything_is_given_back_when_sessions_end() {
    let world = World::with(|config| small(config).max_memory(8 << 20));
    let app = world.clone();
    world.run(async move {
        for _ in 0..3 {
            let call = app.websocket("EIO=4&transport=websocket");
            let socket = app.accept().await;
            let peer = WebSocket::new(Revision::V4, call.upgraded().await);
            while socket.try_send("x".repeat(KIB)).is_ok() {}
            let frame = masked(BINARY, &[7; LARGE]);
            peer.end.write(&frame[..frame.len() - 1]).await.unwrap();
            let call = app.get("EIO=4&transport=polling");
            let other = app.accept().await;
            let polling = Polling::opened(&app, Revision::V4, call.response().await);
            while other.try_send("x".repeat(KIB)).is_ok() {}
            let seat = post(&app, polling.sid(), LARGE, LARGE - 1);
            app.settle().await;
            assert!(app.hub.memory_held() > 2 << 20);
            drop((peer, seat));
            app.settle().await;
            drop((socket, other));
            app.settle().await;
            assert_eq!(app.hub.memory_held(), 0, "{:?}", app.log.lines());
        }
    });
}

#[test]
fn session_that_waits_for_memory_does_not_miss_its_heartbeat() {
    let world = World::with(|config| small(config).stall_timeout(Duration::from_secs(3600)));
    let app = world.clone();
    world.run(async move {
        // An application that is slow, but not as slow as others.
        let call = app.websocket("EIO=4&transport=websocket");
        let mut socket = app.accept().await;
        let mut peer = WebSocket::new(Revision::V4, call.upgraded().await);
        assert!(matches!(peer.packet().await, Packet::Open(_)));
        peer.say("a".repeat(3 * KIB)).await;
        peer.say("a".repeat(3 * KIB)).await;
        app.settle().await;
        app.spawn(async move {
            peer.message().await;
        });
        let others = app.clone();
        app.echo();
        app.spawn(async move {
            // New ones again and again.
            let mut held = Vec::new();
            for _ in 0..70 {
                held.extend(fill_with_messages(&others).await);
                others.sleep(Duration::from_secs(1)).await;
            }
        });
        app.sleep(Duration::from_secs(60)).await;
        assert_eq!(socket.close_reason(), None);
        assert!(socket.recv().await.is_some());
        assert!(socket.recv().await.is_some());
    });
}

#[test]
fn answer_counts_until_it_is_written() {
    let world = World::with(small);
    let client = world.clone();
    world.run(async move {
        let call = client.get("EIO=4&transport=polling");
        let socket = client.accept().await;
        let polling = Polling::opened(&client, Revision::V4, call.response().await);
        socket.try_send("a".repeat(LARGE)).unwrap();
        let query = format!("EIO=4&transport=polling&sid={}", polling.sid());
        let head = request("GET", &query).body(()).unwrap().into_parts().0;
        let mut seat = client.hub.admit(&head).unwrap();
        let response = answer(&mut seat).await;
        drop(seat);
        assert!(client.hub.memory_held() > LARGE - 8 * KIB);
        let (_, body) = response.into_parts();
        let rest = body.slice_ref(&body[LARGE / 2..]);
        drop(body);
        assert!(client.hub.memory_held() > LARGE - 8 * KIB, "a part of it is under way");
        drop(rest);
        assert_eq!(client.hub.memory_held(), 0);
        socket.close();
    });
}
