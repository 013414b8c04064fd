//! A server consumed by a handler.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peer::{Frame, Peer, get, open, session, settle, until, upgrade, within};

use crate::engineio::{
    Handler, Handshake, Message, PlainSender, Refusal, Server, ServerCloseReason,
    ServerConfigBuilder, Transport,
};
use crate::suite::{POLLING, WEBSOCKET, config, listen};

/// Writes down what it hears, and does as messages say.
#[derive(Clone, Default)]
struct Obedient(Arc<Mutex<Vec<String>>>);

impl Obedient {
    async fn serve(config: ServerConfigBuilder) -> (Self, Server<String>, SocketAddr) {
        let config = config.build().expect("a legal configuration");
        let (handler, server) = (Self::default(), Server::builder(config).build());
        server.handle(handler.clone());
        let address = listen(&server).await;
        (handler, server, address)
    }

    fn hear(&self, session: &PlainSender<String>, what: &str) {
        self.0.lock().expect("no panic").push(format!("{} {what}", session.data()));
    }

    fn heard(&self) -> Vec<String> {
        self.0.lock().expect("no panic").clone()
    }
}

impl Handler<String> for Obedient {
    fn connect(&self, handshake: &Handshake) -> Result<String, Refusal> {
        match handshake.query("name") {
            Some(name) => Ok(name.into_owned()),
            None => Err(handshake.refuse(401, "who are you?")),
        }
    }

    fn opened(&self, session: &PlainSender<String>) {
        self.hear(session, "opened");
        session.try_send("welcome").expect("room");
    }

    fn message(&self, session: &PlainSender<String>, message: Message) {
        let text = message.as_text().expect("text");
        self.hear(session, text);
        match text {
            "panic" => panic!("as it was told"),
            "flood" => while session.try_send("x".repeat(FLOOD)).is_ok() {},
            _ => session.try_send(message).expect("room"),
        }
    }

    fn upgraded(&self, session: &PlainSender<String>, transport: Transport) {
        self.hear(session, &transport.to_string());
    }

    fn closed(&self, session: &PlainSender<String>, reason: ServerCloseReason) {
        self.hear(session, &format!("{reason:?}"));
    }
}

/// How long each message of a flood is. The flood is more than sockets take, and ends at the mark.
const FLOOD: usize = 1 << 16;

fn floods() -> ServerConfigBuilder {
    config().outbox_high_water(24 << 20).outbox_low_water(1 << 10)
}

/// A session on a WebSocket, welcomed.
async fn websocket(address: SocketAddr, name: &str) -> Peer {
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(&format!("{WEBSOCKET}&name={name}"))).await;
    peer.answer().await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(packet) if !open(&packet).is_empty()));
    assert_eq!(peer.frame().await, Frame::text("4welcome"));
    peer
}

#[tokio::test]
async fn handler_hears_of_a_session_from_its_beginning_to_its_end_in_order() {
    let (handler, server, address) = Obedient::serve(config()).await;
    let mut peer = Peer::connect(address).await;
    let sid = peer.get(&format!("{POLLING}&name=ann")).await.expect(200).sid();
    let target = format!("{POLLING}&sid={sid}");
    peer.post(&target, "4one\u{1e}4two").await.expect(200);
    let mut heard = String::new();
    while !heard.ends_with("two") {
        heard += peer.get(&target).await.expect(200).text();
    }
    assert_eq!(heard.replace('\u{1e}', ""), "4welcome4one4two");
    let mut probe = Peer::connect(address).await;
    probe.upgrade(&target.replace("polling", "websocket")).await.expect(101);
    probe.say("2probe").await;
    assert_eq!(probe.frame().await, Frame::text("3probe"));
    for packet in ["5", "4three"] {
        probe.say(packet).await;
    }
    assert_eq!(probe.frame().await, Frame::text("4three"));
    probe.say("1").await;
    until(|| handler.heard().len() == 6).await;
    let heard =
        ["ann opened", "ann one", "ann two", "ann websocket", "ann three", "ann Peer(None)"];
    assert_eq!(handler.heard(), heard);
    assert!(server.is_empty());
}

#[tokio::test]
async fn who_is_refused_by_the_handler_hears_why_on_both_transports() {
    let (handler, server, address) = Obedient::serve(config()).await;
    let mut peer = Peer::connect(address).await;
    assert_eq!(peer.get(POLLING).await.expect(401).text(), "who are you?");
    assert_eq!(peer.upgrade(WEBSOCKET).await.expect(401).text(), "who are you?");
    assert!(server.is_empty());
    assert!(handler.heard().is_empty());
}

#[tokio::test]
async fn messages_are_answered_over_both_transports_without_a_task_of_the_application() {
    let (handler, _server, address) = Obedient::serve(config()).await;
    let mut framed = websocket(address, "ann").await;
    let mut polling = Peer::connect(address).await;
    let sid = polling.get(&format!("{POLLING}&name=bob")).await.expect(200).sid();
    let target = format!("{POLLING}&sid={sid}");
    let mut waiting = Peer::connect(address).await;
    assert_eq!(waiting.get(&target).await.expect(200).text(), "4welcome");
    for round in 0..20 {
        framed.say(&format!("4{round}")).await;
        assert_eq!(framed.frame().await, Frame::text(&format!("4{round}")));
        waiting.send(get(&target)).await;
        polling.post(&target, &format!("4{round}")).await.expect(200);
        assert_eq!(waiting.answer().await.expect(200).text(), format!("4{round}"));
    }
    assert_eq!(handler.heard().len(), 2 + 2 * 20);
}

