//! A node beyond a partition of the network: it refuses nothing and answers nothing.

use std::net::SocketAddr;
use std::time::Duration;

use peer::{Peer, get, until};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::{Node, Places, config, tag};

const OF_A: &str = "/engine.io/?EIO=4&transport=polling&sid=a.somebody";

/// Takes no more connections and refuses none: the kernel drops what comes when the queue is full.
async fn partitioned() -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut queue = Vec::new();
    let connect = || tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address));
    while let Ok(waiting) = connect().await {
        queue.push(waiting.expect("room in the queue"));
    }
    (listener, queue)
}

#[tokio::test]
async fn node_beyond_a_partition_is_an_unknown_session_and_harms_no_other() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let (node, _queue) = partitioned().await;
    places.add(tag("a"), node.local_addr().expect("an address"));
    let mut through = Peer::connect(edge.address).await;
    through.send(get(OF_A)).await;
    until(|| edge.server.forwards() == 1).await;
    let mut own = Peer::connect(edge.address).await;
    let opened = own.get("/engine.io/?EIO=4&transport=polling").await.expect(200);
    assert!(opened.text().starts_with('0'), "{}", opened.text());
    assert_eq!(edge.refusals.causes(), [""; 0]);
    let answer = through.answer().await.expect(400);
    assert_eq!(answer.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
    let websocket = OF_A.replace("polling", "websocket");
    let refused = Peer::websocket(&edge.address.to_string(), &websocket).await;
    assert_eq!(refused.err(), Some(400));
    // The directory has answered, so it was the connection that wasn't made in time.
    assert_eq!(edge.refusals.causes(), ["unreachable_node"; 2]);
    until(|| edge.server.forwards() == 0).await;
}

/// The timer that runs on the connection to this address, as Linux numbers them, and the hundredths
/// of a second until it is due.
fn timer_of_connection_to(address: SocketAddr) -> Option<(u8, u64)> {
    let port = format!(":{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let columns = lines.find(|columns| columns[2].ends_with(&port) && columns[3] == ESTABLISHED)?;
    let (timer, due) = columns[5].split_once(':')?;
    Some((timer.parse().ok()?, u64::from_str_radix(due, 16).ok()?))
}

#[tokio::test]
async fn node_that_a_poll_waits_for_is_asked_for_signs_of_life() {
    let places = Places::default();
    let edge = Node::start("b", config(), &places).await;
    let node = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = node.local_addr().expect("an address");
    places.add(tag("a"), address);
    let mut through = Peer::connect(edge.address).await;
    through.send(get(OF_A)).await;
    let (_node, _) = node.accept().await.expect("a connection");
    // After the request was confirmed, the keepalive is all that runs.
    let is_watched = || matches!(timer_of_connection_to(address), Some((KEEPALIVE, 1..=1_500)));
    until(is_watched).await;
}

/// A connection's state, and its timer.
const ESTABLISHED: &str = "01";
const KEEPALIVE: u8 = 2;
