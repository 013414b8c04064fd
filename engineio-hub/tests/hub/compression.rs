//! Compression over WebSockets, through a whole server.

use core::time::Duration;

use engineio_hub::{Handler, Handshake, Sender};
use engineio_proto::server::Refusal;
use engineio_proto::{
    Frame, Message, Outgoing, Packet, Revision, ServerCloseReason, ServerConfigBuilder, Violation,
    decode_frame,
};
use http::Response;

use crate::common::binding::{Call, Reply};
use crate::common::compressed::{deflated, inflated, json};
use crate::common::pipe::End;
use crate::common::polling::Polling;
use crate::common::websocket::{BINARY, Seen, TEXT, WebSocket, masked};
use crate::common::world::{World, websocket_request};

const COMPRESSED: u8 = 0x40;
const OPENING: &str = "EIO=4&transport=websocket";
const ANSWER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

fn world(change: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder) -> World {
    World::with(|config| change(config.websocket_compression(true)))
}

/// A request for a WebSocket that offers compression as browsers do.
fn call(world: &World, query: &str) -> Call {
    let offer = "permessage-deflate; client_max_window_bits";
    let request = websocket_request(query).header("sec-websocket-extensions", offer);
    world.begin(request.body(()).unwrap())
}

async fn upgraded(call: Call) -> (Response<()>, End) {
    match call.reply().await {
        Reply::Upgraded(response, end) => (response, end),
        other => panic!("a 101 was expected, not {other:?}"),
    }
}

fn extensions(response: &Response<()>) -> Option<&str> {
    Some(response.headers().get("sec-websocket-extensions")?.to_str().unwrap())
}

async fn open(world: &World) -> WebSocket {
    let (response, end) = upgraded(call(world, OPENING)).await;
    assert_eq!(extensions(&response), Some(ANSWER));
    let mut socket = WebSocket::new(Revision::V4, end);
    assert!(matches!(socket.packet().await, Packet::Open(_)));
    socket
}

/// What the server says about compression, and whether it compresses then.
async fn agreed(world: &World, query: &str) -> (Option<String>, bool) {
    let (response, end) = upgraded(call(world, query)).await;
    let mut socket = WebSocket::new(Revision::V4, end);
    assert!(matches!(socket.packet().await, Packet::Open(_)));
    socket.say(json(2_000)).await;
    let (first, _) = socket.frame().await;
    (extensions(&response).map(str::to_owned), first & COMPRESSED != 0)
}

#[test]
fn compression_is_agreed_on_only_where_it_is_switched_on_and_offered() {
    let off = World::new();
    off.echo();
    let client = off.clone();
    off.run(async move {
        assert_eq!(agreed(&client, OPENING).await, (None, false));
    });
    let on = world(|config| config);
    on.echo();
    let client = on.clone();
    on.run(async move {
        assert_eq!(agreed(&client, OPENING).await, (Some(ANSWER.to_owned()), true));
        let (response, end) = upgraded(client.websocket(OPENING)).await;
        assert_eq!(extensions(&response), None);
        let mut socket = WebSocket::new(Revision::V4, end);
        socket.packet().await;
        socket.say(json(2_000)).await;
        assert_eq!(socket.frame().await.0, TEXT);
        socket.end.write(&masked(TEXT | COMPRESSED, &deflated(b"4a", 6))).await.unwrap();
        assert_eq!(socket.next().await, Seen::Close(Some(1002)));
    });
}

#[test]
fn compressed_messages_of_both_kinds_are_echoed() {
    let world = world(|config| config.websocket_compression_threshold(100));
    world.echo();
    let client = world.clone();
    world.run(async move {
        let mut socket = open(&client).await;
        for length in [0, 1, 98, 99, 5_000, 100_000] {
            let text = format!("4{}", json(length));
            for (first, payload) in [(TEXT, text.as_bytes()), (BINARY, json(length).as_bytes())] {
                socket.end.write(&masked(first | COMPRESSED, &deflated(payload, 6))).await.unwrap();
                let (answer, back) = socket.frame().await;
                let is_compressed = answer & COMPRESSED != 0;
                assert_eq!(is_compressed, payload.len() >= 100, "{length}");
                let back = if is_compressed { inflated(&back, 15) } else { back };
                assert_eq!((answer & !COMPRESSED, &back[..]), (first, payload));
            }
        }
    });
}

#[test]
fn message_with_the_flag_is_sent_as_it_is() {
    let world = world(|config| config);
    let app = world.clone();
    world.run(async move {
        let call = call(&app, OPENING);
        let socket = app.accept().await;
        let mut client = WebSocket::new(Revision::V4, upgraded(call).await.1);
        client.packet().await;
        for (compress, first) in [(true, TEXT | COMPRESSED), (false, TEXT)] {
            let message = Outgoing::from(json(2_000)).compress(compress);
            socket.send(message.clone()).await.unwrap();
            assert_eq!(client.frame().await.0, first);
            app.hub.sessions().broadcast(message);
            assert_eq!(client.frame().await.0, first);
        }
    });
}

