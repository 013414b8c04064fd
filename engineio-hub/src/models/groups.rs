//! Sessions that join and leave groups while they end, and while somebody sends.

use std::sync::Arc;

use bytes::Bytes;
use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::thread;

use super::world::{World, check};
use crate::cluster::{Bus, BusError, Deliver, Subscription};

#[test]
fn session_that_joins_while_it_ends_is_left_in_no_group() {
    check(|| {
        let world = World::new();
        let (client, socket) = world.open_websocket();
        let (room, sid) = (world.hub.sessions().group("room"), socket.sid().clone());
        let joining = thread::spawn({
            let room = room.clone();
            move || room.join(&sid)
        });
        let leaving = thread::spawn(move || client.reset());
        let sending = thread::spawn({
            let room = room.clone();
            move || room.send("a")
        });
        joining.join().expect("no panic");
        leaving.join().expect("no panic");
        sending.join().expect("no panic");
        drop(socket);
        world.end();
        assert!(room.is_empty());
    });
}

#[test]
fn threads_that_join_and_leave_agree_on_who_is_a_member_and_the_end_finds_it() {
    check(|| {
        let world = World::new();
        let (client, socket) = world.open_websocket();
        let (room, sid) = (world.hub.sessions().group("room"), socket.sid().clone());
        let threads = [false, true, false].map(|is_leaving| {
            let (room, sid) = (room.clone(), sid.clone());
            thread::spawn(move || {
                room.join(&sid);
                if is_leaving {
                    room.leave(&sid);
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert_eq!(room.contains(&sid), room.len() == 1);
        client.reset();
        drop(socket);
        world.end();
        assert!(room.is_empty());
    });
}

#[test]
fn member_gets_what_is_sent_after_it_joined_whatever_others_do() {
    check(|| {
        let world = World::new();
        let (client, socket) = world.open_websocket();
        let (other_client, other) = world.open_websocket();
        let sessions = world.hub.sessions();
        assert!(sessions.group("room").join(socket.sid()));
        let coming = thread::spawn({
            let (sessions, sid) = (sessions.clone(), other.sid().clone());
            move || {
                sessions.group("room").join(&sid);
                sessions.group("room").leave(&sid);
            }
        });
        sessions.group("room").send("a");
        coming.join().expect("no panic");
        assert_eq!(client.frame().as_deref(), Some("4a"));
        assert_eq!(sessions.group("room").sids(), [socket.sid().clone()]);
        client.reset();
        other_client.reset();
        drop((socket, other));
        world.end();
    });
}

#[test]
fn group_whose_last_handle_goes_while_another_is_made_is_one_group() {
    check(|| {
        let world = World::new();
        let (client, socket) = world.open_websocket();
        let sessions = world.hub.sessions();
        let threads = [(); 2].map(|()| {
            let (sessions, sid) = (sessions.clone(), socket.sid().clone());
            thread::spawn(move || {
                drop(sessions.group("room"));
                assert!(sessions.group("room").join(&sid));
            })
        });
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert_eq!(sessions.group("room").len(), 1);
        client.reset();
        drop(socket);
        world.end();
        assert_eq!(sessions.group("room").len(), 0);
    });
}

#[test]
fn server_that_goes_while_a_session_joins_keeps_no_member() {
    check(|| {
        let world = World::new();
        let (_, socket) = world.open_polling();
        let (room, sid) = (world.hub.sessions().group("room"), socket.sid().clone());
        let joining = thread::spawn({
            let room = room.clone();
            move || room.join(&sid)
        });
        drop(world);
        joining.join().expect("no panic");
        // The driver may hold the server for a moment.
        block_on(socket.closed());
        drop(socket);
        while !room.is_empty() {
            thread::yield_now();
        }
    });
}

/// Counts the subscriptions to groups.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Bus for Counting {
    fn publish(&self, _subject: &str, _payload: Bytes) -> Result<(), BusError> {
        Ok(())
    }

    fn subscribe(&self, subject: &str, _deliver: Deliver) -> Subscription {
        let count = Arc::clone(&self.0);
        let one = usize::from(subject.starts_with("g."));
        count.fetch_add(one, SeqCst);
        Subscription::new(move || {
            count.fetch_sub(one, SeqCst);
        })
    }
}

#[test]
fn subscription_follows_the_members_whatever_comes_first() {
    check(|| {
        let (world, bus) = (World::new(), Counting::default());
        world.hub.use_bus(bus.clone());
        let sockets = [world.open_websocket(), world.open_websocket()];
        let room = world.hub.sessions().group("room");
        let threads = [(0, false), (0, true), (1, true)].map(|(which, is_leaving)| {
            let (room, sid) = (room.clone(), sockets[which].1.sid().clone());
            thread::spawn(move || {
                room.join(&sid);
                if is_leaving {
                    room.leave(&sid);
                }
            })
        });
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert_eq!(bus.0.load(SeqCst), usize::from(!room.is_empty()));
        for (client, socket) in sockets {
            client.reset();
            drop(socket);
        }
        world.end();
        assert_eq!(bus.0.load(SeqCst), 0);
    });
}
