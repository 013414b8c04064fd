//! Groups that span nodes, over a bus in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use engineio_hub::Socket;
use engineio_hub::cluster::{Bus, BusError, Deliver, Subscription};
use engineio_proto::{Message, Outgoing, Packet, Revision};
use proptest::collection::vec;
use proptest::prelude::{Just, any, prop_assert, prop_oneof, proptest};

use crate::common::websocket::WebSocket;
use crate::common::world::World;

/// Hands what is published to all who subscribe, and remembers it.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<State>>);

type Entry = (u64, Arc<dyn Fn(Bytes) + Send + Sync>);

#[derive(Default)]
struct State {
    last: u64,
    subscriptions: HashMap<String, Vec<Entry>>,
    published: Vec<(String, Bytes)>,
    /// This many are refused.
    refuses: usize,
    /// This many are lost.
    loses: usize,
}

impl Memory {
    fn subjects(&self) -> Vec<String> {
        let state = self.0.lock().unwrap();
        let used = state.subscriptions.iter().filter(|(_, all)| !all.is_empty());
        let mut subjects: Vec<_> =
            used.map(|(subject, all)| format!("{subject} {}", all.len())).collect();
        subjects.sort_unstable();
        subjects
    }

    fn last_published(&self) -> (String, Bytes) {
        self.0.lock().unwrap().published.last().unwrap().clone()
    }

    fn say(&self, subject: &str, payload: impl Into<Bytes>) {
        self.publish(subject, payload.into()).unwrap();
    }
}

impl Bus for Memory {
    fn publish(&self, subject: &str, payload: Bytes) -> Result<(), BusError> {
        let mut state = self.0.lock().unwrap();
        if state.refuses > 0 {
            state.refuses -= 1;
            return Err(BusError::Full);
        }
        state.published.push((subject.to_owned(), payload.clone()));
        if state.loses > 0 {
            state.loses -= 1;
            return Ok(());
        }
        let all = state.subscriptions.get(subject).cloned().unwrap_or_default();
        drop(state);
        all.iter().for_each(|(_, deliver)| deliver(payload.clone()));
        Ok(())
    }

    fn subscribe(&self, subject: &str, deliver: Deliver) -> Subscription {
        let mut state = self.0.lock().unwrap();
        state.last += 1;
        let id = state.last;
        let all = state.subscriptions.entry(subject.to_owned()).or_default();
        all.push((id, deliver.into()));
        let (bus, subject) = (self.clone(), subject.to_owned());
        Subscription::new(move || {
            let mut state = bus.0.lock().unwrap();
            let all = state.subscriptions.get_mut(&subject).unwrap();
            all.retain(|(known, _)| *known != id);
        })
    }
}

fn node(bus: &Memory) -> World {
    let world = World::new();
    world.hub.use_bus(bus.clone());
    world
}

async fn connected(world: &World) -> (Socket<u32>, WebSocket) {
    let call = world.websocket("EIO=4&transport=websocket");
    let socket = world.accept().await;
    let mut client = WebSocket::new(Revision::V4, call.upgraded().await);
    assert!(matches!(client.packet().await, Packet::Open(_)));
    (socket, client)
}

/// A node with a member of the group `room`.
fn member(bus: &Memory) -> (World, Socket<u32>, WebSocket) {
    let world = node(bus);
    let app = world.clone();
    let (socket, client) = world.run(async move {
        let (socket, client) = connected(&app).await;
        assert!(app.hub.sessions().group("room").join(socket.sid()));
        (socket, client)
    });
    (world, socket, client)
}

/// The next messages.
fn heard<const N: usize>(world: &World, client: WebSocket) -> ([Message; N], WebSocket) {
    world.run(async move {
        let mut client = client;
        let mut heard = Vec::new();
        for _ in 0..N {
            heard.push(client.message().await);
        }
        (heard.try_into().unwrap(), client)
    })
}

#[test]
fn group_reaches_its_members_on_all_nodes_once() {
    let bus = Memory::default();
    let (one, _socket, client) = member(&bus);
    let (other, _other_socket, other_client) = member(&bus);
    one.hub.sessions().group("room").send("one");
    other.hub.sessions().group("room").send(vec![1, 2]);
    one.hub.sessions().broadcast_to_cluster("to all");
    one.hub.sessions().broadcast("here");
    other.hub.sessions().broadcast("there");
    let expected = |last: &str| ["one".into(), vec![1, 2].into(), "to all".into(), last.into()];
    assert_eq!(heard(&one, client).0, expected("here"));
    assert_eq!(heard(&other, other_client).0, expected("there"));
    let losses = [&one, &other].map(|world| world.log.count("lost"));
    assert_eq!(losses, [0, 0]);
}

#[test]
fn node_subscribes_to_a_group_while_it_has_members() {
    let bus = Memory::default();
    let world = node(&bus);
    assert_eq!(bus.subjects(), ["all 1"]);
    let (app, seen) = (world.clone(), bus.clone());
    world.run(async move {
        let (ada, ada_client) = connected(&app).await;
        let (bob, bob_client) = connected(&app).await;
        let room = app.hub.sessions().group("room");
        room.send("nobody is there");
        assert_eq!(seen.subjects(), ["all 1"]);
        assert!(room.join(ada.sid()) && room.join(bob.sid()));
        assert_eq!(seen.subjects(), ["all 1", "g.cm9vbQ 1"]);
        assert!(room.leave(ada.sid()));
        assert_eq!(seen.subjects(), ["all 1", "g.cm9vbQ 1"]);
        bob_client.end.reset();
        app.settle().await;
        assert_eq!(seen.subjects(), ["all 1"]);
        assert!(room.join(ada.sid()));
        ada_client.end.reset();
        app.settle().await;
        drop((ada, bob));
    });
    drop(world);
    assert_eq!(bus.subjects(), [""; 0]);
}

