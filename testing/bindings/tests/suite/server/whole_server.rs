//! What is said to the server as a whole.

use peer::{Frame, Peer, session, until, within};

use crate::engineio::{
    Message, SendError, Server, ServerCloseReason, ServerConfig, ServerEvent, Sid, Transport,
};
use crate::suite::{config, echo, listen};

fn sid(text: &str) -> Sid {
    Sid::from_text(text).expect("a sid")
}

#[tokio::test]
async fn send_reaches_one_session_and_broadcast_all_on_both_transports() {
    let (server, address) = echo(config()).await;
    let (mut websocket, ws_sid) = Peer::open_websocket(address).await;
    let (mut peer, target) = session(address).await;
    assert_eq!(server.len(), 2);
    server.broadcast("to all");
    server.send(&sid(&ws_sid), "to one").expect("an open session");
    assert_eq!(websocket.frame().await, Frame::text("4to all"));
    assert_eq!(websocket.frame().await, Frame::text("4to one"));
    assert_eq!(peer.get(&target).await.expect(200).text(), "4to all");
    server.broadcast(vec![1, 2, 3]);
    assert_eq!(websocket.frame().await, Frame::Binary(vec![1, 2, 3]));
    assert_eq!(peer.get(&target).await.expect(200).text(), "bAQID");
}

#[tokio::test]
async fn send_to_nobody_gives_the_message_back() {
    let (server, _) = echo(config()).await;
    let refused = server.send(&sid("nobody"), "hello");
    assert!(matches!(refused, Err(SendError::Closed(_))), "{refused:?}");
    assert!(!server.disconnect(&sid("nobody")));
}

#[tokio::test]
async fn disconnect_flushes_and_closes_one_session() {
    let (server, address) = echo(config()).await;
    let (mut websocket, ws_sid) = Peer::open_websocket(address).await;
    let (mut peer, target) = session(address).await;
    server.send(&sid(&ws_sid), "last").expect("an open session");
    assert!(server.disconnect(&sid(&ws_sid)));
    for frame in [Frame::text("4last"), Frame::text("1"), Frame::Close(1000)] {
        assert_eq!(websocket.frame().await, frame);
    }
    websocket.say_close(1000).await;
    assert_eq!(websocket.rest().await.len(), 0);
    until(|| server.len() == 1).await;
    let (_, polling_sid) = target.split_once("&sid=").expect("a sid");
    server.send(&sid(polling_sid), "last").expect("an open session");
    assert!(server.disconnect(&sid(polling_sid)));
    assert_eq!(peer.get(&target).await.expect(200).text(), "4last\u{1e}1");
    peer.get(&target).await.expect(400);
    assert!(server.is_empty());
}

#[tokio::test]
async fn events_tell_the_life_of_a_session_in_order() {
    let server = Server::new(ServerConfig::default());
    let mut events = server.events();
    let address = listen(&server).await;
    let (mut peer, target) = session(address).await;
    peer.post(&target, "4polled").await.expect(200);
    let mut probe = Peer::connect(address).await;
    probe.upgrade(&target.replace("polling", "websocket")).await.expect(101);
    probe.say("2probe").await;
    assert_eq!(probe.frame().await, Frame::text("3probe"));
    for packet in ["5", "4framed", "1"] {
        probe.say(packet).await;
    }
    let mut told = Vec::new();
    while !matches!(told.last(), Some(ServerEvent::Disconnect(..))) {
        told.push(within(events.next()).await.expect("an event"));
    }
    let [
        ServerEvent::Connect(first),
        ServerEvent::Message(_, polled),
        ServerEvent::Upgrade(_, Transport::WebSocket),
        ServerEvent::Message(_, framed),
        ServerEvent::Disconnect(last, ServerCloseReason::Peer(None)),
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!((polled, framed), (&Message::from("polled"), &Message::from("framed")));
    assert_eq!(first, last);
    assert!(target.ends_with(first.sid().as_str()));
}

#[tokio::test]
async fn server_is_consumed_one_way() {
    let (server, address) = echo(config()).await;
    session(address).await;
    assert!(within(server.events().next()).await.is_none());
    let server = Server::new(ServerConfig::default());
    let mut events = server.events();
    assert!(within(server.accept()).await.is_none());
    let address = listen(&server).await;
    session(address).await;
    assert!(matches!(within(events.next()).await, Some(ServerEvent::Connect(_))));
}

#[tokio::test]
async fn intervals_that_never_end_are_legal() {
    let forever = std::time::Duration::MAX;
    let (server, address) = echo(config().ping_interval(forever).body_timeout(forever)).await;
    let (mut websocket, _) = Peer::open_websocket(address).await;
    let (mut peer, target) = session(address).await;
    peer.post(&target, "4hello").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    websocket.say("4hello").await;
    assert_eq!(websocket.frame().await, Frame::text("4hello"));
    assert_eq!(server.len(), 2);
}
