//! Handshakes: from the request to a session or a refusal.

use core::time::Duration;

use engineio_proto::{Message, Packet, Revision, Sid};

use crate::common::binding::Reply;
use crate::common::polling::{Polling, packets};
use crate::common::websocket::{Seen, WebSocket};
use crate::common::world::{World, request, websocket_request};

const POLLING: &str = "EIO=4&transport=polling";
const WEBSOCKET: &str = "EIO=4&transport=websocket";

#[test]
fn request_for_another_path_is_left_to_others() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let call = client.begin(http::Request::get("/").body(()).unwrap());
        assert!(matches!(call.reply().await, Reply::Foreign));
    });
}

#[test]
fn headers_and_messages_of_the_application_come_with_the_open_packet() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        for query in [POLLING, WEBSOCKET] {
            let call = if query == POLLING { client.get(query) } else { client.websocket(query) };
            let incoming = client.incoming().await.unwrap();
            assert!(incoming.response_header("x\n", "y").is_err());
            client.settle().await;
            drop(call);
        }
        for query in [POLLING, WEBSOCKET] {
            let call = if query == POLLING { client.get(query) } else { client.websocket(query) };
            let incoming = client.incoming().await.unwrap();
            assert_eq!(incoming.request().uri.query(), Some(query));
            let incoming = incoming.response_header("x-room", "7").unwrap().message("hello");
            let socket = incoming.accept_with(42).unwrap();
            assert_eq!(*socket.data(), 42);
            match call.reply().await {
                Reply::Response(response) => {
                    assert_eq!(response.headers()["x-room"], "7");
                    let all = packets(Revision::V4, response);
                    assert!(matches!(all[0], Packet::Open(_)));
                    assert_eq!(all[1], Packet::Message("hello".into()));
                }
                Reply::Upgraded(response, end) => {
                    assert_eq!(response.headers()["x-room"], "7");
                    let accept = &response.headers()["sec-websocket-accept"];
                    assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
                    let mut socket = WebSocket::new(Revision::V4, end);
                    assert!(matches!(socket.packet().await, Packet::Open(_)));
                    assert_eq!(socket.message().await, "hello".into());
                }
                Reply::Foreign => panic!("it is ours"),
            }
        }
    });
}

#[test]
fn application_refuses_with_a_status_and_a_body() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        for call in [client.get(POLLING), client.websocket(WEBSOCKET)] {
            client.incoming().await.unwrap().refuse(401, r#"{"why":"no token"}"#);
            let response = call.response().await;
            assert_eq!(response.status(), 401);
            assert_eq!(response.body(), r#"{"why":"no token"}"#);
        }
        let call = client.get(POLLING);
        drop(client.incoming().await.unwrap());
        let response = call.response().await;
        assert_eq!(response.status(), 403);
        assert_eq!(response.body(), r#"{"code":4,"message":"Forbidden"}"#);
        assert!(client.hub.sessions().is_empty());
        assert_eq!(client.log.count("refused Application"), 3);
        assert_eq!(client.log.lines().len(), 3);
    });
}

#[test]
fn client_that_leaves_before_it_is_accepted_is_no_ghost() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        for call in [client.get(POLLING), client.websocket(WEBSOCKET)] {
            client.settle().await;
            drop(call);
        }
        // Clients that left the queue aren't shown at all.
        let last = client.get(POLLING);
        let incoming = client.incoming().await.unwrap();
        drop(last);
        assert!(incoming.accept_with(0).is_none());
        assert!(client.hub.sessions().is_empty());
        assert_eq!(client.log.lines(), [""; 0]);
    });
}

#[test]
fn client_that_leaves_before_its_answer_is_no_ghost() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        for call in [client.get(POLLING), client.websocket(WEBSOCKET)] {
            let mut socket = client.accept().await;
            assert_eq!(client.hub.sessions().len(), 1);
            drop(call);
            assert!(client.hub.sessions().is_empty());
            assert_eq!(socket.recv().await, None);
        }
        assert_eq!(client.log.count("opened"), 2);
        assert_eq!(client.log.count("closed TransportLost"), 2);
        assert_eq!(client.log.lines().len(), 4);
    });
}

#[test]
fn handshake_without_a_verdict_is_answered_in_time() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let (unseen, seen) = (client.get(POLLING), client.get(POLLING));
        let incoming = client.incoming().await.unwrap();
        for call in [unseen, seen] {
            let response = call.response().await;
            assert_eq!(response.status(), 503);
            assert_eq!(response.headers()["retry-after"], "5");
        }
        assert_eq!(client.elapsed(), Duration::from_secs(10));
        assert!(incoming.accept_with(0).is_none());
        assert_eq!(client.log.lines(), ["refused NotAccepted(5)"; 2]);
        // A handshake that wasn't picked up isn't shown any more.
        let call = client.get(POLLING);
        assert!(client.incoming().await.unwrap().accept_with(0).is_some());
        assert_eq!(call.status().await, 200);
    });
}

