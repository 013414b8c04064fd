//! A server consumed by a handler.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use engineio_hub::{Handler, Handshake, Sender, Sessions};
use engineio_proto::server::Refusal;
use engineio_proto::{
    Message, Packet, Revision, ServerCloseReason, ServerConfigBuilder, Transport,
};

use crate::common::polling::Polling;
use crate::common::websocket::{Seen, WebSocket};
use crate::common::world::World;

/// Records its calls, and does what messages say.
#[derive(Clone)]
struct Obedient {
    heard: Arc<Mutex<Vec<String>>>,
    everyone: Sessions<u32>,
}

impl Obedient {
    fn serve(world: &World) -> Self {
        let handler = Self { heard: Arc::default(), everyone: world.hub.sessions() };
        world.hub.handle(handler.clone());
        handler
    }

    fn hear(&self, session: &Sender<u32>, what: &str) {
        self.heard.lock().unwrap().push(format!("{} {what}", session.data()));
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Handler<u32> for Obedient {
    fn connect(&self, handshake: &Handshake) -> Result<u32, Refusal> {
        let number = handshake.query("number").unwrap_or_else(|| "0".into());
        number.parse().map_err(|_| handshake.refuse_json(401, "not a number"))
    }

    fn opened(&self, session: &Sender<u32>) {
        self.hear(session, "opened");
    }

    fn message(&self, session: &Sender<u32>, message: Message) {
        let text = message.as_text().unwrap();
        self.hear(session, text);
        match text {
            "panic" => panic!("as it was told"),
            "close" => session.close(),
            "all" => self.everyone.broadcast("to all"),
            "flood" => while session.try_send("x".repeat(1000)).is_ok() {},
            _ => session.try_send(message).unwrap(),
        }
    }

    fn upgraded(&self, session: &Sender<u32>, transport: Transport) {
        self.hear(session, &transport.to_string());
    }

    fn closed(&self, session: &Sender<u32>, reason: ServerCloseReason) {
        self.hear(session, &format!("{reason:?}"));
    }
}

/// A flood fills more than a connection writes ahead.
fn floods(config: ServerConfigBuilder) -> ServerConfigBuilder {
    config.outbox_high_water(200_000).outbox_low_water(1024)
}

const POLLING: &str = "EIO=4&transport=polling";

async fn websocket(world: &World, number: u32) -> WebSocket {
    let call = world.websocket(&format!("EIO=4&transport=websocket&number={number}"));
    let mut socket = WebSocket::new(Revision::V4, call.upgraded().await);
    assert!(matches!(socket.packet().await, Packet::Open(_)));
    socket
}

#[test]
fn session_is_told_from_its_beginning_to_its_end() {
    let world = World::new();
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        polling.send("one").await;
        let (socket, _) = polling.upgrade().await;
        socket.say("two").await;
        socket.send(Packet::Close).await;
        client.settle().await;
        assert_eq!(handler.heard(), ["0 opened", "0 one", "0 websocket", "0 two", "0 Peer(None)"]);
        assert!(client.hub.sessions().is_empty());
    });
}

#[test]
fn refusal_of_a_handler_reaches_the_client() {
    let world = World::new();
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let response = client.get(&format!("{POLLING}&number=x")).response().await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.body(), r#"{"code":4,"message":"not a number"}"#);
        assert!(handler.heard().is_empty());
        assert!(client.hub.sessions().is_empty());
        assert_eq!(client.log.count("refused Application"), 1);
    });
}

#[test]
fn echo_of_a_handler_needs_no_task_of_the_application() {
    let world = World::new();
    Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let mut socket = websocket(&client, 1).await;
        let mut polling = Polling::open(&client).await;
        client.settle().await;
        let (polls, begun) = (client.executor.polls(), client.elapsed());
        for round in 0..100 {
            let text = round.to_string();
            socket.say(text.clone()).await;
            assert_eq!(socket.message().await, text.clone().into());
            polling.send(text.clone()).await;
            assert_eq!(polling.message().await, text.into());
        }
        assert_eq!(client.elapsed(), begun, "an answer waited for more to come");
        let polls = client.executor.polls() - polls;
        assert!(polls < 100 * 10, "{polls}");
    });
}

#[test]
fn messages_of_one_session_come_in_order_whatever_carries_them() {
    const COUNT: usize = 500;
    let world = World::narrow();
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let mut polling = Polling::open(&client).await;
        for number in 0..10 {
            polling.send(number.to_string()).await;
            assert_eq!(polling.message().await, number.to_string().into());
        }
        let (mut reader, _) = polling.upgrade().await;
        let writer = reader.writer();
        client.spawn(async move {
            for number in 10..COUNT {
                writer.say(number.to_string()).await;
            }
        });
        for number in 10..COUNT {
            assert_eq!(reader.message().await, number.to_string().into());
        }
        let told: Vec<_> = handler
            .heard()
            .into_iter()
            .filter(|it| it != "0 opened" && it != "0 websocket")
            .collect();
        let sent: Vec<_> = (0..COUNT).map(|number| format!("0 {number}")).collect();
        assert_eq!(told, sent);
    });
}

