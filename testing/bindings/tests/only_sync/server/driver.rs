//! A server whose I/O is done by a driver, on a thread of the application.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use engineio_sync::{
    Driver, Events, SendError, Server, ServerBuilder, ServerCloseReason, ServerEvent, TryRecvError,
};

use super::{POLLING, WEBSOCKET, bind, builder, config};
use peer::{Frame, Peer, get, session, until, upgrade, within};

const LONG: Duration = Duration::from_secs(20);
const NO_TIME: Option<Duration> = Some(Duration::ZERO);

fn bind_driven(builder: ServerBuilder) -> (Server, Driver, SocketAddr) {
    let (server, driver) = builder.bind_driven("127.0.0.1:0").expect("a free port");
    let address = server.local_addr();
    (server, driver, address)
}

/// A thread that takes turns until the server has ended.
fn drive(mut driver: Driver) -> thread::JoinHandle<()> {
    thread::spawn(move || while driver.turn(None) {})
}

/// Takes turns without waiting until there is something.
async fn turns_until<T>(driver: &mut Driver, mut next: impl FnMut() -> Option<T>) -> T {
    within(async {
        loop {
            assert!(driver.turn(NO_TIME), "the server goes on");
            if let Some(found) = next() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
}

/// Runs frames of a game until it has heard something.
async fn frames_until_heard(driver: &mut Driver, events: &mut Events) -> ServerEvent {
    turns_until(driver, || match events.try_next() {
        Ok(event) => Some(event),
        Err(TryRecvError::Empty) => None,
        Err(TryRecvError::Closed) => panic!("the server goes on"),
    })
    .await
}

#[tokio::test]
async fn game_loop_does_the_io_itself() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut events = server.events();
    assert_eq!(events.try_next().map(drop), Err(TryRecvError::Empty));
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let ServerEvent::Connect(sender) = frames_until_heard(&mut driver, &mut events).await else {
        panic!("no connect");
    };
    sender.try_send("hello").expect("an open session");
    assert!(driver.turn(NO_TIME));
    peer.answer().await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
    assert_eq!(peer.frame().await, Frame::text("4hello"));
    peer.say("4move").await;
    let event = frames_until_heard(&mut driver, &mut events).await;
    assert!(matches!(event, ServerEvent::Message(from, _) if from == sender));
    drop(peer);
    let event = frames_until_heard(&mut driver, &mut events).await;
    assert!(matches!(event, ServerEvent::Disconnect(from, _) if from == sender));
    driver.close(LONG);
    assert_eq!(events.try_next().map(drop), Err(TryRecvError::Closed));
}

/// The event says both at once, and no other follows.
#[tokio::test]
async fn message_that_comes_with_the_end_of_its_connection_is_heard_and_so_is_the_end() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut events = server.events();
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    frames_until_heard(&mut driver, &mut events).await;
    peer.answer().await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
    peer.say("4last").await;
    peer.finish().await;
    let event = frames_until_heard(&mut driver, &mut events).await;
    assert!(matches!(event, ServerEvent::Message(_, message) if message.as_text() == Some("last")));
    let event = frames_until_heard(&mut driver, &mut events).await;
    assert!(matches!(event, ServerEvent::Disconnect(..)), "{event:?}");
}

/// One turn after the messages, and no other before they are read.
#[tokio::test]
async fn messages_sent_in_a_frame_leave_with_its_last_turn() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut events = server.events();
    let mut framed = Peer::connect(address).await;
    framed.send(upgrade(WEBSOCKET)).await;
    frames_until_heard(&mut driver, &mut events).await;
    let mut polling = Peer::connect(address).await;
    polling.send(get(POLLING)).await;
    let ServerEvent::Connect(sender) = frames_until_heard(&mut driver, &mut events).await else {
        panic!("no connect");
    };
    turns_until(&mut driver, || (server.connections() == 2).then_some(())).await;
    framed.answer().await.expect(101);
    assert!(matches!(framed.frame().await, Frame::Text(open) if open.starts_with('0')));
    polling.answer().await.expect(200);
    polling.send(get(&format!("{POLLING}&sid={}", sender.sid().as_str()))).await;
    // Until the poll has arrived, each frame finds nothing to do.
    for _ in 0..10 {
        assert!(driver.turn(Some(Duration::from_millis(5))));
    }
    for frame in 0..3 {
        assert!(driver.turn(NO_TIME));
        assert_eq!(events.try_next().map(drop), Err(TryRecvError::Empty));
        server.broadcast(format!("frame {frame}"));
        assert!(driver.turn(NO_TIME));
        let expected = format!("4frame {frame}");
        assert_eq!(framed.frame().await, Frame::text(&expected));
        if frame == 0 {
            assert_eq!(polling.answer().await.expect(200).text(), expected);
        }
    }
}

