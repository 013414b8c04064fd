//! Which pages a server behind a proxy serves, with its default: those of its own host and port.

use super::{HANDSHAKE, UPGRADE, WEBSOCKET, Watched, connect, for_each_proxy, get};
use e2e::{Proxy, Snippet, Software, patient};

/// The statuses of the answers to a page of this origin: to a handshake over polling, and to one
/// that asks for a WebSocket.
async fn statuses(proxy: &Proxy, origin: &str, more: &str) -> [u16; 2] {
    let headers = format!("Origin: {origin}\r\n{more}");
    let handshake = get(&proxy.authority(), HANDSHAKE, &headers);
    let websocket = get(&proxy.authority(), WEBSOCKET, &format!("{headers}{UPGRADE}"));
    let polling = connect(proxy).await.request(handshake).await.status;
    [polling, connect(proxy).await.request(websocket).await.status]
}

async fn pages_of_the_own_host_and_port_are_served_and_no_others(software: Software) {
    for trust in [false, true] {
        let server = Watched::start(patient().trust_forwarded(trust)).await;
        let proxy = Snippet::for_one(software).start(&[&server.authority()]);
        assert_eq!(statuses(&proxy, &proxy.url(), "").await, [200, 101], "{:?}", server.log());
        for other in ["https://evil.example", "https://127.0.0.1", "https://127.0.0.1:1"] {
            assert_eq!(statuses(&proxy, other, "").await, [403; 2], "{other}");
            let claim = format!("X-Forwarded-Host: {}\r\n", other.trim_start_matches("https://"));
            assert_eq!(statuses(&proxy, other, &claim).await, [403; 2], "{other} claims its host");
        }
    }
}

for_each_proxy! { needs () pages_of_the_own_host_and_port_are_served_and_no_others }