#[test]
fn panic_ends_its_session_and_no_other() {
    let world = World::new();
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let mut one = websocket(&client, 1).await;
        let mut other = websocket(&client, 2).await;
        one.say("panic").await;
        assert_eq!(one.next().await, Seen::Close(Some(1011)));
        other.say("fine").await;
        assert_eq!(other.message().await, "fine".into());
        let heard = ["1 opened", "2 opened", "1 panic", "1 Panicked", "2 fine"];
        assert_eq!(handler.heard(), heard);
        assert_eq!(client.log.count("closed Panicked"), 1);
        assert_eq!(client.hub.sessions().len(), 1);
    });
}

#[test]
fn panic_over_polling_ends_its_session_and_answers_its_requests() {
    let world = World::new();
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        let poll = polling.get();
        client.settle().await;
        let status = polling.posting(&[Packet::Message("panic".into())]).status().await;
        assert!([200, 400].contains(&status), "{status}");
        assert_eq!(poll.response().await.body(), "1");
        assert_eq!(handler.heard(), ["0 opened", "0 panic", "0 Panicked"]);
    });
}

#[test]
fn slow_client_is_heard_again_when_it_has_read() {
    let world = World::with(floods);
    world.set_capacity(100);
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let mut slow = websocket(&client, 1).await;
        let mut quick = websocket(&client, 2).await;
        slow.say("flood").await;
        let writer = slow.writer();
        let writing = client.spawn(async move {
            for number in 0..1000 {
                writer.say(number.to_string()).await;
            }
        });
        client.settle().await;
        // No more is handled or read: the writer is stuck.
        assert_eq!(handler.heard(), ["1 opened", "2 opened", "1 flood"]);
        assert!(!writing.is_done());
        // Other sessions go on.
        quick.say("hello").await;
        assert_eq!(quick.message().await, "hello".into());
        // Only what was sent before is held back, and none of it is lost.
        let mut number = 0;
        while number < 1000 {
            let message = slow.message().await;
            if message.len() < 1000 {
                assert_eq!(message, number.to_string().into());
                number += 1;
            }
        }
        assert!(writing.is_done());
    });
}

#[test]
fn client_that_never_reads_ends_as_overloaded() {
    let world = World::with(|config| {
        floods(config)
            .ping_interval(Duration::from_secs(600))
            .ping_timeout(Duration::from_secs(600))
    });
    world.set_capacity(100);
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let slow = websocket(&client, 1).await;
        slow.say("flood").await;
        client.settle().await;
        client.sleep(Duration::from_secs(59)).await;
        assert_eq!(client.hub.sessions().len(), 1);
        client.sleep(Duration::from_secs(2)).await;
        assert_eq!(handler.heard(), ["1 opened", "1 flood", "1 Overloaded"]);
    });
}

#[test]
fn what_the_application_does_to_a_session_is_told_by_the_driver() {
    let world = World::new();
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let polling = Polling::open(&client).await;
        let mut socket = websocket(&client, 1).await;
        client.settle().await;
        let sid = engineio_proto::Sid::from_text(polling.sid().to_owned()).unwrap();
        client.hub.get(&sid).unwrap().close();
        assert_eq!(polling.get().response().await.body(), "1");
        client.settle().await;
        socket.say("all").await;
        assert_eq!(socket.message().await, "to all".into());
        client.hub.abort();
        assert_eq!(handler.heard().len(), 4, "nobody is told in the middle of a call");
        client.settle().await;
        let heard = ["0 opened", "1 opened", "0 Application", "1 all", "1 Shutdown"];
        assert_eq!(handler.heard(), heard);
    });
}

#[test]
fn session_that_nobody_carries_is_told_of_its_end() {
    let world = World::new();
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        drop(Polling::open(&client).await);
        client.sleep(Duration::from_secs(50)).await;
        assert_eq!(handler.heard(), ["0 opened", "0 Abandoned"]);
    });
}

#[test]
fn handshakes_that_wait_are_decided_when_the_handler_comes() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let call = client.get(POLLING);
        client.settle().await;
        let handler = Obedient::serve(&client);
        assert_eq!(call.status().await, 200);
        client.settle().await;
        assert_eq!(handler.heard(), ["0 opened"]);
    });
}

#[test]
fn handler_excludes_the_other_ways() {
    let world = World::new();
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        assert!(client.incoming().await.is_none());
        assert!(client.hub.events_with(|_| Ok(0)).next().await.is_none());
        client.hub.handle(handler.clone());
        assert_eq!(client.log.count("misused"), 3);
        drop(websocket(&client, 7).await);
        client.settle().await;
        assert_eq!(handler.heard(), ["7 opened", "7 TransportLost"]);
    });

    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let mut events = client.hub.events_with(|_| Ok(0));
        let handler = Obedient::serve(&client);
        assert_eq!(client.log.count("misused"), 1);
        drop(websocket(&client, 7).await);
        assert!(events.next().await.is_some());
        assert!(handler.heard().is_empty());
    });
}

#[test]
fn server_that_closes_tells_its_handler_of_each_end() {
    let world = World::new();
    let handler = Obedient::serve(&world);
    let client = world.clone();
    world.run(async move {
        let mut sockets = Vec::new();
        for number in 0..10 {
            sockets.push(websocket(&client, number).await);
        }
        client.hub.close(Duration::from_secs(1));
        for mut socket in sockets {
            client.spawn(async move { drop(socket.rest().await) });
        }
        core::future::poll_fn(|cx| client.hub.poll_closed(cx)).await;
        client.settle().await;
        let ends = handler.heard().iter().filter(|it| it.ends_with("Shutdown")).count();
        assert_eq!(ends, 10);
    });
}