/// A binary message has its type before it in revision 3, and none in 4; with `b64` it is text.
#[test]
fn broadcast_reaches_clients_of_all_kinds_as_it_was_sent() {
    let world = world(|config| config);
    world.echo();
    let client = world.clone();
    world.run(async move {
        let mut all = Vec::new();
        for query in ["EIO=4", "EIO=3", "EIO=4&b64=1", "EIO=3&b64=1", "EIO=3", "EIO=4"] {
            let revision = if query.contains('3') { Revision::V3 } else { Revision::V4 };
            let (_, end) = upgraded(call(&client, &format!("{query}&transport=websocket"))).await;
            let mut socket = WebSocket::new(revision, end);
            socket.packet().await;
            all.push((revision, socket));
        }
        let (text, binary) = (Message::from(json(5_000)), Message::from(json(5_000).into_bytes()));
        client.hub.sessions().broadcast(Outgoing::batch([text.clone(), binary.clone()]));
        for (revision, socket) in &mut all {
            for message in [&text, &binary] {
                let (first, payload) = socket.frame().await;
                assert!(first & COMPRESSED != 0);
                let payload = inflated(&payload, 15);
                let frame = if first & !COMPRESSED == TEXT {
                    Frame::try_text(payload.into()).unwrap()
                } else {
                    Frame::binary(payload.into())
                };
                let packet = decode_frame(*revision, frame).unwrap();
                assert!(packet == Packet::Message(message.clone()), "{revision:?}");
            }
        }
    });
}

#[test]
fn compressed_frames_keep_their_place_between_others_and_before_the_end() {
    let world = world(|config| config);
    let app = world.clone();
    world.run(async move {
        let call = call(&app, OPENING);
        let socket = app.accept().await;
        let mut client = WebSocket::new(Revision::V4, upgraded(call).await.1);
        client.packet().await;
        let long = json(2_000);
        for message in ["short", &long, "short", &long, "last"] {
            socket.try_send(message).unwrap();
        }
        socket.close();
        for message in ["short", &long, "short", &long, "last"] {
            let (first, payload) = client.frame().await;
            let is_compressed = first & COMPRESSED != 0;
            assert_eq!(is_compressed, message.len() > 1_000);
            let payload = if is_compressed { inflated(&payload, 15) } else { payload };
            assert_eq!(payload, format!("4{message}").as_bytes());
        }
        assert_eq!(client.next().await, Seen::Packet(Packet::Close));
        assert_eq!(client.next().await, Seen::Close(Some(1000)));
    });
}

#[test]
fn application_refuses_compression_to_a_client() {
    let world = world(|config| config);
    let app = world.clone();
    world.run(async move {
        for (is_allowed, expected) in [(true, Some(ANSWER)), (false, None)] {
            let call = call(&app, OPENING);
            let incoming = app.incoming().await.unwrap();
            let socket = incoming.compress(is_allowed).accept_with(0).unwrap();
            let (response, end) = upgraded(call).await;
            assert_eq!(extensions(&response), expected);
            let mut client = WebSocket::new(Revision::V4, end);
            client.packet().await;
            socket.send(json(2_000)).await.unwrap();
            assert_eq!(client.frame().await.0 & COMPRESSED != 0, is_allowed);
        }
    });
}

/// Refuses compression to clients that name themselves `old`.
struct Choosy;

impl Handler<u32> for Choosy {
    fn connect(&self, handshake: &Handshake) -> Result<u32, Refusal> {
        handshake.compress(handshake.query("client").as_deref() != Some("old"));
        Ok(0)
    }

    fn message(&self, session: &Sender<u32>, message: Message) {
        session.try_send(message).unwrap();
    }
}

#[test]
fn handler_and_logins_refuse_compression_to_a_client() {
    let choose = |handshake: &Handshake| Choosy.connect(handshake);
    for way in 0..3 {
        let world = world(|config| config);
        let client = world.clone();
        world.run(async move {
            let _events = match way {
                0 => {
                    client.hub.handle(Choosy);
                    None
                }
                1 => Some(client.hub.events_with(choose)),
                _ => Some(
                    client
                        .hub
                        .events_with_async(move |handshake| async move { choose(&handshake) }),
                ),
            };
            for (query, expected) in [("", Some(ANSWER)), ("&client=old", None)] {
                let (response, _end) = upgraded(call(&client, &format!("{OPENING}{query}"))).await;
                assert_eq!(extensions(&response), expected);
            }
        });
    }
}

