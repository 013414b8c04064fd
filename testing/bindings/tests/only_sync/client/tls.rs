//! `https` and `wss`.

use std::net::TcpStream;
use std::sync::Arc;

use engineio_sync::{ClientCloseReason, ClientOptions, ConnectError, Message, Transport, connect};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::script::{Answer, Script};
use super::{OPEN, WAYS, connected, failure};

/// A certificate for these names, and its key, in PEM.
fn certificate(names: &[&str]) -> (String, String) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

/// A server with TLS that echoes over a WebSocket, and says `hello` over polling. Who is to be
/// trusted with it is in PEM. Where `client` is given, it wants to see that.
fn server(names: &[&str], client: Option<&str>) -> (Script, String) {
    let (certificate, key) = certificate(names);
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
    let wrap = move |stream: TcpStream| -> Box<dyn super::script::Stream> {
        let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
        Box::new(StreamOwned::new(session, stream))
    };
    let server = Script::over(wrap, |request| match request.kind() {
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

#[test]
fn root_of_the_applications_is_trusted_on_both_transports() {
    let (server, root) = server(&["127.0.0.1"], None);
    for way in WAYS {
        let mut client =
            connected(client(&server).transports(way).root_certificates(root.as_str()));
        assert_eq!(client.recv(), Some("hello".into()));
        client.send("back").expect("an open session");
        client.flush();
    }
}

#[test]
fn unknown_root_is_not_trusted_and_the_error_says_why() {
    let (server, _) = server(&["127.0.0.1"], None);
    for way in WAYS {
        let (reason, said) = failure(client(&server).transports(way));
        assert_eq!(reason, ClientCloseReason::Unreachable);
        assert!(said.contains("certificate"), "{said}");
    }
}

#[test]
fn certificate_of_another_name_is_not_trusted() {
    let (server, root) = server(&["elsewhere.example"], None);
    let (reason, said) = failure(client(&server).root_certificates(root));
    assert_eq!(reason, ClientCloseReason::Unreachable);
    assert!(said.contains("certificate"), "{said}");
}

#[test]
fn any_certificate_will_do_if_that_is_said() {
    let (server, _) = server(&["elsewhere.example"], None);
    let mut client = connected(client(&server).danger_accept_any_certificate());
    assert_eq!(client.recv(), Some("hello".into()));
}

#[test]
fn name_is_the_urls_whatever_it_stands_for() {
    let (server, root) = server(&["localhost"], None);
    let url = format!("wss://localhost:{}", server.address.port());
    let mut client = connected(ClientOptions::new(&url).root_certificates(root));
    assert_eq!(client.recv(), Some("hello".into()));
}

#[test]
fn client_shows_its_certificate() {
    let (own, key) = certificate(&["client"]);
    let (server, root) = server(&["127.0.0.1"], Some(&own));
    let stranger = client(&server).root_certificates(root.as_str());
    assert_eq!(failure(stranger.clone()).0, ClientCloseReason::Unreachable);
    let mut client = connected(stranger.client_certificate(own, key));
    assert_eq!(client.recv(), Some("hello".into()));
}

#[test]
fn long_messages_pass_both_ways() {
    let (server, root) = server(&["127.0.0.1"], None);
    let builder = client(&server).root_certificates(root);
    let mut client = connected(builder.clone().transports([Transport::WebSocket]));
    assert_eq!(client.recv(), Some("hello".into()));
    let messages: Vec<Message> = (0..20).map(|it| vec![it; 300_000].into()).collect();
    let sender = client.sender();
    let sending = messages.clone();
    let thread = std::thread::spawn(move || {
        for message in sending {
            sender.send(message).expect("an open session");
        }
    });
    for message in messages {
        assert_eq!(client.recv(), Some(message));
    }
    thread.join().expect("no panic");

    // A POST of its own connection: the handshake comes first.
    let client = connected(builder.transports([Transport::Polling]));
    client.send("x".repeat(500_000)).expect("an open session");
    assert_eq!(server.request_for("post").body.len(), 500_001);
}

#[test]
fn tls_goes_through_a_proxy() {
    let (server, root) = server(&["127.0.0.1"], None);
    for way in WAYS {
        let (proxy, heads) = super::proxy::proxy();
        let builder = client(&server).transports(way).root_certificates(root.as_str());
        let mut client = connected(builder.proxy(&format!("http://{proxy}")));
        assert_eq!(client.recv(), Some("hello".into()));
        assert!(!heads.lock().expect("no panic").is_empty());
    }
}

#[test]
fn server_without_tls_is_unreachable_by_https() {
    let server = Script::new(|_| Answer::ok(OPEN));
    // It waits for the end of a head that never comes.
    let builder = client(&server).transports([Transport::Polling]);
    let builder = builder.config(|it| it.connect_timeout(std::time::Duration::from_millis(100)));
    assert_eq!(failure(builder).0, ClientCloseReason::ConnectTimeout);
}

#[test]
fn certificate_that_is_none_is_an_error_before_anything_is_sent() {
    let builder = || ClientOptions::new("https://127.0.0.1:1");
    let error = connect(builder().client_certificate("no", "PEM")).expect_err("no certificate");
    assert!(matches!(error, ConnectError::Tls(_)), "{error:?}");
}
