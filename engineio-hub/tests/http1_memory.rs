//! The memory of connections of HTTP/1.1 that wait.

mod common;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use engineio_hub::http1::{Fallback, ServerConnection, Settings};
use engineio_hub::{LONGEST_READ, Wire, Write};

use common::polling::Polling;
use common::world::World;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

const CONNECTIONS: usize = 1000;

fn connect(world: &World) -> Vec<ServerConnection<u32>> {
    let settings = Arc::new(Settings {
        head_timeout: Duration::from_secs(30),
        idle_timeout: Duration::from_secs(45),
        fallback: Some(Fallback::new(|request| http::Response::new(request.into_body()))),
        http2: false,
    });
    let connect = || ServerConnection::new(&world.hub, &settings, None);
    std::iter::repeat_with(connect).take(CONNECTIONS).collect()
}

/// Writes all there is, and reads this. Gives how much was written.
fn carry(connection: &mut ServerConnection<u32>, scratch: &mut [u8], piece: &str) -> usize {
    let mut cx = Context::from_waker(Waker::noop());
    let (mut written, mut pieces) = (0, Some(piece).into_iter());
    loop {
        while let Poll::Ready(Write::Bytes(parts)) = connection.poll_write(&mut cx) {
            let count = parts.iter().map(|part| part.len()).sum();
            connection.written(count);
            written += count;
        }
        let read = |_: &mut Context<'_>, free: &mut [u8]| {
            let Some(piece) = pieces.next() else { return Poll::Pending };
            assert!(!piece.is_empty(), "that would be the end");
            free[..piece.len()].copy_from_slice(piece.as_bytes());
            Poll::Ready(Ok::<_, Infallible>(piece.len()))
        };
        if connection.poll_receive(&mut cx, scratch, read).is_pending() {
            return written;
        }
    }
}

#[test]
fn connection_that_waits_for_a_request_holds_nothing() {
    let world = World::new();
    let mut connections = connect(&world);
    let mut scratch = vec![0; LONGEST_READ];
    let body = "a".repeat(20_000);
    let head = format!("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", body.len());
    let request = head + &body;
    let requests = request.repeat(3);
    // What a thread keeps, such as the date.
    carry(&mut connections[0], &mut scratch, &request);
    let before = heap::live();
    for connection in &mut connections {
        for count in [1, 3] {
            let written = carry(connection, &mut scratch, &requests[..count * request.len()]);
            assert!(written > count * body.len());
            assert_eq!(heap::live(), before);
        }
    }
    println!("a connection: {} bytes, all of them inline", size_of::<ServerConnection<u32>>());
}

#[test]
fn connection_whose_poll_waits_holds_no_buffer() {
    let world = World::new();
    world.echo();
    let app = world.clone();
    world.run(async move {
        let mut all = Vec::with_capacity(CONNECTIONS);
        for connection in connect(&app) {
            let polling = Polling::open(&app).await;
            let target = format!("/engine.io/?EIO=4&transport=polling&sid={}", polling.sid());
            // As many headers as browsers send.
            let cookie = format!("Cookie: {}\r\n", "a".repeat(1000));
            let request = format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n{cookie}\r\n");
            all.push((connection, request));
        }
        let mut scratch = vec![0; LONGEST_READ];
        let before = heap::live();
        for (connection, request) in &mut all {
            assert_eq!(carry(connection, &mut scratch, request), 0);
        }
        let each = (heap::live() - before) as usize / CONNECTIONS;
        let whole = each + size_of::<ServerConnection<u32>>();
        println!("a connection whose poll waits: {whole} bytes, {each} of them not inline");
        assert!(whole <= 1_000, "{whole}");
    });
}