#[test]
fn decision_about_a_session_holds_when_it_moves_to_a_websocket() {
    for is_allowed in [true, false] {
        let world = world(|config| config);
        let app = world.clone();
        world.run(async move {
            let handshake = app.get("EIO=4&transport=polling");
            let incoming = app.incoming().await.unwrap();
            let _socket = incoming.compress(is_allowed).accept_with(0).unwrap();
            let polling = Polling::opened(&app, Revision::V4, handshake.response().await);
            let (response, _end) =
                upgraded(call(&app, &format!("{OPENING}&sid={}", polling.sid()))).await;
            assert_eq!(extensions(&response).is_some(), is_allowed);
        });
    }
}

#[test]
fn broken_data_and_bombs_end_the_session_with_their_codes() {
    let bomb = deflated(&[b'4'; 1_000_000], 9);
    for (payload, code, violation) in [
        (vec![0xff; 10], 1007, Violation::Framing),
        (deflated(b"4\xff", 6), 1007, Violation::Framing),
        (bomb, 1009, Violation::TooLarge),
    ] {
        let world = world(|config| config.max_payload(10_000));
        world.echo();
        let client = world.clone();
        world.run(async move {
            let mut socket = open(&client).await;
            socket.end.write(&masked(TEXT | COMPRESSED, &payload)).await.unwrap();
            assert_eq!(socket.next().await, Seen::Close(Some(code)));
            let reason = ServerCloseReason::Violation(violation);
            assert_eq!(client.log.count(&format!("closed {reason:?}")), 1);
        });
    }
}

/// A few bytes become many messages. The session gets no more of them than it takes.
#[test]
fn messages_that_swell_wait_until_the_application_reads() {
    let world = world(|config| config.inbox_high_water(100_000).inbox_limit(100_000));
    world.set_capacity(64 << 10);
    let app = world.clone();
    world.run(async move {
        let call = call(&app, OPENING);
        let mut socket = app.accept().await;
        let mut client = WebSocket::new(Revision::V4, upgraded(call).await.1);
        client.packet().await;
        let message = "a".repeat(50_000);
        let frame = masked(TEXT | COMPRESSED, &deflated(format!("4{message}").as_bytes(), 9));
        // All of them come with the first few reads.
        client.end.write(&[frame.repeat(100), masked(TEXT, b"4last")].concat()).await.unwrap();
        app.sleep(Duration::from_secs(1)).await;
        assert_eq!(app.hub.sessions().len(), 1);
        for _ in 0..100 {
            assert_eq!(socket.recv().await, Some(message.as_str().into()));
        }
        assert_eq!(socket.recv().await, Some("last".into()));
        // And the connection goes on.
        client.say("more").await;
        assert_eq!(socket.recv().await, Some("more".into()));
        socket.send("answer").await.unwrap();
        assert_eq!(client.message().await, "answer".into());
    });
}

#[test]
fn client_that_closes_behind_what_is_held_back_gets_its_answer() {
    let world = world(|config| config);
    world.set_capacity(64 << 10);
    let app = world.clone();
    world.run(async move {
        let call = call(&app, OPENING);
        let mut socket = app.accept().await;
        let mut client = WebSocket::new(Revision::V4, upgraded(call).await.1);
        client.packet().await;
        let text = format!("4{}", "a".repeat(50_000));
        let frame = masked(TEXT | COMPRESSED, &deflated(text.as_bytes(), 9));
        let close = masked(0x88, &1000_u16.to_be_bytes());
        client.end.write(&[frame.repeat(10), close].concat()).await.unwrap();
        assert_eq!(client.rest().await, [Seen::Close(Some(1000)), Seen::End]);
        let mut count = 0;
        while socket.recv().await.is_some() {
            count += 1;
        }
        assert_eq!(count, 10);
    });
}

#[test]
fn session_that_was_closed_hears_the_answer_behind_compressed_messages() {
    let world = world(|config| config);
    world.set_capacity(64 << 10);
    let app = world.clone();
    world.run(async move {
        let call = call(&app, OPENING);
        let socket = app.accept().await;
        let mut client = WebSocket::new(Revision::V4, upgraded(call).await.1);
        client.packet().await;
        let text = format!("4{}", "a".repeat(50_000));
        let frame = masked(TEXT | COMPRESSED, &deflated(text.as_bytes(), 9));
        client.end.write(&frame.repeat(20)).await.unwrap();
        socket.close();
        client.end.write(&frame.repeat(20)).await.unwrap();
        assert_eq!(client.next().await, Seen::Packet(Packet::Close));
        assert_eq!(client.next().await, Seen::Close(Some(1000)));
        client.end.write(&masked(0x88, &1000_u16.to_be_bytes())).await.unwrap();
        assert_eq!(client.next().await, Seen::End);
    });
}
