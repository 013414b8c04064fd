//! `https` and `wss`, to a server whose connections the application has put TLS around.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use async_io::Async;
use bindings::async_std::{ClientOptions, Server, ServerConfig, Transport, connect};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use futures_rustls::rustls::pki_types::pem::PemObject;
use futures_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use futures_rustls::rustls::{self, crypto::ring};
use futures_rustls::{TlsAcceptor, TlsConnector};
use peer::within;

use crate::suite::WEBSOCKET;
use crate::suite::client::WAYS;

/// A server that says `hello` to everyone, its address, and whom to trust, in PEM.
fn server(name: &str) -> (Server, SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let root = made.cert.pem();
    let chain = vec![CertificateDer::from_pem_slice(root.as_bytes()).expect("PEM")];
    let key = made.signing_key.serialize_pem();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
    let address = listener.get_ref().local_addr().expect("an address");
    let config = ServerConfig::builder().linger(Duration::MAX).build();
    let server = Server::new(config.expect("a legal configuration"));
    tokio::spawn(greet(server.clone()));
    let serving = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), serving.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                server.serve_connection(stream, Some(peer)).await;
            });
        }
    });
    (server, address, root)
}

async fn greet(server: Server) {
    while let Some(socket) = server.accept().await {
        let _ = socket.send("hello").await;
        socket.detach();
    }
}

fn client(address: SocketAddr, root: &str) -> ClientOptions {
    ClientOptions::new(&format!("https://{address}")).root_certificates(root)
}

async fn assert_greeted(client: ClientOptions) {
    let mut client = within(connect(client)).await.expect("a session");
    assert_eq!(within(client.recv()).await, Some("hello".into()));
}

#[tokio::test]
async fn streams_may_have_tls_around_them_on_both_transports() {
    let (_, address, root) = server("127.0.0.1");
    for way in WAYS {
        assert_greeted(client(address, &root).transports(way)).await;
    }
}

#[tokio::test]
async fn long_messages_arrive_whole() {
    let (server, address, root) = server("127.0.0.1");
    for way in [Transport::Polling, Transport::WebSocket] {
        let client = client(address, &root).transports([way]);
        let mut client = within(connect(client)).await.expect("a session");
        assert_eq!(within(client.recv()).await, Some("hello".into()));
        let sid = client.sid().expect("an open session");
        let long = "x".repeat(700_000);
        server.send(&sid, long.clone()).expect("room");
        assert_eq!(within(client.recv()).await, Some(long.clone().into()));
        within(client.send(long)).await.expect("an open session");
        within(client.flush()).await;
        assert_eq!(client.close_reason(), None);
    }
}

#[tokio::test]
async fn websocket_that_ends_by_a_fault_is_shut_down_at_once() {
    let (_, address, root) = server("127.0.0.1");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes()).expect("PEM")).expect("a root");
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = Async::<TcpStream>::connect(address).await.expect("a server");
    let name = "127.0.0.1".try_into().expect("a name");
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, tcp);
    let mut stream = within(connecting).await.expect("TLS");
    stream.write_all(peer::upgrade(WEBSOCKET).as_bytes()).await.expect("a server");
    // Text that isn't UTF-8.
    let no_text = [0x81, 0x82, 0, 0, 0, 0, b'4', 0xff];
    stream.write_all(&no_text).await.expect("a server");
    let mut said = Vec::new();
    within(stream.read_to_end(&mut said)).await.expect("an end");
    assert_eq!(said[said.len() - 4..], [0x88, 2, 0x03, 0xef]);
    // Not only that of TLS.
    let (tcp, _) = stream.get_mut();
    assert_eq!(within(tcp.read(&mut [0])).await.expect("no reset"), 0);
}