#[tokio::test]
async fn threads_wait_for_events_while_another_drives() {
    let (server, driver, address) = bind_driven(builder());
    let driving = drive(driver);
    let app = server.clone();
    let serving = thread::spawn(move || {
        for event in app.events() {
            if let ServerEvent::Message(sender, message) = event {
                sender.try_send(message).expect("an open session");
            }
        }
    });
    let (mut peer, target) = session(address).await;
    for _ in 0..50 {
        peer.post(&target, "4hello").await.expect(200);
        assert_eq!(peer.get(&target).await.expect(200).text(), "4hello");
    }
    server.close(Duration::from_secs(1));
    serving.join().expect("no panic");
    driving.join().expect("no panic");
}

#[tokio::test]
async fn threads_wait_for_their_sessions_while_another_drives() {
    let (server, driver, address) = bind_driven(builder());
    let driving = drive(driver);
    let accepting = server.clone();
    let accepting = thread::spawn(move || {
        let mut threads = Vec::new();
        while let Some(mut socket) = accepting.accept() {
            threads.push(thread::spawn(move || {
                let mut count = 0;
                while let Some(message) = socket.recv() {
                    socket.send(message).expect("an open session with room");
                    socket.flush();
                    count += 1;
                }
                (count, socket.closed())
            }));
        }
        threads.into_iter().map(|thread| thread.join().expect("no panic").0).sum::<usize>()
    });
    let mut peers = Vec::new();
    for _ in 0..4 {
        peers.push(Peer::open_websocket(address).await.0);
    }
    for _ in 0..20 {
        for peer in &mut peers {
            peer.say("4hello").await;
            assert_eq!(peer.frame().await, Frame::text("4hello"));
        }
    }
    drop(peers);
    server.close(Duration::from_secs(5));
    assert_eq!(accepting.join().expect("no panic"), 80);
    driving.join().expect("no panic");
}

#[tokio::test]
async fn driver_goes_from_thread_to_thread() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut events = server.events();
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    frames_until_heard(&mut driver, &mut events).await;
    for number in 0..3 {
        peer.say(&format!("4{number}")).await;
        let taking = thread::spawn(move || {
            let message = loop {
                driver.turn(Some(Duration::MAX));
                if let Ok(event) = events.try_next() {
                    break event;
                }
            };
            (driver, events, message)
        });
        until(|| taking.is_finished()).await;
        let event;
        (driver, events, event) = taking.join().expect("no panic");
        assert!(matches!(event, ServerEvent::Message(..)), "{event:?}");
    }
}

/// A turn without a timeout sleeps until another thread has something for it.
#[tokio::test]
async fn sending_from_another_thread_ends_the_sleep_of_a_turn() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let socket = turns_until(&mut driver, || server.try_accept().ok()).await;
    let driving = drive(driver);
    peer.answer().await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
    for _ in 0..100 {
        socket.send("hello").expect("an open session");
        assert_eq!(peer.frame().await, Frame::text("4hello"));
    }
    drop(server);
    drop(socket);
    until(|| driving.is_finished()).await;
    driving.join().expect("no panic");
}

#[tokio::test]
async fn sockets_are_taken_and_read_without_waiting() {
    let (server, mut driver, address) = bind_driven(builder());
    assert_eq!(server.try_accept().map(drop), Err(TryRecvError::Empty));
    assert_eq!(server.try_incoming().map(drop), Err(TryRecvError::Empty));
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let mut socket = turns_until(&mut driver, || server.try_accept().ok()).await;
    assert_eq!(socket.try_recv(), Err(TryRecvError::Empty));
    peer.say("4hello").await;
    let heard = turns_until(&mut driver, || socket.try_recv().ok()).await;
    assert_eq!(heard, "hello".into());
    peer.say("1").await;
    turns_until(&mut driver, || socket.close_reason()).await;
    assert_eq!(socket.try_recv(), Err(TryRecvError::Closed));
    drop(peer);
    driver.close(LONG);
    assert_eq!(server.try_accept().map(drop), Err(TryRecvError::Closed));
    assert_eq!(server.try_incoming().map(drop), Err(TryRecvError::Closed));
}

