//! What the proxies of the guide do to requests, and what a server logs of those that are set up wrong.

mod addresses;
mod bodies;
mod http2;
mod mistakes;
mod nodes;
mod origins;
mod stopping;
mod watched;

use e2e::{Certificate, Proxy, within};
use peer::Peer;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use watched::Watched;

const HANDSHAKE: &str = "/engine.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

/// Every address of 127.0.0.0/8 is this machine's, at least on Linux.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, if cfg!(target_os = "linux") { 5 } else { 1 });

/// A connection to a proxy, from [`ADDRESS`], over TLS and HTTP/1.1.
async fn connect(proxy: &Proxy) -> Peer<TlsStream<TcpStream>> {
    connect_from(proxy, ADDRESS).await
}

async fn connect_from(proxy: &Proxy, from: Ipv4Addr) -> Peer<TlsStream<TcpStream>> {
    let certificate = &Certificate::of_these_tests().pem;
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM"))
        .expect("a root");
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((from, 0).into()).expect("an address of this machine");
    let address: SocketAddr = proxy.authority().parse().expect("an address");
    let connecting = async {
        let stream = socket.connect(address).await?;
        let name = ServerName::from(address.ip());
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    Peer::over(within("a connection to the proxy", connecting).await.expect("a connection"))
}

/// The bytes of a GET with these headers beside `Host`, each with the end of its line.
fn get(host: &str, target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n")
}

/// The headers that ask for a WebSocket.
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Makes each test for each proxy. Beside the proxy they need these programs.
macro_rules! for_each_proxy {
    (needs $programs:tt $($test:ident)*) => {
        for_each_proxy! { @one nginx Nginx $programs $($test)* }
        for_each_proxy! { @one haproxy HaProxy $programs $($test)* }
        for_each_proxy! { @one caddy Caddy $programs $($test)* }
        for_each_proxy! { @one apache Apache $programs $($test)* }
    };
    (@one $proxy:ident $software:ident $programs:tt $($test:ident)*) => {
        mod $proxy {
            $(super::for_each_proxy! { @test $proxy $software $programs $test })*
        }
    };
    (@test $proxy:ident $software:ident ($($program:ident)*) $test:ident) => {
        #[e2e::needs($proxy $(, $program)*)]
        #[tokio::test]
        async fn $test() {
            super::$test(e2e::Software::$software).await;
        }
    };
}
use for_each_proxy;