#[tokio::test]
async fn callback_that_panics_ends_its_session_and_no_other() {
    let (handler, server, address) = Obedient::serve(config()).await;
    let mut ann = websocket(address, "ann").await;
    let mut bob = websocket(address, "bob").await;
    ann.say("4panic").await;
    assert_eq!(ann.frame().await, Frame::Close(1011));
    bob.say("4fine").await;
    assert_eq!(bob.frame().await, Frame::text("4fine"));
    let mut peer = Peer::connect(address).await;
    let sid = peer.get(&format!("{POLLING}&name=cid")).await.expect(200).sid();
    let target = format!("{POLLING}&sid={sid}");
    let status = peer.post(&target, "4panic").await.status;
    assert!([200, 400].contains(&status), "{status}");
    peer.get(&target).await.expect(400);
    bob.say("4still").await;
    assert_eq!(bob.frame().await, Frame::text("4still"));
    assert_eq!(server.len(), 1);
    let ends = handler.heard().into_iter().filter(|it| it.ends_with("Panicked"));
    assert_eq!(ends.collect::<Vec<_>>(), ["ann Panicked", "cid Panicked"]);
}

#[tokio::test]
async fn client_that_reads_slowly_is_not_heard_until_it_has_read() {
    let (handler, _server, address) = Obedient::serve(floods()).await;
    let mut slow = websocket(address, "slow").await;
    let mut quick = websocket(address, "quick").await;
    slow.say("4flood").await;
    until(|| handler.heard().len() == 3).await;
    for number in 0..100 {
        slow.say(&format!("4{number}")).await;
    }
    settle(address).await;
    quick.say("4hello").await;
    assert_eq!(quick.frame().await, Frame::text("4hello"));
    assert_eq!(handler.heard(), ["slow opened", "quick opened", "slow flood", "quick hello"]);
    let mut flood = 0;
    let mut number = 0;
    while number < 100 {
        let frame = slow.frame().await;
        let Frame::Text(text) = frame else { panic!("{frame:?}") };
        if text.len() > FLOOD {
            flood += 1;
        } else if text != "2" {
            assert_eq!(text, format!("4{number}"));
            number += 1;
        }
    }
    assert_eq!(flood, (24 << 20) / FLOOD);
}

#[tokio::test]
async fn client_that_never_reads_ends_as_overloaded_and_harms_no_other() {
    let config = floods().stall_timeout(Duration::from_millis(300));
    let (handler, server, address) = Obedient::serve(config).await;
    let slow = websocket(address, "slow").await;
    let mut quick = websocket(address, "quick").await;
    let mut slow = slow;
    slow.say("4flood").await;
    until(|| handler.heard().iter().any(|it| it == "slow Overloaded")).await;
    quick.say("4hello").await;
    assert_eq!(quick.frame().await, Frame::text("4hello"));
    assert_eq!(server.len(), 1);
}

#[tokio::test]
async fn handler_excludes_the_other_ways_to_consume_a_server() {
    let (handler, server, address) = Obedient::serve(config()).await;
    assert!(within(server.incoming()).await.is_none());
    assert!(within(server.events_with(|_| Ok(String::new())).next()).await.is_none());
    websocket(address, "ann").await;
    until(|| handler.heard().len() == 2).await;

    let server = Server::new(config().build().expect("a legal configuration"));
    let address = listen(&server).await;
    let accepting = server.clone();
    tokio::spawn(async move {
        while let Some(socket) = accepting.accept().await {
            socket.detach();
        }
    });
    session(address).await;
    server.handle(Nobody);
    session(address).await;
    assert_eq!(server.len(), 2);
}

/// Must not be asked.
struct Nobody;

impl Handler<()> for Nobody {
    fn connect(&self, handshake: &Handshake) -> Result<(), Refusal> {
        Err(handshake.refuse(418, ""))
    }

    fn message(&self, _session: &PlainSender<()>, _message: Message) {}
}

#[tokio::test]
async fn server_that_closes_tells_its_handler_of_every_end() {
    let (handler, server, address) = Obedient::serve(config()).await;
    let mut peers = Vec::new();
    for name in ["ann", "bob", "cid"] {
        peers.push(websocket(address, name).await);
    }
    let closing = tokio::spawn(async move { server.close(Duration::from_secs(20)).await });
    for mut peer in peers {
        for expected in [Frame::text("1"), Frame::Close(1001)] {
            assert_eq!(peer.frame().await, expected);
        }
        peer.say_close(1001).await;
    }
    within(closing).await.expect("no panic");
    let heard = handler.heard();
    let ends = heard.iter().filter(|it| it.ends_with("Shutdown"));
    assert_eq!(ends.count(), 3, "{heard:?}");
}