#[tokio::test]
async fn try_send_is_full_until_a_turn_has_written() {
    let config = config()
        .outbox_low_water(100)
        .outbox_high_water(100)
        .build()
        .expect("a legal configuration");
    let (server, mut driver, address) = bind_driven(Server::builder(config));
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let socket = turns_until(&mut driver, || server.try_accept().ok()).await;
    socket.try_send("x".repeat(200)).expect("room for one");
    assert!(matches!(socket.try_send("more"), Err(SendError::Full(_))));
    turns_until(&mut driver, || (socket.queued_bytes() == 0).then_some(())).await;
    socket.try_send("more").expect("room again");
}

#[tokio::test]
async fn server_without_a_thread_or_a_driver_is_refused() {
    let bound = builder().io_threads(0).bind::<()>("127.0.0.1:0");
    let error = bound.expect_err("nobody would do the I/O");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    // A driver needs no thread.
    bind_driven(builder().io_threads(0)).1.close(LONG);
}

#[tokio::test]
async fn last_handle_ends_the_server() {
    for threads in [1, 3] {
        let (server, address) = bind(builder().io_threads(threads));
        let mut events = server.events();
        let idle = Peer::connect(address).await;
        drop(server);
        let mut peer = Peer::connect(address).await;
        peer.send(get(POLLING)).await;
        // The events keep it: this client still gets its session.
        until(|| events.try_next().is_ok()).await;
        assert_eq!(events.try_next().map(drop), Err(TryRecvError::Empty));
        peer.answer().await.expect(200);
        drop(events);
        assert_eq!(idle.rest().await.len(), 0);
        assert_eq!(peer.rest().await.len(), 0);
        until_nobody_listens(address).await;
    }
}

#[tokio::test]
async fn last_handle_ends_the_turns() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut events = server.events();
    let idle = Peer::connect(address).await;
    drop(server);
    let mut peer = Peer::connect(address).await;
    peer.send(get(POLLING)).await;
    frames_until_heard(&mut driver, &mut events).await;
    assert_eq!(events.try_next().map(drop), Err(TryRecvError::Empty));
    peer.answer().await.expect(200);
    drop(events);
    assert!(!driver.turn(None));
    assert!(!driver.turn(None), "further turns do nothing");
    assert_eq!(idle.rest().await.len(), 0);
    assert_eq!(peer.rest().await.len(), 0);
    until_nobody_listens(address).await;
}

async fn until_nobody_listens(address: SocketAddr) {
    within(async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn dropping_the_driver_ends_the_sessions_and_all_waiting() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let mut socket = turns_until(&mut driver, || server.try_accept().ok()).await;
    let accepting = server.clone();
    let accepting = thread::spawn(move || accepting.accept().is_none());
    let reading = thread::spawn(move || (socket.recv(), socket.closed()));
    assert!(driver.turn(NO_TIME));
    peer.answer().await.expect(101);
    drop(driver);
    until(|| accepting.is_finished() && reading.is_finished()).await;
    assert!(accepting.join().expect("no panic"));
    assert_eq!(reading.join().expect("no panic"), (None, ServerCloseReason::Shutdown));
    assert_eq!((server.len(), server.connections()), (0, 0));
    peer.rest().await;
    tokio::net::TcpStream::connect(address).await.expect_err("nobody listens");
    // There is nobody left to wait for.
    server.close(Duration::from_secs(3600));
}

#[tokio::test]
async fn driver_closes_the_server_and_flushes_its_sessions() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut events = server.events();
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    frames_until_heard(&mut driver, &mut events).await;
    server.broadcast("last");
    let closing = thread::spawn(move || driver.close(LONG));
    peer.answer().await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
    for frame in [Frame::text("4last"), Frame::text("1"), Frame::Close(1001)] {
        assert_eq!(peer.frame().await, frame);
    }
    peer.say_close(1001).await;
    assert_eq!(peer.rest().await.len(), 0);
    until(|| closing.is_finished()).await;
    closing.join().expect("no panic");
    assert!(matches!(events.try_next(), Ok(ServerEvent::Disconnect(..))));
    assert_eq!(events.try_next().map(drop), Err(TryRecvError::Closed));
    assert_eq!((server.len(), server.connections()), (0, 0));
    tokio::net::TcpStream::connect(address).await.expect_err("nobody listens");
}

