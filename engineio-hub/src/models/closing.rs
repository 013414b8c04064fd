//! A server that closes, with the clock as the only help against peers that do nothing.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicBool, Ordering::SeqCst};
use shuttle::thread;

use super::world::{World, check, get};
use crate::cluster::{Cluster, Nodes};

#[test]
fn server_that_closes_ends_however_its_peers_behave() {
    check(|| {
        let world = World::new();
        let (client, socket) = world.open_websocket();
        let (target, other) = world.open_polling();
        block_on(socket.send("a")).expect("an open session");
        block_on(other.send("b")).expect("an open session");
        let opening = world.clone();
        // One more that comes just now.
        let late = thread::spawn(move || {
            drop(opening.admit(get("/engine.io/?EIO=4&transport=polling")));
        });
        let hub = world.hub.clone();
        let closing = thread::spawn(move || {
            hub.close(Duration::from_secs(1));
            block_on(poll_fn(|cx| hub.poll_closed(cx)));
        });
        // Neither reads, and time passes whenever it likes.
        for _ in 0..4 {
            world.clock.pass(30_000);
            thread::yield_now();
        }
        late.join().expect("no panic");
        let now = &mut Context::from_waker(Waker::noop());
        while world.hub.poll_closed(now).is_pending() {
            world.clock.pass(30_000);
            thread::yield_now();
        }
        closing.join().expect("no panic");
        client.await_end();
        drop((target, socket, other));
        world.end();
    });
}

#[test]
fn driver_that_falls_asleep_misses_no_deadline() {
    check(|| {
        let world = World::new();
        let (client, socket) = world.open_websocket();
        // The ping is due after 25 s, and the pong 20 s later; the driver may be about to sleep.
        world.clock.pass(25_000);
        assert_eq!(client.frame().as_deref(), Some("2"));
        world.clock.pass(20_000);
        while client.frame().is_some() {}
        block_on(socket.closed());
        client.await_end();
        drop(socket);
        world.end();
    });
}

#[test]
fn who_begins_to_wait_while_the_server_goes_hears_of_it() {
    check(|| {
        let world = World::new();
        let (_, mut socket) = world.open_polling();
        let sender = socket.sender();
        let waiting = thread::spawn(move || {
            block_on(async {
                while sender.send("a").await.is_ok() {}
                sender.flush().await;
                sender.closed().await
            })
        });
        let reading = thread::spawn(move || block_on(socket.recv()));
        drop(world);
        waiting.join().expect("no panic");
        assert_eq!(reading.join().expect("no panic"), None);
    });
}

#[test]
fn poll_that_comes_to_a_node_just_as_that_closes_leaves_it() {
    check(|| {
        let world = World::new();
        world.hub.join(Cluster::new(Nodes::fixed([])));
        let has_left = Arc::new(AtomicBool::new(false));
        let (coming, leaving) = (world.clone(), Arc::clone(&has_left));
        let passing = thread::spawn(move || {
            let query = "EIO=4&transport=polling&sid=n2.somebody";
            let mut seat = coming.admit(get(&format!("/engine.io/?{query}")));
            let forward = seat.forward().expect("a session of another node");
            block_on(poll_fn(|cx| forward.poll_leave(cx)));
            leaving.store(true, SeqCst);
        });
        let hub = world.hub.clone();
        let closing = thread::spawn(move || {
            hub.close(Duration::from_secs(1));
            block_on(poll_fn(|cx| hub.poll_forwarded(cx)));
        });
        while !has_left.load(SeqCst) {
            world.clock.pass(1_000);
            thread::yield_now();
        }
        passing.join().expect("no panic");
        closing.join().expect("no panic");
        world.end();
    });
}
