//! Chromium over TLS and HTTP/2 against `axum::serve`, and a raw peer over TLS.

use axum::Router;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use axum::serve::{IncomingStream, Listener};
use e2e::{Certificate, chromium, needs, patient};
use engineio_tokio::{Server, Socket};
use peer::{Frame, Peer, upgrade};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

#[needs(browser, node)]
#[tokio::test]
async fn browser_polls_upgrades_and_talks_on_one_connection() {
    let server = Server::new(patient().build().expect("a configuration that makes sense"));
    tokio::spawn(accept(server.clone()));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let look = from_fn(move |number: ConnectInfo<Number>, request, next| {
        see(number, request, next, Arc::clone(&log))
    });
    let tls = Tls::bind().await;
    let url = format!("https://{}", tls.local_addr().expect("an address").1);
    let page = Router::new().route("/", get(|| async { "a page" }));
    let router = page.layer(server.layer()).layer(look);
    let app = router.into_make_service_with_connect_info::<Number>();
    tokio::spawn(async move { axum::serve(tls, app).await });

    let saw = chromium::start_with_client("both_transports.js", &url).end().await;
    let heard = json!({ "heard": [5, 0, 200_000], "transport": "websocket" });
    assert_eq!(saw["upgraded"], heard, "{saw}");
    assert_eq!(saw["alone"], heard, "{saw}");
    assert_eq!(saw["websockets"], json!([200, 200]), "{saw}");

    let seen = seen.lock().expect("no panic");
    let first = seen.first().map(|(number, ..)| *number);
    for (number, version, _) in &*seen {
        assert_eq!((Some(*number), *version), (first, http::Version::HTTP_2), "{seen:?}");
    }
    for method in ["GET", "POST", "CONNECT"] {
        assert!(seen.iter().any(|(.., it)| it == method), "no {method}: {seen:?}");
    }
}

/// Browsers wait for the server's end before they end their own side.
#[tokio::test]
async fn websocket_that_ends_by_a_fault_is_shut_down_at_once() {
    let config = patient().linger(Duration::MAX).build().expect("a configuration that makes sense");
    let server = Server::new(config);
    tokio::spawn(accept(server.clone()));
    let tls = Tls::bind().await;
    let address = tls.local_addr().expect("an address").1;
    tokio::spawn(async move { axum::serve(tls, Router::new().layer(server.layer())).await });

    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(Certificate::of_these_tests().pem.as_bytes());
    roots.add(root.expect("PEM")).expect("a root");
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let tcp = TcpStream::connect(address).await.expect("the server listens");
    let name = "127.0.0.1".try_into().expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.expect("TLS");
    let mut peer = Peer::over(stream);
    peer.request(upgrade("/engine.io/?EIO=4&transport=websocket")).await.expect(101);
    assert!(matches!(peer.frame().await, Frame::Text(_)));
    // Text that isn't UTF-8.
    peer.send([0x81, 0x82, 0, 0, 0, 0, b'4', 0xff]).await;
    assert_eq!(peer.frame().await, Frame::Close(1007));
    assert_eq!(peer.rest().await.len(), 0);
}

/// Sends everything back.
async fn accept(server: Server) {
    while let Some(mut socket) = server.accept().await {
        tokio::spawn(async move {
            let socket: &mut Socket = &mut socket;
            while let Some(message) = socket.recv().await {
                let _ = socket.send(message).await;
            }
        });
    }
}

/// The number of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number(usize);

/// What came on which connection.
type Seen = Vec<(Number, http::Version, String)>;

async fn see(
    ConnectInfo(number): ConnectInfo<Number>,
    request: axum::extract::Request,
    next: Next,
    log: Arc<Mutex<Seen>>,
) -> axum::response::Response {
    if request.uri().query().is_some() {
        let entry = (number, request.version(), request.method().to_string());
        log.lock().expect("no panic").push(entry);
    }
    next.run(request).await
}

impl Connected<IncomingStream<'_, Tls>> for Number {
    fn connect_info(stream: IncomingStream<'_, Tls>) -> Self {
        stream.remote_addr().0
    }
}

/// A listener whose connections may speak HTTP/2.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    accepted: usize,
}

impl Tls {
    async fn bind() -> Self {
        let certificate = Certificate::of_these_tests();
        let chain = CertificateDer::from_pem_slice(certificate.pem.as_bytes()).expect("PEM");
        let key = PrivateKeyDer::from_pem_file(certificate.key_file()).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth();
        let mut config = config.with_single_cert(vec![chain], key).expect("a certificate");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self { listener, acceptor: Arc::new(config).into(), accepted: 0 }
    }
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = (Number, SocketAddr);

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, peer)) = self.listener.accept().await else { continue };
            // A browser may give a connection up again.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                self.accepted += 1;
                return (stream, (Number(self.accepted), peer));
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok((Number(0), self.listener.local_addr()?))
    }
}
