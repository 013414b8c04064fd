//! What 10,000 idle clients cost, and what is left when they are gone, counted by the allocator.
//!
//! The clients live in a process of their own, which is this program again: a process may not have
//! open files enough for both ends.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use engineio_sync::{Server, ServerConfig};
use heap::{Counting, settled};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const WISHED: u64 = 10_000;
/// Open files that aren't connections.
const OTHERS: u64 = 100;
const CLIENTS: &str = "ENGINEIO_IDLE_CLIENTS";

fn main() {
    let files = rlimit::increase_nofile_limit(WISHED + OTHERS).expect("a limit of open files");
    if let Ok(clients) = env::var(CLIENTS) {
        return be_clients(&clients);
    }
    let count = usize::try_from(files.saturating_sub(OTHERS).min(WISHED)).expect("a small number");
    if count < 10_000 {
        println!("only {count} clients: this process may have no more than {files} open files");
    }
    let hour = Duration::from_secs(3600);
    let config = ServerConfig::builder().ping_interval(hour).ping_timeout(hour);
    let config = config.poll_grace(Duration::from_millis(100));
    let server = Server::bind("127.0.0.1:0", config.build().expect("a legal configuration"));
    let server = server.expect("a free port");
    let events = server.events();
    let application = thread::spawn(move || events.count());
    // Whatever is made once is made now.
    hold(&server, "websocket", 1);
    hold(&server, "polling", 1);
    hold(&server, "websocket", count);
    hold(&server, "polling", count);
    server.close(Duration::ZERO);
    let events = application.join().expect("no panic");
    assert_eq!(events, 4 * (count + 1), "each session begins and ends");
}

/// Holds so many sessions, and says what they cost.
fn hold(server: &Server, transport: &str, count: usize) {
    let before = settled();
    let mut clients = start_clients(server.local_addr(), transport, count);
    let idle = settled();
    assert_eq!((server.len(), server.connections()), (count, count));
    let threads = io_threads();
    assert!(threads.is_none_or(|threads| threads == 1), "{threads:?}");
    let each = (idle - before) / count as isize;
    // It ends with its standard input.
    drop(clients.stdin.take());
    assert!(clients.wait().expect("it ends").success());
    while server.len() + server.connections() > 0 {
        thread::sleep(Duration::from_millis(10));
    }
    let left = settled() - before;
    if count > 1 {
        println!(
            "{count} idle sessions over {transport}: {each} bytes of heap each, one I/O thread"
        );
        println!("{left} bytes are left when they are gone");
        assert!(each <= 4096, "{each}");
        // Room that the next ones use, and deadlines that are forgotten when they are due: an hour
        // after the session here, 25 s with the defaults.
        assert!(left / count as isize <= 600, "{left}");
    }
}

/// How many threads of the server's there are, where the machine can tell.
fn io_threads() -> Option<usize> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let names =
        tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    Some(names.filter(|name| name.starts_with("engineio-")).count())
}

fn start_clients(address: SocketAddr, transport: &str, count: usize) -> Child {
    let mut child = Command::new(env::current_exe().expect("this program"))
        .env(CLIENTS, format!("{address} {transport} {count}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts");
    let mut line = String::new();
    let output = child.stdout.take().expect("its output");
    BufReader::new(output).read_line(&mut line).expect("its output");
    assert_eq!(line, "ready\n");
    child
}

/// Opens the sessions, and keeps them until the standard input ends.
fn be_clients(what: &str) {
    let mut words = what.split(' ');
    let mut word = || words.next().expect("address, transport and count");
    let address: SocketAddr = word().parse().expect("an address");
    let transport = word();
    let count: usize = word().parse().expect("a number");
    let streams = (0..count).map(|_| open(address, transport)).collect::<Vec<_>>();
    println!("ready");
    let _ = io::stdin().read_to_end(&mut Vec::new());
    drop(streams);
}

fn open(address: SocketAddr, transport: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    let target = format!("/engine.io/?EIO=4&transport={transport}");
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = if transport == "websocket" { upgrade } else { "" };
    let request = format!("GET {target} HTTP/1.1\r\nHost: test\r\n{upgrade}\r\n");
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut bytes = [0; 1024];
    let mut count = 0;
    // The open packet is the only thing with braces.
    while !bytes[..count].ends_with(b"}") {
        count += stream.read(&mut bytes[count..]).expect("an answer");
    }
    if transport == "polling" {
        let answer = String::from_utf8_lossy(&bytes[..count]);
        let sid = answer.split_once(r#""sid":""#).and_then(|(_, rest)| rest.split_once('"'));
        let sid = sid.expect("a sid").0;
        let poll = format!("GET {target}&sid={sid} HTTP/1.1\r\nHost: test\r\n\r\n");
        stream.write_all(poll.as_bytes()).expect("the server reads");
    }
    stream
}
