//! What an operator is told of those who are turned away.

use core::future::poll_fn;
use core::time::Duration;
use std::net::SocketAddr;

use engineio_hub::{Answer, Connection, RemoteAddr};
use engineio_proto::Packet;
use http::Request;

use crate::common::binding::Reply;
use crate::common::polling::Polling;
use crate::common::websocket::WebSocket;
use crate::common::world::{World, request, websocket_request};

const POLLING: &str = "EIO=4&transport=polling";
const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// The same request, from this address.
fn from(ip: [u8; 4], request: http::request::Builder) -> Request<()> {
    request.extension(RemoteAddr(SocketAddr::from((ip, 80)))).body(()).unwrap()
}

fn told(world: &World, refusals: &[&str]) {
    assert_eq!(world.log.refusals(), refusals);
    world.log.clear();
}

#[test]
fn first_refusal_of_a_kind_in_a_minute_is_a_warning() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let refused = async |query: &str| {
            let request = from([192, 0, 2, 1], request("GET", query));
            client.begin(request).status().await
        };
        let unknown = "EIO=4&transport=polling&sid=nobody";
        let cases = [unknown, unknown, "EIO=9&transport=polling", unknown, "transport=smoke"];
        for query in cases {
            assert_eq!(refused(query).await, 400);
        }
        told(
            &client,
            &[
                "warn GET /engine.io 192.0.2.1 unknown_session",
                "debug GET /engine.io 192.0.2.1 unknown_session",
                "warn GET /engine.io 192.0.2.1 unsupported_revision",
                "debug GET /engine.io 192.0.2.1 unknown_session",
                "warn GET /engine.io 192.0.2.1 unknown_transport",
            ],
        );
        client.sleep(Duration::from_secs(59)).await;
        refused(unknown).await;
        client.sleep(Duration::from_secs(1)).await;
        refused(unknown).await;
        refused(unknown).await;
        told(
            &client,
            &[
                "debug GET /engine.io 192.0.2.1 unknown_session",
                "warn GET /engine.io 192.0.2.1 unknown_session",
                "debug GET /engine.io 192.0.2.1 unknown_session",
            ],
        );
    });
}

#[test]
fn handshake_that_nobody_accepts_is_a_warning_of_its_own() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let call = client.begin(from([192, 0, 2, 1], request("GET", POLLING)));
        let response = call.response().await;
        assert_eq!(response.status(), 503);
        let body = r#"{"message":"The application accepted no session in time"}"#;
        assert_eq!(response.body(), body);
        assert_eq!(client.get(POLLING).status().await, 503);
        told(
            &client,
            &[
                "warn GET /engine.io 192.0.2.1 not_accepted",
                "debug GET /engine.io unknown not_accepted",
            ],
        );
    });
}

#[test]
fn client_that_gives_up_before_anybody_accepts_it_is_told_too() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let hasty = client.get(POLLING);
        client.sleep(Duration::from_millis(1999)).await;
        drop(hasty);
        told(&client, &[]);
        let patient = client.websocket(WEBSOCKET);
        client.sleep(Duration::from_secs(5)).await;
        drop(patient);
        told(&client, &["warn GET /engine.io unknown not_accepted"]);
    });
}

#[test]
fn what_the_application_wanted_is_no_warning() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let call = client.get(POLLING);
        client.incoming().await.unwrap().refuse_json(401, "who are you?");
        assert_eq!(call.status().await, 401);
        client.hub.close(Duration::ZERO);
        assert_eq!(client.get(POLLING).status().await, 503);
        told(
            &client,
            &["debug GET /engine.io unknown application", "debug GET /engine.io unknown closing"],
        );
    });
}

#[test]
fn refusals_of_a_session_are_told_with_their_causes() {
    let world = World::with(|config| config.max_payload(100));
    world.echo();
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        let sid = polling.sid().to_owned();
        let query = format!("{POLLING}&sid={sid}");
        assert_eq!(polling.post(&[Packet::Message("x".repeat(200).into())]).await, 413);
        assert_eq!(client.begin(request("PUT", &query).body(()).unwrap()).status().await, 405);
        let slow = polling.begin_post();
        assert_eq!(slow.status().await, 408);
        told(
            &client,
            &[
                "warn POST /engine.io unknown too_large",
                "warn PUT /engine.io unknown method",
                "warn POST /engine.io unknown slow_body",
            ],
        );
        let polling = Polling::open(&client).await;
        let (first, second) = (polling.get(), polling.get());
        assert_eq!((second.status().await, first.status().await), (400, 200));
        told(&client, &["warn GET /engine.io unknown overlapping_polls"]);
    });
}

#[test]
fn failed_probe_and_second_websocket_are_told_with_the_address_of_their_own_requests() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        let query = format!("{WEBSOCKET}&sid={}", polling.sid());
        let poll = polling.get();
        let probe = client.begin(from([192, 0, 2, 1], websocket_request(&query)));
        let probe = WebSocket::new(engineio_proto::Revision::V4, probe.upgraded().await);
        let second = client.begin(from([192, 0, 2, 2], websocket_request(&query)));
        let second = second.upgraded().await;
        told(&client, &["warn GET /engine.io 192.0.2.2 second_websocket"]);
        drop((second, probe));
        client.settle().await;
        told(&client, &["warn GET /engine.io 192.0.2.1 probe_failed"]);
        drop(poll);
    });
}

