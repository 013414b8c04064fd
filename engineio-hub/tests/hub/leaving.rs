//! A node closes through which polls and WebSockets of other nodes' sessions pass.

use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex};

use engineio_hub::Forward;
use engineio_hub::cluster::{Cluster, Directory, Locating, Nodes};
use engineio_proto::{Instant, NodeTag, Packet, Revision, ServerCloseReason};
use http::Response;
use http::request::Builder;

use crate::common::polling::{Polling, packets};
use crate::common::websocket::{CLOSE, Seen, WebSocket, masked};
use crate::common::world::{World, request, websocket_request};

const POLL: &str = "EIO=4&transport=polling&sid=n2.somebody";
const WEBSOCKET: &str = "EIO=4&transport=websocket&sid=n2.somebody";

const SECOND: Duration = Duration::from_secs(1);

fn tag(text: &str) -> NodeTag {
    text.parse().unwrap()
}

/// A world of the node `n1`, which knows the node `n2`.
fn node() -> World {
    let world = World::with(|config| config.node(tag("n1")));
    let place = "http://n2.test:3000/live".parse().unwrap();
    world.hub.join(Cluster::new(Nodes::fixed([(tag("n2"), place)])));
    world
}

/// What is forwarded of this request.
fn forward(world: &World, request: Builder) -> Forward {
    let head = request.body(()).unwrap().into_parts().0;
    world.hub.admit(&head).unwrap().forward().unwrap()
}

fn poll(world: &World) -> Forward {
    forward(world, request("GET", POLL))
}

/// A WebSocket that passes through.
fn tunnel(world: &World) -> Forward {
    let mut forward = forward(world, websocket_request(WEBSOCKET));
    switch(&mut forward);
    forward
}

fn switch(forward: &mut Forward) {
    let switched = Response::builder().status(101).body(()).unwrap();
    forward.switch(switched.into_parts().0).unwrap();
}

async fn left(forward: &Forward) {
    poll_fn(|cx| forward.poll_leave(cx)).await;
}

#[test]
fn polls_and_websockets_leave_one_after_the_other_while_the_node_drains() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        let times: Arc<Mutex<Vec<u64>>> = Arc::default();
        for forward in [poll(&client), tunnel(&client), tunnel(&client), poll(&client)] {
            let (clock, times) = (client.clone(), Arc::clone(&times));
            client.spawn(async move {
                left(&forward).await;
                times.lock().unwrap().push(clock.elapsed().as_secs());
            });
        }
        client.sleep(SECOND).await;
        assert!(times.lock().unwrap().is_empty());
        client.hub.drain(80 * SECOND);
        poll_fn(|cx| client.hub.poll_forwarded(cx)).await;
        client.settle().await;
        assert_eq!(*times.lock().unwrap(), [11, 21, 31, 41]);
    });
}

#[test]
fn sessions_of_a_node_and_what_passes_through_it_share_the_time() {
    let world = node();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let passing = tunnel(&client);
        let mut own = WebSocket::open(&client).await;
        client.hub.drain(8 * SECOND);
        assert_eq!(own.packet().await, Packet::Close);
        assert_eq!(client.elapsed(), Duration::ZERO);
        left(&passing).await;
        assert_eq!(client.elapsed(), 4 * SECOND);
    });
}

#[test]
fn post_does_not_leave_before_its_answer() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        let post = forward(&client, request("POST", POLL));
        client.hub.close(SECOND);
        let over = client.spawn(async move { left(&post).await });
        client.sleep(10 * SECOND).await;
        assert!(!over.is_done());
        over.abort();
    });
}

#[test]
fn websocket_leaves_only_once_it_is_one() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        let mut websocket = forward(&client, websocket_request(WEBSOCKET));
        client.hub.close(SECOND);
        client.sleep(SECOND).await;
        assert!(poll_fn(|cx| Poll::Ready(websocket.poll_leave(cx))).await.is_pending());
        switch(&mut websocket);
        left(&websocket).await;
        assert_eq!(client.elapsed(), SECOND);
    });
}

#[test]
fn poll_that_comes_while_the_node_closes_leaves_a_moment_later_and_in_time() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        client.hub.drain(80 * SECOND);
        // An eighth of the time after it came, but before the last quarter begins.
        for (comes, leaves) in [(0, 10), (20, 30), (45, 50), (55, 55), (90, 90)] {
            client.time.sleep_until(Instant::ZERO + comes * SECOND).await;
            left(&poll(&client)).await;
            assert_eq!(client.elapsed().as_secs(), leaves, "came at {comes} s");
        }
    });
}

#[test]
fn websocket_of_another_nodes_session_is_refused_while_the_node_closes() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        client.hub.drain(SECOND);
        let response = client.websocket(WEBSOCKET).response().await;
        assert_eq!(
            (response.status(), &response.headers()["retry-after"]),
            (503.try_into().unwrap(), &"5".parse().unwrap())
        );
        assert_eq!(client.hub.forwards(), 0);
    });
    assert_eq!(world.log.refusals(), ["debug GET /engine.io unknown closing"]);
}

#[test]
fn answers_that_pass_through_a_node_that_closes_end_the_clients_connections() {
    let world = node();
    let answered = |forward: &Forward| {
        let mut head =
            Response::builder().header("connection", "keep-alive").body(()).unwrap().into_parts().0;
        forward.answer(&mut head);
        head.headers.get("connection").map(|value| value.to_str().unwrap().to_owned())
    };
    let one = poll(&world);
    let over_http2 = forward(&world, request("GET", POLL).version(http::Version::HTTP_2));
    assert_eq!(answered(&one), None);
    world.hub.close(SECOND);
    assert_eq!(answered(&one).as_deref(), Some("close"));
    // It has no such header, and is told to end in another way.
    assert_eq!(answered(&over_http2), None);
}

