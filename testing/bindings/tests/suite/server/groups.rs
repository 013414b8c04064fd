//! Groups of sessions.

use peer::{Frame, Peer, session, until, within};

use crate::engineio::{Server, ServerConfig, ServerEvent, Sid};
use crate::suite::{config, echo, listen};

fn sid(text: &str) -> Sid {
    Sid::from_text(text).expect("a sid")
}

#[tokio::test]
async fn group_reaches_its_members_on_both_transports_and_nobody_else() {
    let (server, address) = echo(config()).await;
    let (mut websocket, ws_sid) = Peer::open_websocket(address).await;
    let (mut polling, target) = session(address).await;
    let (mut other, _) = Peer::open_websocket(address).await;
    let room = server.group("room");
    let (_, polling_sid) = target.split_once("&sid=").expect("a sid");
    assert!(room.join(&sid(&ws_sid)) && room.join(&sid(polling_sid)));
    room.send("to both");
    server.group("room").send_except("to one", &sid(&ws_sid));
    server.broadcast("to all");
    for text in ["4to both", "4to all"] {
        assert_eq!(websocket.frame().await, Frame::text(text));
    }
    let expected = "4to both\u{1e}4to one\u{1e}4to all";
    assert_eq!(polling.get(&target).await.expect(200).text(), expected);
    assert_eq!(other.frame().await, Frame::text("4to all"));
}

#[tokio::test]
async fn member_that_leaves_hears_no_more_and_one_that_is_gone_is_no_member() {
    let (server, address) = echo(config()).await;
    let (mut ada, ada_sid) = Peer::open_websocket(address).await;
    let (bob, bob_sid) = Peer::open_websocket(address).await;
    let room = server.group(String::from("room"));
    assert!(room.join(&sid(&ada_sid)) && room.join(&sid(&bob_sid)));
    assert_eq!(room.len(), 2);
    assert!(room.leave(&sid(&ada_sid)));
    room.send("to Bob");
    server.broadcast("to all");
    assert_eq!(ada.frame().await, Frame::text("4to all"));
    drop(bob);
    until(|| room.is_empty()).await;
    assert!(!room.join(&sid(&bob_sid)));
}

#[tokio::test]
async fn session_is_let_into_a_group_by_its_first_event() {
    let server = Server::new(ServerConfig::default());
    let mut events = server.events();
    let address = listen(&server).await;
    let opening = tokio::spawn(Peer::open_websocket(address));
    let Some(ServerEvent::Connect(sender)) = within(events.next()).await else {
        panic!("a session was expected");
    };
    assert!(server.group("room").join(sender.sid()));
    let (mut peer, _) = within(opening).await.expect("no panic");
    server.sessions().group("room").send(vec![1, 2, 3]);
    assert_eq!(peer.frame().await, Frame::Binary(vec![1, 2, 3]));
}
