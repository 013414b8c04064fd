//! Servers that share their clients, and are replaced one after the other under load.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bindings::tokio::{ClientOptions, connect};
use tokio::time::sleep;

use crate::engineio::{
    Handler, Handshake, Message, Outgoing, PlainSender, Refusal, Server, ServerCloseReason,
    ServerConfig, Sid, Transport,
};
use crate::suite::listen;

const SERVERS: usize = 3;
const CLIENTS: usize = 200;

/// Half of it goes by for each server; a client has a quarter to take its last messages.
const WITHIN: Duration = Duration::from_secs(8);

/// How many messages a session has accepted, and how many its client got.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<HashMap<String, (usize, usize)>>>);

impl Ledger {
    fn note(&self, sid: &Sid, accepted: usize, received: usize) {
        let mut sessions = self.0.lock().expect("no panic");
        let counts = sessions.entry(sid.as_str().to_owned()).or_default();
        *counts = (counts.0 + accepted, counts.1 + received);
    }
}

/// Answers each message with the same and two more.
struct Answering(Ledger);

impl Handler<()> for Answering {
    fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
        Ok(())
    }

    fn message(&self, session: &PlainSender, message: Message) {
        let batch = [message, "one".into(), vec![2; 500].into()];
        if session.try_send(Outgoing::batch(batch)).is_ok() {
            self.0.note(session.sid(), 3, 0);
        }
    }

    fn closed(&self, _session: &PlainSender, reason: ServerCloseReason) {
        assert_eq!(reason, ServerCloseReason::Shutdown);
    }
}

/// A server that also says something by itself all the time, to all of these sessions.
async fn start(ledger: &Ledger) -> (Server, SocketAddr) {
    let server = Server::new(ServerConfig::default());
    server.handle(Answering(ledger.clone()));
    let address = listen(&server).await;
    let (speaking, ledger) = (server.clone(), ledger.clone());
    tokio::spawn(async move {
        let everyone = speaking.sessions();
        while !(speaking.is_closing() && everyone.is_empty()) {
            let mut sids = Vec::new();
            everyone.broadcast_where(
                |sid, ()| {
                    sids.push(sid.clone());
                    false
                },
                "",
            );
            for sid in &sids {
                if everyone.send(sid, "news").is_ok() {
                    ledger.note(sid, 1, 0);
                }
            }
            sleep(Duration::from_millis(40)).await;
        }
    });
    (server, address)
}

/// A client that talks to any of the servers, and to another one when that sends it away.
async fn talk(number: usize, servers: Servers, ledger: Ledger) -> usize {
    let (mut sessions, mut said) = (0, 0);
    while !servers.is_over.load(SeqCst) {
        let addresses = *servers.addresses.lock().expect("no panic");
        let Some(address) = addresses.get((number + sessions + said) % SERVERS) else { continue };
        said += 1;
        let mut options = ClientOptions::new(&format!("http://{address}"));
        if number.is_multiple_of(2) {
            options = options.transports([Transport::Polling]);
        }
        let Ok(mut client) = connect(options).await else {
            // 503, or nobody listens any more.
            sleep(Duration::from_millis(5)).await;
            continue;
        };
        sessions += 1;
        let sid = client.sid().expect("an open session");
        let sender = client.sender();
        let saying = tokio::spawn(async move {
            let mut said = 0;
            while sender.send(format!("message {said}")).await.is_ok() {
                said += 1;
                sleep(Duration::from_millis(50)).await;
            }
        });
        let mut received = 0;
        while client.recv().await.is_some() {
            received += 1;
        }
        ledger.note(&sid, 0, received);
        saying.await.expect("no panic");
    }
    sessions
}

#[derive(Clone)]
struct Servers {
    addresses: Arc<Mutex<[SocketAddr; SERVERS]>>,
    is_over: Arc<AtomicBool>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restart_of_three_servers_under_load_loses_nothing_that_was_accepted() {
    let ledger = Ledger::default();
    let (mut running, mut addresses) = (Vec::new(), Vec::new());
    for _ in 0..SERVERS {
        let (server, address) = start(&ledger).await;
        running.push(server);
        addresses.push(address);
    }
    let addresses = addresses.try_into().expect("three");
    let servers = Servers { addresses: Arc::new(Mutex::new(addresses)), is_over: Arc::default() };
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| tokio::spawn(talk(number, servers.clone(), ledger.clone())))
        .collect();
    let open = || ledger.0.lock().expect("no panic").len();
    peer::until(|| open() == CLIENTS).await;
    for (place, server) in running.iter_mut().enumerate() {
        let (next, address) = start(&ledger).await;
        let last = std::mem::replace(server, next);
        // The balancer finds out a moment later.
        let draining = tokio::spawn(async move { last.drain(WITHIN).await });
        sleep(Duration::from_millis(100)).await;
        if let Some(known) = servers.addresses.lock().expect("no panic").get_mut(place) {
            *known = address;
        }
        draining.await.expect("no panic");
    }
    servers.is_over.store(true, SeqCst);
    let closing = running
        .into_iter()
        .map(|server| tokio::spawn(async move { server.drain(WITHIN / 2).await }));
    for closing in closing.collect::<Vec<_>>() {
        closing.await.expect("no panic");
    }
    let mut sessions = 0;
    for client in clients {
        sessions += client.await.expect("no panic");
    }
    let ledger = ledger.0.lock().expect("no panic");
    let accepted: usize = ledger.values().map(|(accepted, _)| accepted).sum();
    println!("{sessions} sessions of {CLIENTS} clients accepted {accepted} messages");
    assert_eq!(ledger.len(), sessions);
    assert!(sessions > CLIENTS * 3 / 2, "{sessions}");
    let lost: Vec<_> = ledger.values().filter(|(accepted, got)| accepted != got).collect();
    assert!(lost.is_empty(), "accepted and received: {lost:?}");
}