#[test]
fn farewell_names_the_session_and_nothing_else_of_the_request() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        let farewell = async |request: Builder| forward(&client, request).farewell(pending()).await;
        let asked = websocket_request(&format!("token=secret&{WEBSOCKET}&t=1"));
        let head = farewell(asked.header("cookie", "a=b")).await.unwrap();
        assert_eq!(head.method, "DELETE");
        let target = format!("http://n2.test:3000/live/engine.io/?{WEBSOCKET}");
        assert_eq!(head.uri.to_string(), target);
        let headers: Vec<_> = head.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            (headers, head.headers["engineio-hop"].as_bytes()),
            (vec!["engineio-hop"], &b"n1"[..])
        );
        // Nobody keeps that much.
        let long = format!("{POLL}{}", "x".repeat(500));
        assert!(farewell(request("GET", &long)).await.is_none());
        // Nobody knows this node.
        let unknown = POLL.replace("n2", "n3");
        assert!(farewell(request("GET", &unknown)).await.is_none());
    });
}

/// The request by which another node asks to let a poll or WebSocket leave it.
fn farewell(transport: &str, sid: &str) -> Builder {
    let query = format!("EIO=4&transport={transport}&sid={sid}");
    request("DELETE", &query).header("engineio-hop", "n2")
}

async fn answer(world: &World, request: Builder) -> u16 {
    world.begin(request.body(()).unwrap()).status().await
}

#[test]
fn session_whose_websocket_has_to_leave_a_node_is_flushed_and_closed() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let end = app.websocket("EIO=4&transport=websocket");
        let socket = app.accept().await;
        let mut peer = WebSocket::new(Revision::V4, end.upgraded().await);
        peer.packet().await;
        for number in 0..100 {
            socket.try_send(format!("{number}")).unwrap();
        }
        assert_eq!(answer(&app, farewell("websocket", socket.sid().as_str())).await, 204);
        assert_eq!(socket.try_send("late").unwrap_err().to_string(), "the session is closed");
        for number in 0..100 {
            assert_eq!(peer.message().await, format!("{number}").into());
        }
        assert_eq!(peer.packet().await, Packet::Close);
        assert_eq!(peer.next().await, Seen::Close(Some(1001)));
        peer.end.write(&masked(CLOSE, &1001_u16.to_be_bytes())).await.unwrap();
        assert_eq!(peer.next().await, Seen::End);
        assert_eq!(socket.closed().await, ServerCloseReason::Shutdown);
        assert!(!app.hub.is_closing());
    });
}

#[test]
fn session_whose_websocket_still_probes_is_closed_as_well() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        let probe = polling.websocket().await;
        assert_eq!(answer(&client, farewell("websocket", polling.sid())).await, 204);
        assert_eq!(polling.poll().await, [Packet::Close]);
        drop(probe);
    });
    assert_eq!(world.log.count("closed Shutdown"), 1);
}

#[test]
fn poll_that_has_to_leave_a_node_is_answered_and_the_session_goes_on() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let mut polling = Polling::open(&client).await;
        let waiting = polling.get();
        client.settle().await;
        assert_eq!(answer(&client, farewell("polling", polling.sid())).await, 204);
        let answered = packets(Revision::V4, waiting.response().await);
        assert_eq!(answered, [Packet::Noop]);
        // The WebSocket is gone already, so nothing has to leave.
        assert_eq!(answer(&client, farewell("websocket", polling.sid())).await, 204);
        polling.send("hello").await;
        assert_eq!(polling.message().await, "hello".into());
    });
    assert_eq!(world.log.count("closed"), 0);
}

#[test]
fn session_on_a_websocket_has_no_poll_that_could_leave() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let (mut peer, sid) = WebSocket::open_with_sid(&client).await;
        assert_eq!(answer(&client, farewell("polling", sid.as_str())).await, 204);
        peer.say("hello").await;
        assert_eq!(peer.message().await, "hello".into());
    });
}

#[test]
fn farewell_to_a_session_that_is_gone_is_nothing_to_log() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        for sid in ["n1.somebody", "n2.somebody", "somebody"] {
            for transport in ["polling", "websocket"] {
                assert_eq!(answer(&client, farewell(transport, sid)).await, 204);
            }
        }
    });
    assert!(world.log.lines().is_empty());
}

#[test]
fn delete_that_no_node_sends_is_refused() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let (mut peer, sid) = WebSocket::open_with_sid(&client).await;
        let query = format!("EIO=4&transport=websocket&sid={}", sid.as_str());
        assert_eq!(answer(&client, request("DELETE", &query)).await, 405);
        let without = request("DELETE", "EIO=4&transport=polling").header("engineio-hop", "n2");
        assert_eq!(answer(&client, without).await, 400);
        peer.say("hello").await;
        assert_eq!(peer.message().await, "hello".into());
    });
}

#[test]
fn node_that_stopped_waiting_for_a_directory_says_no_farewell() {
    let world = World::with(|config| config.node(tag("n1")));
    world.hub.join(Cluster::new(Unknowing));
    let client = world.clone();
    world.run(async move {
        assert!(poll(&client).farewell(ready(())).await.is_none());
    });
}

/// Finds nothing out.
struct Unknowing;

impl Directory for Unknowing {
    fn locate<'a>(&'a self, _node: &'a NodeTag) -> Locating<'a> {
        Box::pin(pending())
    }
}
