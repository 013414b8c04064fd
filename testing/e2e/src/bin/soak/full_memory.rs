//! Clients that hold as much as they may of a server that has little: it lives, and holds no more.

use std::net::SocketAddr;
use std::time::Duration;

use e2e::Binding;
use futures_util::{StreamExt, stream};
use peer::{Peer, session};
use tokio::time::{Instant, sleep};

use crate::good::Good;
use crate::serving::{ADDRESS_SPACE, MAX_MEMORY, Memory, Serving, name};

/// Unfinished POSTs, and as many messages that are sent but for a byte.
const UNFINISHED: usize = 1_000;
/// Clients that send what is sent back, and read nothing.
const DEAF: usize = 200;
/// Each of them, as long as it may be.
const LARGE: usize = 1_000_000;
/// How long they stay.
const STAY: Duration = Duration::from_secs(20);

/// Tries each, and prints what it needed. False: one didn't survive, or left its good client alone.
pub(crate) async fn try_all(bindings: &[Binding]) -> bool {
    let files = rlimit::increase_nofile_limit(8192).expect("a limit of open files");
    assert!(files > 3_000, "this needs 3,000 open files, not {files}");
    println!(
        "{UNFINISHED} unfinished POSTs, {UNFINISHED} unfinished messages, {DEAF} clients that read \
         nothing; max_memory {} MB, address space {} MB",
        MAX_MEMORY / 1_000_000,
        ADDRESS_SPACE / 1_000_000,
    );
    println!("| | most resident | most addresses | echoes beside, ms | longest | |");
    println!("|---|---|---|---|---|---|");
    let mut is_sound = true;
    for binding in bindings {
        is_sound &= survives(*binding).await;
    }
    is_sound
}

async fn survives(binding: Binding) -> bool {
    let mut server = Serving::start(binding, Memory::Little);
    let address = server.address;
    let good = Good::start(address);
    let start = Instant::now();
    let mut crowd = Vec::new();
    crowd.extend(many(UNFINISHED, || unfinished_post(address)).await);
    crowd.extend(many(UNFINISHED, || unfinished_message(address)).await);
    crowd.extend(many(DEAF, || deaf(address)).await);
    sleep(STAY).await;
    let is_alive = server.is_alive();
    let [resident, addresses] = ["VmHWM", "VmPeak"].map(|it| server.status(it) * 1024 / 1_000_000);
    eprintln!("{} clients in {} s", crowd.len(), start.elapsed().as_secs());
    drop(crowd);
    let echoes = if is_alive { good.end() } else { None };
    let is_sound = is_alive && echoes.is_some() && has_room_again(address).await;
    let (beside, longest) = match echoes {
        Some(echoes) => (echoes.to_string(), echoes.longest.as_millis().to_string() + " ms"),
        None => ("lost".to_owned(), String::new()),
    };
    println!(
        "| {} | {resident} MB | {addresses} MB | {beside} | {longest} | {} |",
        name(binding),
        if is_sound { "sound" } else { "NOT SOUND" }
    );
    is_sound
}

/// So many clients, some at a time.
async fn many<F: Future<Output = Peer>>(count: usize, client: impl Fn() -> F) -> Vec<Peer> {
    stream::iter((0..count).map(|_| client())).buffer_unordered(20).collect().await
}

/// A POST of which all has come but the last byte.
async fn unfinished_post(address: SocketAddr) -> Peer {
    let (mut peer, target) = session(address).await;
    let head = format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: {LARGE}\r\n\r\n");
    // The server needn't read all of it.
    peer.send_in_time(head + &"4".repeat(LARGE - 1)).await;
    peer
}

/// A message of which all has come but the last byte.
async fn unfinished_message(address: SocketAddr) -> Peer {
    let (mut peer, _) = Peer::open_websocket(address).await;
    peer.send_in_time(frame(1)).await;
    peer
}

/// Sends, until nothing is taken any more, what is sent back.
async fn deaf(address: SocketAddr) -> Peer {
    let (mut peer, _) = Peer::open_websocket(address).await;
    let message = frame(0);
    while peer.send_in_time(&message).await {}
    peer
}

/// A binary frame with a mask of zeros, without its last bytes.
fn frame(missing: usize) -> Vec<u8> {
    let mut frame = vec![0x82, 0x80 | 127];
    frame.extend((LARGE as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(frame.len() + LARGE - missing, 7);
    frame
}

/// When they are gone, a large body is taken.
async fn has_room_again(address: SocketAddr) -> bool {
    for _ in 0..40 {
        let (mut peer, target) = session(address).await;
        if peer.post(&target, &"4".repeat(LARGE)).await.status == 200 {
            return true;
        }
        sleep(Duration::from_secs(1)).await;
    }
    false
}