#[test]
fn path_that_nobody_serves_is_404_with_both_paths() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let request = Request::get("/socket.io/?EIO=4").header("host", "a.test");
        let (parts, ()) = from([192, 0, 2, 1], request).into_parts();
        assert!(client.hub.admit(&parts).is_none());
        let response = client.hub.not_found(&parts, parts.extensions.get().copied());
        assert_eq!(response.status(), 404);
        let body = r#"{"message":"Not found: /socket.io/. Engine.IO is served at /engine.io/"}"#;
        assert_eq!(response.body(), body);
        told(&client, &["warn GET /socket.io/ 192.0.2.1 path"]);
    });
}

#[test]
fn websocket_that_its_framework_can_not_carry_is_500_and_no_handshake() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        let bare = Connection { can_upgrade: false, ..Connection::http1(None) };
        for query in [WEBSOCKET.to_owned(), format!("{WEBSOCKET}&sid={}", polling.sid())] {
            let (parts, ()) = websocket_request(&query).body(()).unwrap().into_parts();
            let mut seat = client.hub.admit_from(&parts, bare).unwrap();
            let Answer::Respond { response, .. } = poll_fn(|cx| seat.poll_answer(cx)).await else {
                panic!("a WebSocket");
            };
            assert_eq!(response.status(), 500);
            assert!(!response.body().is_empty());
        }
        assert_eq!(client.hub.sessions().len(), 1);
        told(
            &client,
            &["warn GET /engine.io unknown no_upgrade", "debug GET /engine.io unknown no_upgrade"],
        );
        // Polling doesn't need it.
        let (parts, ()) = request("GET", POLLING).body(()).unwrap().into_parts();
        let mut seat = client.hub.admit_from(&parts, bare).unwrap();
        let answer = poll_fn(|cx| seat.poll_answer(cx)).await;
        assert!(matches!(answer, Answer::Respond { response, .. } if response.status() == 200));
    });
}

#[test]
fn no_upgrade_is_offered_once_a_websocket_came_that_its_framework_can_not_carry() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let offers = async || {
            let response = client.get(POLLING).response().await;
            String::from_utf8_lossy(response.body()).contains(r#""upgrades":["websocket"]"#)
        };
        let bare = Connection { can_upgrade: false, ..Connection::http1(None) };
        let ask = async |request: http::request::Builder| {
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let mut seat = client.hub.admit_from(&parts, bare).unwrap();
            poll_fn(|cx| seat.poll_answer(cx)).await
        };
        assert!(offers().await);
        // What asks for none, or not well, shows nothing.
        ask(request("GET", POLLING)).await;
        ask(request("GET", WEBSOCKET)
            .header("connection", "upgrade")
            .header("upgrade", "websocket"))
        .await;
        assert!(offers().await);
        ask(websocket_request(WEBSOCKET)).await;
        assert!(!offers().await);
        client.websocket(WEBSOCKET).upgraded().await;
        assert!(offers().await, "a WebSocket has come through");
    });
}

#[test]
fn request_that_two_servers_could_read_differently_is_refused() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let cases = [
            [("transfer-encoding", "chunked"), ("content-length", "5")].as_slice(),
            &[("content-length", "5"), ("content-length", "5")],
            &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "gzip, chunked")],
            &[("transfer-encoding", "identity")],
            &[("host", "b.test")],
        ];
        for headers in cases {
            let mut request = request("POST", "EIO=4&transport=polling&sid=x");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let Reply::Response(response) = client.begin(request.body(()).unwrap()).reply().await
            else {
                panic!("{headers:?}");
            };
            assert_eq!(response.status(), 400, "{headers:?}");
            assert_eq!(response.headers()["connection"], "close", "{headers:?}");
        }
        let without_host = Request::get(format!("/engine.io/?{POLLING}")).body(()).unwrap();
        assert_eq!(client.begin(without_host).status().await, 400);
        assert_eq!(client.log.refusals().len(), 7);
        assert!(client.log.refusals().iter().all(|line| line.ends_with(" ambiguous")));
        // HTTP/1.0 has no `Host`, HTTP/2 has an authority.
        let old = Request::get(format!("/engine.io/?{POLLING}")).version(http::Version::HTTP_10);
        assert_eq!(client.begin(old.body(()).unwrap()).status().await, 200);
        let new = Request::get(format!("http://a.test/engine.io/?{POLLING}"));
        let new = new.version(http::Version::HTTP_2).body(()).unwrap();
        assert_eq!(client.begin(new).status().await, 200);
    });
}

#[test]
fn long_path_is_told_in_part() {
    let world = World::with(engineio_proto::ServerConfigBuilder::every_path);
    let client = world.clone();
    world.run(async move {
        let uri = format!("/{}?EIO=4&transport=smoke", "x".repeat(10_000));
        let request = Request::get(uri).header("host", "a.test").body(()).unwrap();
        assert_eq!(client.begin(request).status().await, 400);
        let path = format!("/{}", "x".repeat(127));
        told(&client, &[&format!("warn GET {path} unknown unknown_transport")]);
    });
}
