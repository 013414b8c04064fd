//! `https` and `wss`, to servers that are scripts.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peer::script::{Answer, Script, Stream};
use peer::{proxy, within};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tokio::sync::mpsc::unbounded_channel;

use super::{OPEN, WAYS, failure, open};
use crate::engineio::{
    ClientCloseReason, ClientOptions, ConnectError, Message, Transport, Violation, connect,
};

/// A certificate for these names, and its key, in PEM.
fn certificate(names: &[&str]) -> (String, String) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

/// The certificate of a client that nobody knows, in PEM.
pub(super) fn stranger() -> String {
    certificate(&["stranger"]).0
}

/// TLS around a server's connections, with this certificate.
fn tls(
    certificate: &str,
    key: &str,
    client: Option<&str>,
) -> impl Fn(TcpStream) -> Box<dyn Stream> + use<> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match client {
        Some(client) => {
            let mut roots = RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_slice(client.as_bytes()).expect("PEM"))
                .expect("fit");
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
        None => builder.with_no_client_auth(),
    };
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM")];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
    let config = Arc::new(builder.with_single_cert(chain, key).expect("a pair"));
    move |stream| {
        let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
        Box::new(StreamOwned::new(session, stream))
    }
}

/// A server with TLS that echoes over a WebSocket, and says `hello` over polling; and the certificate to
/// trust, in PEM. Where `client` is given, it asks for that certificate.
pub(super) fn server(names: &[&str], client: Option<&str>) -> (Script, String) {
    let (certificate, key) = certificate(names);
    let server = Script::over(tls(&certificate, &key, client), |request| match request.kind() {
        "open" => Answer::ok(format!("{OPEN}\x1e4hello")),
        "post" => Answer::ok("ok"),
        "websocket" => Answer::websocket(|mut socket| {
            socket.send(OPEN.into()).expect("a client");
            socket.send("4hello".into()).expect("a client");
            while let Ok(frame) = socket.read() {
                if frame.is_text() || frame.is_binary() {
                    socket.send(frame).expect("a client");
                }
            }
        }),
        _ => Answer::Silence,
    });
    (server, certificate)
}

fn client(server: &Script) -> ClientOptions {
    ClientOptions::new(&format!("https://{}", server.address))
}

#[tokio::test]
async fn root_of_the_applications_is_trusted_on_both_transports() {
    let (server, root) = server(&["127.0.0.1"], None);
    for way in WAYS {
        let mut client =
            open(client(&server).transports(way).root_certificates(root.as_str())).await;
        assert_eq!(within(client.recv()).await, Some("hello".into()));
        within(client.send("back")).await.expect("an open session");
        within(client.flush()).await;
    }
}

#[tokio::test]
async fn unknown_root_is_not_trusted_and_the_error_says_why() {
    let (server, _) = server(&["127.0.0.1"], None);
    for way in WAYS {
        let (reason, said) = failure(client(&server).transports(way)).await;
        assert_eq!(reason, ClientCloseReason::Unreachable);
        assert!(said.contains("certificate"), "{said}");
    }
}

#[tokio::test]
async fn certificate_of_another_name_is_not_trusted() {
    let (server, root) = server(&["elsewhere.example"], None);
    let (reason, said) = failure(client(&server).root_certificates(root)).await;
    assert_eq!(reason, ClientCloseReason::Unreachable);
    assert!(said.contains("certificate"), "{said}");
}

#[tokio::test]
async fn any_certificate_will_do_if_that_is_said() {
    let (server, _) = server(&["elsewhere.example"], None);
    let mut client = open(client(&server).danger_accept_any_certificate()).await;
    assert_eq!(within(client.recv()).await, Some("hello".into()));
}

#[tokio::test]
async fn name_is_the_urls_whatever_it_stands_for() {
    let (server, root) = server(&["localhost"], None);
    let url = format!("wss://localhost:{}", server.address.port());
    let mut client = open(ClientOptions::new(&url).root_certificates(root)).await;
    assert_eq!(within(client.recv()).await, Some("hello".into()));
}

#[tokio::test]
async fn client_shows_its_certificate() {
    let (own, key) = certificate(&["client"]);
    let (server, root) = server(&["127.0.0.1"], Some(&own));
    let stranger = client(&server).root_certificates(root.as_str());
    assert_eq!(failure(stranger.clone()).await.0, ClientCloseReason::Unreachable);
    let mut client = open(stranger.client_certificate(own, key)).await;
    assert_eq!(within(client.recv()).await, Some("hello".into()));
}

