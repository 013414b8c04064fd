//! Groups: who gets what, and who leaves when.

use std::sync::{Arc, Mutex};

use engineio_hub::{Group, Handler, Handshake, Overflow, Sender, Socket};
use engineio_proto::server::Refusal;
use engineio_proto::{Message, Outgoing, Packet, Revision, ServerCloseReason, Sid};

use crate::common::polling::Polling;
use crate::common::websocket::WebSocket;
use crate::common::world::World;

const WEBSOCKET: &str = "EIO=4&transport=websocket";

async fn connected(world: &World) -> (Socket<u32>, WebSocket) {
    let call = world.websocket(WEBSOCKET);
    let socket = world.accept().await;
    let mut client = WebSocket::new(Revision::V4, call.upgraded().await);
    assert!(matches!(client.packet().await, Packet::Open(_)));
    (socket, client)
}

fn group(world: &World, name: &str) -> Group<u32> {
    world.hub.sessions().group(name)
}

#[test]
fn members_get_what_is_sent_and_others_do_not() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (ada, mut ada_client) = connected(&app).await;
        let (bob, mut bob_client) = connected(&app).await;
        let (other, mut other_client) = connected(&app).await;
        let room = group(&app, "room");
        assert!(room.join(ada.sid()) && room.join(bob.sid()));
        group(&app, "room").send("to both");
        room.send_except(vec![1, 2], ada.sid());
        app.hub.sessions().broadcast("to all");
        assert_eq!(ada_client.message().await, "to both".into());
        assert_eq!(ada_client.message().await, "to all".into());
        assert_eq!(bob_client.message().await, "to both".into());
        assert_eq!(bob_client.message().await, vec![1, 2].into());
        assert_eq!(bob_client.message().await, "to all".into());
        assert_eq!(other_client.message().await, "to all".into());
        drop(other);
    });
}

#[test]
fn member_over_polling_gets_what_is_sent_with_its_next_poll() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let client = Polling::open(&app).await;
        let sid = Sid::from_text(client.sid()).unwrap();
        let room = group(&app, "room");
        assert!(room.join(&sid));
        room.send("one");
        room.send(Outgoing::batch(["two".into(), "three".into()]));
        let expected = ["one", "two", "three"].map(|text| Packet::Message(text.into()));
        assert_eq!(client.poll().await, expected);
    });
}

#[test]
fn session_is_a_member_once_however_often_it_joins() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (ada, mut client) = connected(&app).await;
        let room = group(&app, "room");
        assert!(room.join(ada.sid()) && room.join(ada.sid()));
        assert_eq!((room.len(), room.sids()), (1, vec![ada.sid().clone()]));
        room.send("one");
        assert!(room.leave(ada.sid()));
        assert!(!room.leave(ada.sid()) && !room.contains(ada.sid()));
        room.send("two");
        assert!(room.join(ada.sid()) && room.contains(ada.sid()));
        room.send("three");
        assert_eq!(client.message().await, "one".into());
        assert_eq!(client.message().await, "three".into());
    });
}

#[test]
fn session_that_ends_leaves_all_its_groups() {
    let world = World::new();
    let app = world.clone();
    world.run(async move {
        let (ada, client) = connected(&app).await;
        let (bob, _bob_client) = connected(&app).await;
        let rooms: Vec<_> = (0..10).map(|number| group(&app, &format!("room {number}"))).collect();
        for room in &rooms {
            assert!(room.join(ada.sid()) && room.join(bob.sid()));
        }
        client.end.reset();
        app.settle().await;
        assert!(rooms.iter().all(|room| room.sids() == [bob.sid().clone()]));
        // And it can't come back.
        assert!(!rooms[0].join(ada.sid()));
        assert_eq!(rooms[0].len(), 1);
        drop(ada);
    });
}

#[test]
fn nobody_is_no_member() {
    let world = World::new();
    let (room, nobody) = (group(&world, "room"), Sid::from_text("nobody").unwrap());
    assert!(!room.join(&nobody) && !room.leave(&nobody) && !room.contains(&nobody));
    assert!(room.is_empty());
    room.send("hello");
}

#[test]
fn member_without_room_misses_it_or_ends() {
    let world = World::narrow();
    let app = world.clone();
    world.run(async move {
        let room = group(&app, "room");
        let mut sockets = Vec::new();
        let mut ends = Vec::new();
        for overflow in [Overflow::Drop, Overflow::Close] {
            app.set_capacity(256);
            let call = app.websocket(WEBSOCKET);
            let incoming = app.incoming().await.unwrap().overflow(overflow);
            let socket = incoming.accept_with(0).unwrap();
            ends.push(call.upgraded().await);
            assert!(room.join(socket.sid()));
            sockets.push(socket);
        }
        let message = Message::from(vec![7; 1024]);
        for _ in 0..100 {
            room.send(message.clone());
            app.settle().await;
        }
        let reasons: Vec<_> = sockets.iter().map(Socket::close_reason).collect();
        assert_eq!(reasons, [None, Some(ServerCloseReason::Overloaded)]);
        assert_eq!(room.sids(), [sockets[0].sid().clone()]);
        drop(ends);
    });
}

/// Says to the room what a member says, and who left.
struct Room(Group<u32>, Arc<Mutex<Vec<usize>>>);

impl Handler<u32> for Room {
    fn connect(&self, _handshake: &Handshake) -> Result<u32, Refusal> {
        Ok(0)
    }

    fn opened(&self, session: &Sender<u32>) {
        assert!(self.0.join(session.sid()));
    }

    fn message(&self, session: &Sender<u32>, message: Message) {
        self.0.send_except(message, session.sid());
    }

    fn closed(&self, session: &Sender<u32>, _reason: ServerCloseReason) {
        assert!(!self.0.contains(session.sid()));
        self.1.lock().unwrap().push(self.0.len());
    }
}

#[test]
fn handler_holds_a_group_and_is_told_of_an_end_after_it_was_left() {
    let world = World::new();
    let left = Arc::default();
    world.hub.handle(Room(group(&world, "room"), Arc::clone(&left)));
    let app = world.clone();
    world.run(async move {
        let (mut ada, mut bob) = (WebSocket::open(&app).await, WebSocket::open(&app).await);
        ada.say("hello").await;
        assert_eq!(bob.message().await, "hello".into());
        bob.say("hello, Ada").await;
        assert_eq!(ada.message().await, "hello, Ada".into());
        drop(ada);
        app.settle().await;
        assert_eq!(*left.lock().unwrap(), [1]);
        drop(bob);
        app.settle().await;
        assert_eq!(*left.lock().unwrap(), [1, 0]);
    });
}

#[test]
fn group_of_a_server_that_is_gone_has_no_members() {
    let world = World::new();
    let app = world.clone();
    let (room, sid) = world.run(async move {
        let call = app.get("EIO=4&transport=polling");
        let socket = app.accept().await;
        assert_eq!(call.status().await, 200);
        let (room, sid) = (group(&app, "room"), socket.sid().clone());
        assert!(room.join(&sid));
        socket.detach();
        (room, sid)
    });
    assert_eq!(room.len(), 1);
    drop(world);
    assert!(room.is_empty());
    assert!(!room.join(&sid));
}
