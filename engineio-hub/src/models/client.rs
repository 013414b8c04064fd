//! A client over polling: its driver, its handles, and the server behind its requests.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

use bytes::Bytes;
use engineio_proto::{ConnId, Transport};
use http::Response;
use shuttle::future::block_on;
use shuttle::sync::Mutex;
use shuttle::thread::{self, JoinHandle};

use super::world::{World, answer, check};
use crate::Answer;
use crate::client::{Client, ClientOptions, Driver, Start, connect};

/// Responses that have come, and who waits for one.
type Arrived = Arc<Mutex<(VecDeque<(ConnId, Response<Bytes>)>, Option<Waker>)>>;

/// Opens a session, carried by a thread.
fn open(world: &World) -> (Client, JoinHandle<()>) {
    let options = ClientOptions::new("http://test").transports(vec![Transport::Polling]);
    let plan = options.plan().expect("legal options");
    let clock = Arc::clone(&world.clock);
    let (connecting, driver) = connect(plan.config, plan.remote, move || clock.now());
    let world = world.clone();
    let driving = thread::spawn(move || drive(&world, driver));
    (block_on(connecting).expect("a session"), driving)
}

/// Does what a binding's task does, until the session is over.
fn drive(world: &World, mut driver: Driver) {
    let (arrived, mut open) = (Arrived::default(), Vec::new());
    block_on(poll_fn(|cx| {
        loop {
            let mut state = arrived.lock().expect("no panic");
            let next = state.0.pop_front();
            if next.is_none() {
                state.1 = Some(cx.waker().clone());
            }
            drop(state);
            if let Some((conn, response)) = next {
                if open.contains(&conn) {
                    open.retain(|known| *known != conn);
                    let (parts, body) = response.into_parts();
                    driver.answered(conn, &parts, body);
                }
                continue;
            }
            open.retain(|conn| !driver.is_given_up(*conn));
            match driver.poll_start(cx) {
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Ready(Some((conn, Start::Request(request)))) => {
                    open.push(conn);
                    let (world, arrived) = (world.clone(), Arc::clone(&arrived));
                    thread::spawn(move || serve(&world, conn, request, &arrived));
                }
                Poll::Ready(Some((_, Start::WebSocket(_)))) => panic!("only polling"),
                Poll::Pending => {
                    driver.timeout();
                    return Poll::Pending;
                }
            }
        }
    }));
}

/// Serves one request.
fn serve(world: &World, conn: ConnId, request: http::Request<Bytes>, arrived: &Arrived) {
    let (parts, body) = request.into_parts();
    let mut seat = world.hub.admit(&parts).expect("the hub's path");
    if seat.body_limit().is_some() {
        seat.data(body);
        seat.end();
    }
    let Answer::Respond { response, .. } = answer(seat) else { panic!("only polling") };
    let mut state = arrived.lock().expect("no panic");
    state.0.push_back((conn, response));
    let waker = state.1.take();
    drop(state);
    waker.into_iter().for_each(Waker::wake);
}

/// Accepts one client, and sends so many messages back.
fn echo(world: &World, count: usize) -> JoinHandle<()> {
    let world = world.clone();
    thread::spawn(move || {
        let mut socket = world.accept();
        block_on(async {
            for _ in 0..count {
                let message = socket.recv().await.expect("an open session");
                socket.send(message).await.expect("an open session");
            }
            assert_eq!(socket.recv().await, None);
        });
    })
}

#[test]
fn echoes_come_back_whoever_sends_and_the_driver_sees_every_reason_to_wake() {
    check(|| {
        let world = World::new();
        let echoing = echo(&world, 2);
        let (mut client, driving) = open(&world);
        let sender = client.sender();
        let sending = thread::spawn(move || {
            block_on(async {
                sender.send("a").await.expect("an open session");
                sender.flush().await;
            });
        });
        block_on(async {
            client.send("b").await.expect("an open session");
            let mut all = Vec::new();
            for _ in 0..2 {
                let message = client.recv().await.expect("a message");
                all.push(message.as_text().expect("text").to_owned());
            }
            all.sort();
            assert_eq!(all, ["a", "b"]);
        });
        sending.join().expect("no panic");
        client.close();
        block_on(client.closed());
        driving.join().expect("no panic");
        echoing.join().expect("no panic");
        world.end();
    });
}

#[test]
fn whoever_waits_for_a_client_hears_of_its_end() {
    check(|| {
        let world = World::new();
        let echoing = echo(&world, 0);
        let (client, driving) = open(&world);
        let waits: Vec<_> = (0..2)
            .map(|_| {
                let sender = client.sender();
                thread::spawn(move || block_on(sender.closed()))
            })
            .collect();
        // Dropping it closes the session.
        drop(client);
        for wait in waits {
            wait.join().expect("no panic");
        }
        driving.join().expect("no panic");
        echoing.join().expect("no panic");
        world.end();
    });
}