#[test]
fn any_process_may_publish_a_bare_frame() {
    let bus = Memory::default();
    let (world, _socket, client) = member(&bus);
    bus.say("g.cm9vbQ", "4hello");
    bus.say("g.cm9vbQ", &[4, 1, 2][..]);
    bus.say("all", "@later=1 volatile\n4hello, all");
    let expected: [Message; 3] = ["hello".into(), vec![1, 2].into(), "hello, all".into()];
    assert_eq!(heard(&world, client).0, expected);
}

#[test]
fn what_cannot_be_read_is_told_and_harms_nobody() {
    let bus = Memory::default();
    let (world, _socket, client) = member(&bus);
    let illegal: [&[u8]; 9] = [
        b"",
        b"5hello",
        b"4\xff",
        b"@node=a seq=1",
        b"@node=a seq=1\n",
        b"@node=a seq=-1\n4a",
        b"@lengths=2,99\n4a4b",
        b"@lengths=2\n4a4b",
        b"@lengths=18446744073709551615\n4a",
    ];
    for payload in illegal {
        bus.say("g.cm9vbQ", payload);
    }
    bus.say("g.cm9vbQ", "4well");
    assert_eq!(heard(&world, client).0, ["well".into()]);
    assert_eq!(world.log.count("lost 1 illegal true"), 1);
    assert_eq!(world.log.count("lost 1 illegal"), illegal.len());
}

proptest! {
    #[test]
    fn whatever_comes_over_a_bus_is_taken_or_told(
        words in "(@(node=[a-z]{0,3} |seq=[0-9]{0,22} |lengths=[0-9,]{0,9} |key=[0-9]{0,22} |x |plain )*)?",
        is_line in any::<bool>(),
        rest in vec(prop_oneof![Just(b'4'), Just(4), Just(b'@'), any::<u8>()], 0..40),
    ) {
        let bus = Memory::default();
        let world = node(&bus);
        let line = if is_line { "\n" } else { "" };
        bus.say("all", [words.as_bytes(), line.as_bytes(), &rest].concat());
        prop_assert!(world.log.count("lost 1 illegal") <= 1);
    }
}

#[test]
fn messages_that_do_not_come_are_counted() {
    let bus = Memory::default();
    let (one, ..) = member(&bus);
    let (other, _socket, client) = member(&bus);
    let room = one.hub.sessions().group("room");
    room.send("a");
    bus.0.lock().unwrap().loses = 3;
    ["b", "c", "d", "e"].into_iter().for_each(|text| room.send(text));
    // Each group counts by itself.
    one.hub.sessions().broadcast_to_cluster("f");
    let expected: [Message; 3] = ["a".into(), "e".into(), "f".into()];
    assert_eq!(heard(&other, client).0, expected);
    assert_eq!(other.log.lines()[1..], ["lost 3 missed true"]);
}

#[test]
fn message_that_does_not_leave_is_told_here_and_there() {
    let bus = Memory::default();
    let (one, ..) = member(&bus);
    let (other, _socket, client) = member(&bus);
    let room = one.hub.sessions().group("room");
    room.send("a");
    bus.0.lock().unwrap().refuses = 1;
    ["b", "c"].into_iter().for_each(|text| room.send(text));
    assert_eq!(one.log.lines()[1..], ["lost 1 unsent true"]);
    assert_eq!(heard(&other, client).0, ["a".into(), "c".into()]);
    assert_eq!(other.log.lines()[1..], ["lost 1 missed true"]);
}

#[test]
fn message_keeps_its_options_on_the_way() {
    let bus = Memory::default();
    let (one, ..) = member(&bus);
    let (other, _socket, client) = member(&bus);
    let room = one.hub.sessions().group("room");
    room.send(Outgoing::from("a").keep_latest(7));
    room.send(Outgoing::from("b").keep_latest(7).volatile().compress(false));
    let (subject, payload) = bus.last_published();
    let (line, frame) = std::str::from_utf8(&payload).unwrap().split_once('\n').unwrap();
    assert_eq!((subject.as_str(), frame), ("g.cm9vbQ", "4b"));
    assert!(line.ends_with(" seq=00000000000000000002 volatile key=7 plain"), "{line}");
    room.send(Outgoing::batch(["c".into(), vec![4, 10].into(), "".into()]));
    room.send(Outgoing::batch([]));
    let expected: [Message; 4] = ["b".into(), "c".into(), vec![4, 10].into(), "".into()];
    assert_eq!(heard(&other, client).0, expected);
}

#[test]
fn group_with_a_very_long_name_stays_on_its_node() {
    let bus = Memory::default();
    let world = node(&bus);
    let app = world.clone();
    world.run(async move {
        let (socket, mut client) = connected(&app).await;
        let room = app.hub.sessions().group("x".repeat(513));
        assert!(room.join(socket.sid()));
        room.send("here");
        assert_eq!(client.message().await, "here".into());
        assert_eq!(bus.subjects(), ["all 1"]);
        assert_eq!(app.log.count("misused"), 1);
    });
}
