//! A server consumed as one stream of events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use engineio_sync::{ServerEvent, Sid};
use peer::{Frame, Peer, session};

use super::{bind, builder, config};

#[tokio::test]
async fn one_thread_serves_all_sessions() {
    let (server, address) = bind(builder());
    let (app, events) = (server.clone(), server.events());
    let serving = thread::spawn(move || {
        let mut kinds = Vec::new();
        for event in events {
            kinds.push(match event {
                ServerEvent::Connect(_) => "connect",
                ServerEvent::Message(sid, message) => {
                    app.send(sid.sid(), message).expect("an open session");
                    "message"
                }
                ServerEvent::Upgrade(..) => "upgrade",
                ServerEvent::Disconnect(..) => "disconnect",
                _ => "something else",
            });
        }
        kinds
    });
    let (mut peer, target) = session(address).await;
    peer.post(&target, "4one").await.expect(200);
    assert_eq!(peer.get(&target).await.expect(200).text(), "4one");
    let mut socket = Peer::connect(address).await;
    socket.upgrade(&target.replace("polling", "websocket")).await.expect(101);
    socket.say("2probe").await;
    assert_eq!(socket.frame().await, Frame::text("3probe"));
    socket.say("5").await;
    socket.say("4two").await;
    assert_eq!(socket.frame().await, Frame::text("4two"));
    socket.say("1").await;
    assert_eq!(socket.frame().await, Frame::Close(1000));
    drop(socket);
    server.close(Duration::from_secs(20));
    let kinds = serving.join().expect("no panic");
    assert_eq!(kinds, ["connect", "message", "upgrade", "message", "disconnect"]);
}

/// Each session counts; workers that had its events at the same time would count wrongly.
#[tokio::test]
async fn workers_share_the_sessions_and_keep_the_order_of_each() {
    const SESSIONS: usize = 8;
    const COUNT: usize = 200;
    let config = config().inbox_high_water(1 << 20).build().expect("a legal configuration");
    let (server, address) = bind(engineio_sync::Server::builder(config).io_threads(2));
    let heard = Arc::new(Mutex::new(HashMap::<Sid, Vec<String>>::new()));
    let events = server.events();
    let workers = [(); 4].map(|()| {
        let (events, heard) = (events.clone(), Arc::clone(&heard));
        thread::spawn(move || {
            let mut count = 0;
            for event in events {
                if let ServerEvent::Message(sid, message) = event {
                    // Others have the lock in between.
                    thread::yield_now();
                    let text = message.as_text().expect("a text").to_owned();
                    heard
                        .lock()
                        .expect("no panic")
                        .entry(sid.sid().clone())
                        .or_default()
                        .push(text);
                    count += 1;
                }
            }
            count
        })
    });
    drop(events);
    let mut peers = Vec::new();
    for _ in 0..SESSIONS {
        peers.push(Peer::open_websocket(address).await.0);
    }
    for number in 0..COUNT {
        for peer in &mut peers {
            peer.say(&format!("4{number}")).await;
        }
    }
    for peer in &mut peers {
        peer.say("1").await;
        assert_eq!(peer.frame().await, Frame::Close(1000));
    }
    drop(peers);
    server.close(Duration::from_secs(20));
    let counts = workers.map(|worker| worker.join().expect("no panic"));
    assert_eq!(counts.iter().sum::<usize>(), SESSIONS * COUNT);
    let heard = heard.lock().expect("no panic");
    assert_eq!(heard.len(), SESSIONS);
    let expected = (0..COUNT).map(|number| number.to_string()).collect::<Vec<_>>();
    assert!(heard.values().all(|texts| *texts == expected));
}
