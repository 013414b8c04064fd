//! Consumers of all sessions: each event is told once, and in its session's order.

use std::sync::Arc;
use std::time::Duration;

use engineio_proto::server::Refusal;
use engineio_proto::{Message, ServerCloseReason};
use shuttle::future::block_on;
use shuttle::sync::Mutex;
use shuttle::thread::{self, JoinHandle};

use super::wire::Client;
use super::world::{World, check};
use crate::{Handler, Handshake, Sender, ServerEvent};

/// A client that says two things and leaves.
fn visit(world: &World) -> JoinHandle<Client> {
    let world = world.clone();
    thread::spawn(move || {
        let client = world.connect("/engine.io/?EIO=4");
        for packet in ["4a", "4b", "1"] {
            client.say(packet);
        }
        while client.frame().is_some() {}
        client.await_end();
        client
    })
}

#[test]
fn two_workers_share_the_events_of_two_sessions() {
    check(|| {
        let world = World::new();
        let events = world.hub.events();
        let told: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let (mut events, told) = (events.clone(), Arc::clone(&told));
                thread::spawn(move || {
                    while let Some(event) = block_on(events.next()) {
                        let (sender, what) = match event {
                            ServerEvent::Connect(sender) => (sender, "open".to_owned()),
                            ServerEvent::Message(sender, message) => {
                                (sender, message.as_text().expect("text").to_owned())
                            }
                            ServerEvent::Upgrade(sender, _) => (sender, "upgrade".to_owned()),
                            ServerEvent::Disconnect(sender, _) => (sender, "close".to_owned()),
                        };
                        let sid = sender.sid().as_str().to_owned();
                        told.lock().expect("no panic").push((sid, what));
                    }
                })
            })
            .collect();
        drop(events);
        let visits = [visit(&world), visit(&world)];
        for visit in visits {
            visit.join().expect("no panic");
        }
        world.hub.close(Duration::ZERO);
        for worker in workers {
            worker.join().expect("no panic");
        }
        let told = told.lock().expect("no panic");
        let mut sids: Vec<_> = told.iter().map(|(sid, _)| sid).collect();
        sids.sort();
        sids.dedup();
        assert_eq!(sids.len(), 2);
        for sid in sids {
            let of: Vec<_> =
                told.iter().filter(|(of, _)| of == sid).map(|(_, what)| what.as_str()).collect();
            assert_eq!(of, ["open", "a", "b", "close"]);
        }
        drop(told);
        world.end();
    });
}

/// Sends back what comes, and notes what it is told.
#[derive(Clone, Default)]
struct Noting(Arc<Mutex<Vec<String>>>);

impl Noting {
    fn note(&self, what: &str) {
        self.0.lock().expect("no panic").push(what.to_owned());
    }
}

impl Handler<()> for Noting {
    fn connect(&self, _: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn opened(&self, _: &Sender) {
        self.note("open");
    }

    fn message(&self, session: &Sender, message: Message) {
        self.note(message.as_text().expect("text"));
        let _ = session.try_send(message);
    }

    fn closed(&self, _: &Sender, _: ServerCloseReason) {
        self.note("close");
    }
}

#[test]
fn handler_is_told_in_order_while_somebody_else_sends() {
    check(|| {
        let world = World::new();
        let noting = Noting::default();
        world.hub.handle(noting.clone());
        let visiting = visit(&world);
        let broadcasting = world.clone();
        let other = thread::spawn(move || broadcasting.hub.sessions().broadcast("c"));
        visiting.join().expect("no panic");
        other.join().expect("no panic");
        world.hub.close(Duration::ZERO);
        while noting.0.lock().expect("no panic").last().is_none_or(|last| last != "close") {
            thread::yield_now();
        }
        assert_eq!(*noting.0.lock().expect("no panic"), ["open", "a", "b", "close"]);
        world.end();
    });
}

#[test]
fn all_workers_hear_of_the_end_when_the_last_session_ends_beside_them() {
    check(|| {
        let world = World::new();
        let events = world.hub.events();
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let mut events = events.clone();
                thread::spawn(move || while block_on(events.next()).is_some() {})
            })
            .collect();
        drop(events);
        let client = world.connect("/engine.io/?EIO=4");
        assert!(client.frame().is_some());
        let leaving = thread::spawn(move || client.reset());
        world.hub.close(Duration::ZERO);
        leaving.join().expect("no panic");
        for worker in workers {
            worker.join().expect("no panic");
        }
        world.end();
    });
}
