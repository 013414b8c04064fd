//! WebSockets that are asked for by an extended CONNECT of HTTP/2.

use std::future::poll_fn;

use engineio_hub::{Answer, Connection};
use http::request::Builder;

use crate::common::polling::Polling;
use crate::common::world::{World, request};

const POLLING: &str = "EIO=4&transport=polling";
const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// A request as a binding sees it, whose `:protocol` is `websocket`.
fn connect(query: &str) -> Builder {
    request("CONNECT", query).version(http::Version::HTTP_2).header("sec-websocket-version", "13")
}

const CONNECT: Connection = Connection { is_extended_connect: true, ..Connection::http1(None) };

async fn ask(world: &World, request: Builder, connection: Connection) -> Answer {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let mut seat = world.hub.admit_from(&parts, connection).unwrap();
    poll_fn(|cx| seat.poll_answer(cx)).await
}

/// The status of a refusal, and its body.
async fn refusal(world: &World, request: Builder, connection: Connection) -> (u16, String) {
    let Answer::Respond { response, .. } = ask(world, request, connection).await else {
        panic!("a WebSocket");
    };
    (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
}

#[test]
fn extended_connect_is_answered_200_with_nothing_of_the_handshake_of_http_1() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        // A key of HTTP/1.1 is ignored, even a broken one.
        let request = connect(WEBSOCKET)
            .header("sec-websocket-key", "short")
            .header("sec-websocket-protocol", "chat, other");
        let Answer::Upgrade(response, framed) = ask(&client, request, CONNECT).await else {
            panic!("no WebSocket");
        };
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
        for name in ["upgrade", "connection", "sec-websocket-accept", "content-length"] {
            assert!(!response.headers().contains_key(name), "{name}");
        }
        assert_eq!(client.hub.sessions().len(), 1);
        drop(framed);
        assert!(client.hub.sessions().is_empty());
    });
}

#[test]
fn extended_connect_probes_a_session_over_polling() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        let query = format!("{WEBSOCKET}&sid={}", polling.sid());
        let answer = ask(&client, connect(&query), CONNECT).await;
        assert!(matches!(answer, Answer::Upgrade(response, _) if response.status() == 200));
        let (status, _) =
            refusal(&client, connect(&format!("{WEBSOCKET}&sid=none")), CONNECT).await;
        assert_eq!(status, 400);
    });
}

#[test]
fn extended_connect_that_is_no_good_is_refused_as_over_http_1() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let version_8 = request("CONNECT", WEBSOCKET).header("sec-websocket-version", "8");
        assert_eq!(refusal(&client, version_8, CONNECT).await, (400, String::new()));
        let bad = (400, r#"{"code":3,"message":"Bad request"}"#.to_owned());
        assert_eq!(refusal(&client, connect(POLLING), CONNECT).await, bad);
        let bare = Connection { can_upgrade: false, ..CONNECT };
        assert_eq!(refusal(&client, connect(WEBSOCKET), bare).await.0, 500);
        assert!(client.hub.sessions().is_empty());
    });
}

#[test]
fn connect_for_something_else_than_a_websocket_is_refused() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        let plain = Connection::http1(None);
        let method = (400, r#"{"code":2,"message":"Bad handshake method"}"#.to_owned());
        assert_eq!(refusal(&client, connect(WEBSOCKET), plain).await, method);
        let query = format!("{WEBSOCKET}&sid={}", polling.sid());
        assert_eq!(refusal(&client, connect(&query), plain).await, (405, String::new()));
        assert_eq!(
            client.log.refusals(),
            [
                "warn CONNECT /engine.io unknown handshake_method",
                "warn CONNECT /engine.io unknown method"
            ]
        );
    });
}
