//! Three nodes of a cluster are replaced one after the other while 200 clients talk to them through a
//! balancer that sends their requests anywhere. What each session accepts is numbered, and its client
//! has to get all of it, once and in order.

use core::time::Duration;
use std::collections::HashMap;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use bindings::tokio::{
    ClientCloseReason, ClientOptions, Cluster, Directory, Locating, Message, NodeTag, Observer,
    PlainSender, Server, ServerCloseReason, Sid, Socket, Transport, connect, serve,
};
use e2e::{Places, Route, patient, router, within};
use http::Uri;
use tokio::time::sleep;

const NODES: usize = 3;
const CLIENTS: usize = 200;

/// The sessions of a node, and what passes through it, leave in half of it.
const WITHIN: Duration = Duration::from_secs(8);

/// How long each side is silent between two messages, and how long where it is quiet, so that polls
/// wait.
const BUSY: Duration = Duration::from_millis(100);
const QUIET: Duration = Duration::from_secs(3);

/// The last message of a session that is open when the test is over. Its client then leaves.
const LAST: &str = "last";

/// Where each node is, for the others.
#[derive(Clone, Default)]
struct Known(Arc<Mutex<HashMap<NodeTag, Uri>>>);

impl Directory for Known {
    fn locate<'a>(&'a self, node: &'a NodeTag) -> Locating<'a> {
        Box::pin(ready(self.0.lock().expect("no panic").get(node).cloned()))
    }
}

/// What the sessions have accepted, and what their clients got.
#[derive(Clone, Default)]
struct Ledger {
    accounts: Arc<Mutex<HashMap<String, Account>>>,
    faults: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
    forwarded: Arc<AtomicUsize>,
}

/// Of one session.
#[derive(Debug, Default)]
struct Account {
    accepted: usize,
    received: usize,
    ended: Option<ServerCloseReason>,
    left: Option<ClientCloseReason>,
    transport: Option<Transport>,
}

impl Ledger {
    fn note(&self, sid: &Sid, change: impl FnOnce(&mut Account)) {
        let mut accounts = self.accounts.lock().expect("no panic");
        change(accounts.entry(sid.as_str().to_owned()).or_default());
    }

    fn fault(&self, fault: String) {
        self.faults.lock().expect("no panic").push(fault);
    }

    /// Whether all is noted of the sessions that their clients have left.
    fn is_complete(&self) -> bool {
        let accounts = self.accounts.lock().expect("no panic");
        accounts.values().all(|account| account.ended.is_some() && account.left.is_some())
    }

    fn is_over(&self) -> bool {
        self.is_over.load(SeqCst)
    }
}

/// Counts what passes through a node.
impl Observer for Ledger {
    fn forwarded(&self, _node: NodeTag) {
        self.forwarded.fetch_add(1, SeqCst);
    }
}

/// A node of the cluster.
struct Node {
    tag: NodeTag,
    server: Server,
    address: SocketAddr,
}

impl Node {
    /// Starts one, with a tag that none before had.
    async fn start(tag: &str, known: &Known, ledger: &Ledger) -> Self {
        let tag: NodeTag = tag.parse().expect("a legal tag");
        let config = patient().node(tag).build().expect("it makes sense");
        let server = Server::builder(config)
            .cluster(Cluster::new(known.clone()))
            .observer(ledger.clone())
            .build();
        let (address, _) = serve(&server).await;
        let place = format!("http://{address}").parse().expect("a URL");
        known.0.lock().expect("no panic").insert(tag, place);
        let (accepting, ledger) = (server.clone(), ledger.clone());
        tokio::spawn(async move {
            while let Some(incoming) = accepting.incoming().await {
                let pause = if incoming.query("quiet").is_some() { QUIET } else { BUSY };
                if let Some(socket) = incoming.accept() {
                    tokio::spawn(speak(socket.sender(), pause, ledger.clone()));
                    tokio::spawn(listen(socket, ledger.clone()));
                }
            }
        });
        Self { tag, server, address }
    }
}

/// Says something numbered all the time, until the session or the test is over.
async fn speak(session: PlainSender, pause: Duration, ledger: Ledger) {
    let (mut accepted, mut is_last) = (0, false);
    while !is_last {
        is_last = ledger.is_over();
        // Some are as long as several segments of TCP.
        let padding = "x".repeat(if accepted % 7 == 0 { 10_000 } else { 20 });
        let message = if is_last { LAST } else { &padding };
        if session.send(format!("{accepted} {message}")).await.is_err() {
            break;
        }
        accepted += 1;
        if !is_last {
            sleep(pause).await;
        }
    }
    let reason = session.closed().await;
    ledger.note(session.sid(), |account| {
        account.accepted = accepted;
        account.ended = Some(reason);
    });
}

/// Sees that what the client says comes in order.
async fn listen(mut socket: Socket, ledger: Ledger) {
    let mut heard = 0;
    while let Some(message) = socket.recv().await {
        if message != Message::from(format!("{heard}")) {
            ledger.fault(format!("{:?} heard {message:?} and not {heard}", socket.sid()));
        }
        heard += 1;
    }
}

