//! What an idle session over WebSocket costs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use engineio_hub::{Answer, Hub};
use engineio_proto::Instant;
use engineio_tokio::{Config, Server};
use http::Request;
use http::request::Parts;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::{alone, live};

/// Few enough that both ends of all fit into the usual 1,024 open files.
const SESSIONS: usize = 400;

const HEAD: &str = "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: test\r\n\
     Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn request() -> Parts {
    let request = Request::get("/engine.io/?EIO=4&transport=websocket")
        .header("host", "test")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(());
    request.expect("a request").into_parts().0
}

/// One session with its connection and its handle, all that a binding holds for it.
fn open(hub: &Arc<Hub>, cx: &mut Context<'_>) -> impl Sized + use<> {
    let mut seat = hub.admit(&request()).expect("the server's path");
    let Poll::Ready(Some(incoming)) = hub.poll_incoming(cx) else { panic!("no client") };
    let mut socket = incoming.accept().expect("it is still there");
    let Poll::Ready(Answer::Upgrade(_, mut framed)) = seat.poll_answer(cx) else {
        panic!("no 101")
    };
    // The open packet leaves, and both ends wait for what comes.
    while let Poll::Ready(engineio_hub::Write::Bytes(bytes)) = framed.poll_write(cx) {
        let count = bytes.len();
        framed.written(count);
    }
    assert!(socket.poll_recv(cx).is_pending());
    Box::new((framed, socket))
}

#[test]
fn hub_core_and_websocket_take_at_most_4_kib() {
    let _alone = alone();
    let hub = Hub::new(Config::default(), || Instant::ZERO, Box::new(()));
    let cx = &mut Context::from_waker(Waker::noop());
    let mut sessions = Vec::with_capacity(SESSIONS);
    let before = live();
    sessions.extend((0..SESSIONS).map(|_| open(&hub, cx)));
    let each = (live() - before) / SESSIONS as isize;
    println!("{each} bytes a session, its places in maps and queues included");
    assert!(each <= 4096, "{each}");
}

#[test]
fn handshakes_that_no_application_takes_dont_pile_up() {
    let _alone = alone();
    let clock = Arc::new(AtomicU64::new(0));
    let reading = Arc::clone(&clock);
    let now = move || Instant::from_millis(reading.load(Relaxed));
    let hub: Arc<Hub> = Hub::new(Config::default(), now, Box::new(()));
    let cx = &mut Context::from_waker(Waker::noop());
    let before = live();
    for _ in 0..5000 {
        drop(hub.admit(&request()));
        // Half the time in which a handshake is refused for want of a decision.
        clock.fetch_add(5000, Relaxed);
        hub.expire(cx);
    }
    let left = live() - before;
    println!("5,000 clients that left hold {left} bytes");
    // A few of them, not all.
    assert!(left < 64 << 10, "{left}");
    // Nor do those keep the hub.
    let weak = Arc::downgrade(&hub);
    drop(hub);
    assert!(weak.upgrade().is_none());
}

#[test]
fn over_sockets_hyper_and_tokio_add_to_it() {
    let _alone = alone();
    let runtime =
        Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let server = Server::new(Config::default());
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(server.serve(listener));
    let accepting = server.clone();
    runtime.spawn(async move {
        while let Some(mut socket) = accepting.accept().await {
            tokio::spawn(async move { while socket.recv().await.is_some() {} });
        }
    });
    let open = || {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.write_all(HEAD.as_bytes()).expect("the server reads");
        let mut bytes = [0; 1024];
        let mut count = 0;
        // The open packet is the only thing with braces.
        while !bytes[..count].ends_with(b"}") {
            count += stream.read(&mut bytes[count..]).expect("a 101");
        }
        stream
    };
    let mut streams = Vec::with_capacity(SESSIONS + 1);
    streams.push(open());
    let before = live();
    streams.extend((0..SESSIONS).map(|_| open()));
    thread::sleep(Duration::from_millis(100));
    let each = (live() - before) / SESSIONS as isize;
    println!("{each} bytes a session with the tasks that carry and read it");
    assert_eq!(server.len(), SESSIONS + 1);
    // Hyper lets go of its buffers when it hands the connection over.
    assert!(each <= 8192, "{each}");
}