#[tokio::test]
async fn driver_that_closes_cuts_off_peers_that_do_not_answer() {
    let config = config().linger(LONG).build().expect("a legal configuration");
    let (server, mut driver, address) = bind_driven(Server::builder(config));
    let mut events = server.events();
    let silent = Peer::connect(address).await;
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    frames_until_heard(&mut driver, &mut events).await;
    let closing = thread::spawn(move || driver.close(Duration::from_millis(400)));
    until(|| closing.is_finished()).await;
    closing.join().expect("no panic");
    assert_eq!((server.len(), server.connections()), (0, 0));
    drop((silent, peer));
}

/// As for a handler of Ctrl-C, which has a thread of its own.
#[tokio::test]
async fn closing_from_another_thread_ends_the_turns() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let socket = turns_until(&mut driver, || server.try_accept().ok()).await;
    let driving = drive(driver);
    let closing = thread::spawn(move || server.close(LONG));
    peer.answer().await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(open) if open.starts_with('0')));
    assert_eq!(peer.frame().await, Frame::text("1"));
    drop(peer);
    until(|| closing.is_finished() && driving.is_finished()).await;
    closing.join().expect("no panic");
    driving.join().expect("no panic");
    assert_eq!(socket.close_reason(), Some(ServerCloseReason::Shutdown));
}

/// The thread that closes is the one that would have to do the I/O.
#[tokio::test]
async fn closing_from_the_fallback_ends_in_time() {
    let handle = Arc::new(OnceLock::<Server>::new());
    let closing = Arc::clone(&handle);
    let (server, driver, address) = bind_driven(builder().fallback(move |_| {
        let server = closing.get().expect("it was set before the first request");
        server.close(Duration::from_millis(100));
        http::Response::new("closed")
    }));
    handle.set(server.clone()).expect("it is set once");
    let driving = drive(driver);
    let mut peer = Peer::connect(address).await;
    peer.send(get("/")).await;
    until(|| driving.is_finished()).await;
    driving.join().expect("no panic");
    assert!(server.accept().is_none());
}

/// `Server::close` can't flush there, but it returns, and the server is closed.
#[tokio::test]
async fn closing_by_handle_on_the_thread_of_the_driver_cuts_off_in_time() {
    let (server, mut driver, address) = bind_driven(builder());
    let mut peer = Peer::connect(address).await;
    peer.send(upgrade(WEBSOCKET)).await;
    let socket = turns_until(&mut driver, || server.try_accept().ok()).await;
    server.close(Duration::from_millis(100));
    assert_eq!(socket.close_reason(), Some(ServerCloseReason::Shutdown));
    assert!(!driver.turn(None));
    assert_eq!((server.len(), server.connections()), (0, 0));
}

#[tokio::test]
async fn closing_at_once_closes_the_listener_too() {
    let (server, mut driver, address) = bind_driven(builder());
    let idle = Peer::connect(address).await;
    turns_until(&mut driver, || (server.connections() == 1).then_some(())).await;
    driver.close(Duration::ZERO);
    assert_eq!(server.connections(), 0);
    assert_eq!(idle.rest().await.len(), 0);
    tokio::net::TcpStream::connect(address).await.expect_err("nobody listens");
}

#[tokio::test]
async fn driver_of_an_idle_server_closes_at_once() {
    let (server, driver, _) = bind_driven(builder());
    driver.close(Duration::from_secs(3600));
    server.close(Duration::from_secs(3600));
    assert!(server.accept().is_none());
}

/// A driver may go to another thread, and its errors are errors.
const _: () = {
    const fn sent<T: Send>() {}
    const fn error<T: std::error::Error + Send + Sync + 'static>() {}
    sent::<Driver>();
    error::<TryRecvError>();
    error::<engineio_sync::RecvTimeoutError>();
};

/// Beyond the backlog the system ignores clients, which ask again after a second or more.
#[tokio::test]
async fn many_clients_wait_for_the_first_turn() {
    let (_server, _driver, address) = bind_driven(builder());
    let connect = |_| tokio::net::TcpStream::connect(address);
    let clients = within(futures_util::future::join_all((0..300).map(connect))).await;
    assert!(clients.iter().all(Result::is_ok));
}
