//! The address of a client, behind a proxy that says it.

use super::{ADDRESS, HANDSHAKE, Watched, connect, for_each_proxy, get};
use e2e::{Snippet, Software, patient};
use std::net::{IpAddr, Ipv4Addr};

async fn handshake_shows_the_clients_address_and_not_the_one_it_claims(software: Software) {
    for (trust, seen) in [(true, ADDRESS), (false, Ipv4Addr::LOCALHOST)] {
        let server = Watched::start(patient().trust_forwarded(trust)).await;
        let proxy = Snippet::for_one(software).start(&[&server.authority()]);
        let claim = "X-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.7\r\n";
        let mut peer = connect(&proxy).await;
        for headers in ["", claim] {
            peer.request(get(&proxy.authority(), HANDSHAKE, headers)).await.expect(200);
        }
        assert_eq!(server.clients(), [Some(IpAddr::V4(seen)); 2], "trust_forwarded: {trust}");
    }
}

for_each_proxy! { needs () handshake_shows_the_clients_address_and_not_the_one_it_claims }