/// A client that has one session after the other. Returns how many.
async fn talk(number: usize, balancer: SocketAddr, ledger: Ledger) -> usize {
    let is_quiet = number.is_multiple_of(5);
    let mut sessions = 0;
    while !ledger.is_over() {
        let query = if is_quiet { "?quiet=1" } else { "" };
        let options = ClientOptions::new(&format!("http://{balancer}/{query}"));
        let options = match number % 4 {
            // A connection for each request.
            0 => options.transports([Transport::Polling]).header("connection", "close"),
            1 => options.transports([Transport::WebSocket]),
            _ => options,
        };
        let Ok(mut client) = connect(options).await else {
            // 503, or nobody listens there any more.
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        sessions += 1;
        let sid = client.sid().expect("an open session");
        let pause = if is_quiet { QUIET } else { BUSY };
        let saying = tokio::spawn({
            let sender = client.sender();
            async move {
                for said in 0.. {
                    if sender.send(format!("{said}")).await.is_err() {
                        break;
                    }
                    sleep(pause).await;
                }
            }
        });
        let (mut received, mut transport) = (0, None);
        while let Some(message) = client.recv().await {
            transport = client.transport().or(transport);
            let text = message.into_text().unwrap_or_default();
            let (number, message) = text.split_once(' ').unwrap_or_default();
            if number != format!("{received}") {
                ledger.fault(format!("{sid:?} got {number} and not {received}"));
            }
            received += 1;
            if message == LAST {
                client.close();
            }
        }
        ledger.note(&sid, |account| {
            account.received = received;
            account.left = client.close_reason();
            account.transport = transport;
        });
        saying.await.expect("no panic");
    }
    sessions
}

async fn nothing_is_lost(route: Route) {
    let (known, ledger) = (Known::default(), Ledger::default());
    let mut nodes = Vec::new();
    for place in 0..NODES {
        nodes.push(Node::start(&format!("n{place}-0"), &known, &ledger).await);
    }
    let places = Places::new(nodes.iter().map(|node| node.address));
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let (balancer, _) = router(listen, places.clone(), route).await.expect("a free port");
    let clients: Vec<_> =
        (0..CLIENTS).map(|number| tokio::spawn(talk(number, balancer, ledger.clone()))).collect();
    let open = || nodes.iter().map(|node| node.server.len()).sum::<usize>();
    peer::until(|| open() == CLIENTS).await;
    // Upgrades as well.
    sleep(Duration::from_secs(1)).await;
    let mut passed = 0;
    for (place, node) in nodes.iter_mut().enumerate() {
        let next = Node::start(&format!("n{place}-1"), &known, &ledger).await;
        let last = std::mem::replace(node, next);
        passed += last.server.forwards();
        let draining = tokio::spawn({
            let server = last.server.clone();
            async move { server.drain(WITHIN).await }
        });
        // The balancer finds out a moment later.
        sleep(Duration::from_millis(100)).await;
        places.replace(last.address, node.address);
        within("a node that drains", draining).await.expect("no panic");
        assert_eq!((last.server.len(), last.server.forwards()), (0, 0));
        known.0.lock().expect("no panic").remove(&last.tag);
    }
    ledger.is_over.store(true, SeqCst);
    let mut sessions = 0;
    for client in clients {
        sessions += within("the end of a client", client).await.expect("no panic");
    }
    let is_left = |node: &Node| node.server.is_empty() && node.server.forwards() == 0;
    peer::until(|| nodes.iter().all(is_left) && ledger.is_complete()).await;
    let accounts = ledger.accounts.lock().expect("no panic");
    let accepted: usize = accounts.values().map(|account| account.accepted).sum();
    let forwarded = ledger.forwarded.load(SeqCst);
    println!(
        "{sessions} sessions of {CLIENTS} clients accepted {accepted} messages; {forwarded} requests \
         and WebSockets passed through other nodes, {passed} of them when such a node began to drain"
    );
    let faults = ledger.faults.lock().expect("no panic");
    assert!(faults.is_empty(), "{faults:?}");
    let lost: Vec<_> =
        accounts.iter().filter(|(_, account)| account.accepted != account.received).collect();
    assert!(lost.is_empty(), "{} lost something: {lost:?}", lost.len());
    // No node took a client for lost.
    let is_ended = |account: &Account| {
        let wanted = [ServerCloseReason::Shutdown, ServerCloseReason::Peer(None)];
        account.ended.as_ref().is_some_and(|reason| wanted.contains(reason))
    };
    let broken: Vec<_> = accounts.iter().filter(|(_, account)| !is_ended(account)).collect();
    assert!(broken.is_empty(), "{broken:?}");
    assert_eq!(accounts.len(), sessions);
    assert!(sessions > CLIENTS * 3 / 2, "{sessions}");
    assert!(forwarded > 1_000 && passed > 0, "{forwarded} {passed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restart_behind_a_balancer_of_connections_loses_nothing_that_was_accepted() {
    nothing_is_lost(Route::Connection).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restart_behind_a_balancer_of_requests_loses_nothing_that_was_accepted() {
    nothing_is_lost(Route::Request).await;
}