#[tokio::test]
async fn long_messages_pass_both_ways() {
    let (server, root) = server(&["127.0.0.1"], None);
    let builder = client(&server).root_certificates(root);
    let mut client = open(builder.clone().transports([Transport::WebSocket])).await;
    assert_eq!(within(client.recv()).await, Some("hello".into()));
    let messages: Vec<Message> = (0..20).map(|it| vec![it; 300_000].into()).collect();
    let sender = client.sender();
    let sending = messages.clone();
    let sending = tokio::spawn(async move {
        for message in sending {
            sender.send(message).await.expect("an open session");
        }
    });
    for message in messages {
        assert_eq!(within(client.recv()).await, Some(message));
    }
    within(sending).await.expect("no panic");

    // A POST of its own connection: the handshake comes first.
    let client = open(builder.transports([Transport::Polling])).await;
    within(client.send("x".repeat(500_000))).await.expect("an open session");
    assert_eq!(server.request_for("post").await.body.len(), 500_001);
}

#[tokio::test]
async fn websocket_that_ends_by_a_fault_is_shut_down_at_once() {
    let (certificate, key) = certificate(&["127.0.0.1"]);
    let wrap = tls(&certificate, &key, None);
    let below = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&below);
    let wrap = move |stream: TcpStream| {
        *kept.lock().expect("no panic") = Some(stream.try_clone().expect("a connection"));
        wrap(stream)
    };
    let (told, mut heard) = unbounded_channel();
    let server = Script::over(wrap, move |_| {
        let (told, below) = (told.clone(), Arc::clone(&below));
        Answer::websocket(move |mut socket| {
            socket.send(OPEN.into()).expect("a client");
            // Text that isn't UTF-8.
            socket.get_mut().write_all(&[0x81, 2, b'4', 0xff]).expect("a client");
            socket.get_mut().flush().expect("a client");
            let mut rest = Vec::new();
            let end = socket.get_mut().read_to_end(&mut rest).map(drop);
            // Not only that of TLS.
            let tcp = below.lock().expect("no panic").take();
            let end_below = tcp.expect("a connection").read(&mut [0]);
            told.send((end, end_below, rest)).expect("a test");
        })
    });
    let client = client(&server).root_certificates(certificate);
    let client = client.transports([Transport::WebSocket]);
    let client = open(client.config(|config| config.linger(Duration::MAX))).await;
    let reason = within(client.closed()).await;
    assert_eq!(reason, ClientCloseReason::Violation(Violation::Framing));
    let (end, end_below, rest) = within(heard.recv()).await.expect("an end");
    end.expect("an end of TLS");
    assert_eq!(end_below.expect("no reset"), 0);
    // A close frame, masked.
    assert_eq!((rest[0], rest[1], rest.len()), (0x88, 0x82, 8));
}

#[tokio::test]
async fn tls_goes_through_a_proxy() {
    let (server, root) = server(&["127.0.0.1"], None);
    for way in WAYS {
        let (proxy, heads) = proxy();
        let builder = client(&server).transports(way).root_certificates(root.as_str());
        let mut client = open(builder.proxy(&format!("http://{proxy}"))).await;
        assert_eq!(within(client.recv()).await, Some("hello".into()));
        assert!(!heads.lock().expect("no panic").is_empty());
    }
}

#[tokio::test]
async fn server_without_tls_is_unreachable_by_https() {
    let server = Script::new(|_| Answer::ok(OPEN));
    // It waits for the end of a head that never comes.
    let builder = client(&server).transports([Transport::Polling]);
    let builder = builder.config(|it| it.connect_timeout(Duration::from_millis(100)));
    assert_eq!(failure(builder).await.0, ClientCloseReason::ConnectTimeout);
}

#[tokio::test]
async fn certificate_that_is_none_is_an_error_before_anything_is_sent() {
    let builder = || ClientOptions::new("https://127.0.0.1:1");
    let error =
        connect(builder().client_certificate("no", "PEM")).await.expect_err("no certificate");
    assert!(matches!(error, ConnectError::Tls(_)), "{error:?}");
}

#[tokio::test]
async fn redirect_to_https_is_followed_and_one_down_from_it_is_not() {
    let (there, root) = server(&["127.0.0.1"], None);
    let location = format!("Location: https://{}/engine.io/\r\n", there.address).leak();
    let here = Script::new(|_| Answer::Whole(301, location, String::new()));
    for way in WAYS {
        let client = ClientOptions::new(&here.url()).root_certificates(root.as_str());
        let mut client = open(client.transports(way)).await;
        assert_eq!(within(client.recv()).await, Some("hello".into()));
    }

    let (certificate, key) = certificate(&["127.0.0.1"]);
    let plain = Script::new(|_| Answer::ok(OPEN));
    let location = format!("Location: {}/engine.io/\r\n", plain.url()).leak();
    let secure = Script::over(tls(&certificate, &key, None), |_| {
        Answer::Whole(301, location, String::new())
    });
    let client = ClientOptions::new(&format!("https://{}", secure.address));
    let (reason, _) = failure(client.root_certificates(certificate)).await;
    let ClientCloseReason::Refused(refused) = &reason else { panic!("{reason:?}") };
    assert_eq!(refused.location.as_deref(), Some(format!("{}/engine.io/", plain.url()).as_str()));
}
