//! Sessions that join and leave groups while they end, and while somebody sends.

use shuttle::future::block_on;
use shuttle::thread;

use super::world::{World, check};

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