#[test]
fn more_handshakes_than_may_wait_are_sent_away() {
    let world = World::with(|config| config.max_waiting(2));
    let client = world.clone();
    world.run(async move {
        let calls = [client.get(POLLING), client.get(POLLING)];
        client.settle().await;
        assert_eq!(client.get(POLLING).status().await, 503);
        // A decision, a client that leaves, and time make room.
        let socket = client.accept().await;
        drop(calls);
        let next = [client.get(POLLING), client.get(POLLING)];
        client.settle().await;
        assert_eq!(client.get(POLLING).status().await, 503);
        client.sleep(Duration::from_secs(10)).await;
        for call in next {
            assert_eq!(call.status().await, 503);
        }
        let call = client.get(POLLING);
        client.settle().await;
        assert_eq!(client.log.count("refused TooManyWaiting(5)"), 2);
        assert_eq!(client.log.count("refused NotAccepted(5)"), 2);
        drop((call, socket));
    });
}

#[test]
fn more_sessions_than_allowed_are_sent_away() {
    let world = World::with(|config| config.max_sessions(2));
    let client = world.clone();
    world.run(async move {
        let call = client.get(POLLING);
        let socket = client.accept().await;
        let waiting = client.get(POLLING);
        client.settle().await;
        assert_eq!(client.get(POLLING).status().await, 503);
        call.status().await;
        drop(waiting);
        let call = client.get(POLLING);
        client.settle().await;
        drop((call, socket));
    });
}

#[test]
fn sid_of_the_applications_own_is_used_once_at_a_time() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let own = Sid::from_text("node-1.first").unwrap();
        let mut sockets = Vec::new();
        for is_first in [true, false] {
            let call = client.get(POLLING);
            let incoming = client.incoming().await.unwrap();
            sockets.push(incoming.sid(own.clone()).accept_with(0).unwrap());
            let polling = Polling::opened(&client, Revision::V4, call.response().await);
            assert_eq!(polling.sid() == own.as_str(), is_first);
            polling.send("hello").await;
        }
        assert_eq!(client.hub.sessions().len(), 2);
        for socket in &mut sockets {
            assert_eq!(socket.recv().await, Some(Message::from("hello")));
        }
        assert_eq!(client.log.count("opened"), 2);
        assert_eq!(client.log.count("closed"), 0);
    });
}

#[test]
fn broken_websocket_handshake_touches_no_session() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        let own = format!("{WEBSOCKET}&sid={}", polling.sid());
        let heads = client.log.lines().len();
        for query in [WEBSOCKET, &own] {
            let without = |name| {
                let mut request = websocket_request(query).body(()).unwrap();
                request.headers_mut().remove(name);
                request
            };
            let with = |name, value: &'static str| {
                let mut request = without(name);
                request.headers_mut().insert(name, value.parse().unwrap());
                request
            };
            let broken = [
                without("sec-websocket-key"),
                with("sec-websocket-key", "short"),
                without("sec-websocket-version"),
                with("sec-websocket-version", "8"),
            ];
            for request in broken {
                let response = client.begin(request).response().await;
                assert_eq!(response.status(), 400);
                assert_eq!(response.headers()["sec-websocket-version"], "13");
            }
        }
        assert_eq!(client.log.lines()[heads..], ["refused WebSocketHandshake"; 8]);
        assert_eq!(client.hub.sessions().len(), 1);
        // The session can still be upgraded: nothing was begun.
        let (mut socket, _) = polling.upgrade().await;
        socket.say("hello").await;
        assert_eq!(socket.message().await, "hello".into());
    });
}

#[test]
fn unknown_session_is_refused_after_the_body_as_before() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let query = format!("{POLLING}&sid=nobody");
        assert_eq!(client.get(&query).status().await, 400);
        assert_eq!(client.post(&query, "4hello").status().await, 400);
        let query = format!("{WEBSOCKET}&sid=nobody");
        assert_eq!(client.websocket(&query).status().await, 400);
        let call = client.begin(request("PUT", POLLING).body(()).unwrap());
        assert_eq!(call.status().await, 400);
        assert_eq!(client.log.count("refused UnknownSession"), 3);
    });
}

#[test]
fn handshakes_that_came_before_the_application_wait_for_it() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let call = client.websocket(WEBSOCKET);
        client.sleep(Duration::from_secs(9)).await;
        let mut socket = client.accept().await;
        let mut other = WebSocket::new(Revision::V4, call.upgraded().await);
        assert!(matches!(other.packet().await, Packet::Open(_)));
        other.say("hello").await;
        assert_eq!(socket.recv().await, Some("hello".into()));
        drop(socket);
        assert_eq!(other.next().await, Seen::Packet(Packet::Close));
    });
}
