//! Events behind a login.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use peer::{Frame, Peer, get, open, until, upgrade, within};

use crate::engineio::{
    Events, Handshake, Message, Refusal, Server, ServerCloseReason, ServerConfig, ServerEvent,
};
use crate::suite::{POLLING, WEBSOCKET, listen};

/// Lets in who names itself, and keeps the name.
fn login(handshake: &Handshake) -> Result<String, Refusal> {
    match handshake.query("name") {
        Some(name) => Ok(name.into_owned()),
        None => Err(handshake.refuse_json(401, "who are you?")),
    }
}

async fn named_users() -> (Server<String>, Events<String>, SocketAddr) {
    let server = Server::builder(ServerConfig::default()).build();
    let events = server.events_with(login);
    let address = listen(&server).await;
    (server, events, address)
}

async fn next<D: crate::engineio::Data>(events: &mut Events<D>) -> ServerEvent<D> {
    within(events.next()).await.expect("an event")
}

#[tokio::test]
async fn who_is_refused_by_the_login_hears_why_and_is_no_event() {
    let (server, mut events, address) = named_users().await;
    // With some bindings the login runs when somebody asks for an event.
    let asking = tokio::spawn(async move { next(&mut events).await });
    let mut peer = Peer::connect(address).await;
    let refused = peer.get(POLLING).await.expect(401);
    assert_eq!(refused.text(), r#"{"code":4,"message":"who are you?"}"#);
    assert_eq!(refused.header("content-type"), Some("application/json"));
    let refused = peer.upgrade(WEBSOCKET).await.expect(401);
    assert_eq!(refused.text(), r#"{"code":4,"message":"who are you?"}"#);
    assert!(server.is_empty());
    Peer::connect(address).await.get(&format!("{POLLING}&name=ann")).await.expect(200);
    let event = within(asking).await.expect("no panic");
    assert!(matches!(&event, ServerEvent::Connect(ann) if ann.data() == "ann"), "{event:?}");
}

#[tokio::test]
async fn every_event_carries_the_session_with_its_data() {
    let (server, mut events, address) = named_users().await;
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(&format!("{WEBSOCKET}&name=Z%C3%B6e+%26+co"))).await;
    // Behind the upgrade: they are heard after the session was announced.
    peer.say("4one").await;
    peer.say("4two").await;
    let ServerEvent::Connect(zoe) = next(&mut events).await else { panic!("no connect") };
    assert_eq!(zoe.data(), "Zöe & co");
    zoe.try_send(format!("hello {}", zoe.data())).expect("room");
    for expected in ["one", "two"] {
        let event = next(&mut events).await;
        let ServerEvent::Message(sender, message) = event else { panic!("{event:?}") };
        assert_eq!((sender.data(), message), (zoe.data(), Message::from(expected)));
        assert_eq!(sender, zoe);
        sender.try_send(expected).expect("room");
    }
    peer.answer().await.expect(101);
    let Frame::Text(packet) = peer.frame().await else { panic!("no open packet") };
    assert_eq!(open(&packet), zoe.sid().as_str());
    for expected in ["4hello Zöe & co", "4one", "4two"] {
        assert_eq!(peer.frame().await, Frame::text(expected));
    }
    peer.say("1").await;
    let event = next(&mut events).await;
    assert!(
        matches!(&event, ServerEvent::Disconnect(sender, ServerCloseReason::Peer(None)) if *sender == zoe),
        "{event:?}"
    );
    until(|| server.get(zoe.sid()).is_none()).await;
}

#[tokio::test]
async fn login_sees_what_the_handshake_says() {
    let server: Server<String> = Server::builder(ServerConfig::default()).build();
    let mut events = server.events_with(|handshake| {
        Ok(format!(
            "{:?} {:?} {:?} {} {}",
            handshake.query("token"),
            handshake.cookie("session"),
            handshake.header("authorization"),
            handshake.remote_ip() == Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            handshake.transport(),
        ))
    });
    let address = listen(&server).await;
    let mut peer = Peer::connect(address).await;
    let headers = "\r\nCookie: a=b; session=s1\r\nAuthorization: Bearer x\r\n";
    let request = get(&format!("{POLLING}&token=a%20b")).replacen("\r\n", headers, 1);
    peer.send(request).await;
    let ServerEvent::Connect(sender) = next(&mut events).await else { panic!("no connect") };
    assert_eq!(sender.data(), r#"Some("a b") Some("s1") Some("Bearer x") true polling"#);
    peer.answer().await.expect(200);
}

#[tokio::test]
async fn messages_go_to_those_who_are_named_and_to_those_whose_data_says_so() {
    let (server, mut events, address) = named_users().await;
    let mut peers = Vec::new();
    let mut senders = Vec::new();
    for name in ["ann", "bob", "cid"] {
        let mut peer = Peer::connect(address).await;
        peer.send(upgrade(&format!("{WEBSOCKET}&name={name}"))).await;
        let ServerEvent::Connect(sender) = next(&mut events).await else { panic!("no connect") };
        peer.answer().await.expect(101);
        assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
        peers.push(peer);
        senders.push(sender);
    }
    server.send_to([senders[0].sid(), senders[2].sid()], "some");
    server.broadcast_where(|sid, name| name != "cid" && sid != senders[1].sid(), "ann alone");
    server.broadcast("all");
    for (peer, heard) in
        peers.iter_mut().zip([&["4some", "4ann alone", "4all"][..], &["4all"], &["4some", "4all"]])
    {
        for expected in heard {
            assert_eq!(peer.frame().await, Frame::text(expected));
        }
    }
    let ann = server.get(senders[0].sid()).expect("an open session");
    assert_eq!(ann.data(), "ann");
    ann.close();
    for expected in [Frame::text("1"), Frame::Close(1000)] {
        assert_eq!(peers[0].frame().await, expected);
    }
    peers[0].say_close(1000).await;
    until(|| server.len() == 2).await;
}

#[tokio::test]
async fn login_that_panics_refuses_one_client_only() {
    let server: Server<String> = Server::builder(ServerConfig::default()).build();
    let mut events = server.events_with(|handshake| {
        assert!(handshake.query("name").is_some(), "as the test wants it");
        login(handshake)
    });
    let address = listen(&server).await;
    let asking = tokio::spawn(async move { next(&mut events).await });
    let mut peer = Peer::connect(address).await;
    peer.get(POLLING).await.expect(500);
    peer.get(&format!("{POLLING}&name=ann")).await.expect(200);
    let event = within(asking).await.expect("no panic");
    assert!(matches!(&event, ServerEvent::Connect(ann) if ann.data() == "ann"), "{event:?}");
    assert_eq!(server.len(), 1);
}
