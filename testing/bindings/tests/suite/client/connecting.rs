//! How sessions come about, or don't.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

use http::HeaderMap;
use peer::script::{Answer, Script};
use peer::within;

use super::{OPEN, OPEN_TO_UPGRADE, WAYS, client_of, connected, failure, open, pair};
use crate::engineio::{
    self, ClientCloseReason, ClientOptions, ConnectError, Cookie, Transport, Transports,
};
use crate::suite::config;

#[tokio::test]
async fn headers_query_and_cookies_are_on_every_request_of_both_transports() {
    for way in WAYS {
        let (server, client) = pair(config().cookie(Some(Cookie::new("io")))).await;
        let client = client.query("token", "x&y").header("x-test", "yes").header("cookie", "own=1");
        let client = client.transports(way);
        let connecting = tokio::spawn(engineio::connect(client));
        let incoming = within(server.incoming()).await.expect("a client");
        let request = incoming.request();
        let query = request.uri.query().expect("a query");
        assert!(query.starts_with("token=x%26y&EIO=4&transport="), "{query}");
        let header = |headers: &HeaderMap, name| headers.get(name).cloned();
        assert_eq!(header(&request.headers, "x-test").expect("the header"), "yes");
        assert_eq!(header(&request.headers, "cookie").expect("the header"), "own=1");
        let socket = incoming.accept().expect("it waits");
        let client = within(connecting).await.expect("no panic").expect("a session");
        assert_eq!(client.sid().as_ref(), Some(socket.sid()));
    }
}

#[tokio::test]
async fn host_query_and_cookies_are_on_the_requests_of_every_kind() {
    let server = Script::new(|request| match request.kind() {
        "open" => {
            let cookies = "Set-Cookie: node=7; Path=/; HttpOnly\r\n\
                 Set-Cookie: gone=1; Max-Age=0\r\nSet-Cookie: tls=1; Secure\r\n";
            Answer::Whole(200, cookies, OPEN_TO_UPGRADE.to_owned())
        }
        _ => Answer::Silence,
    });
    let client = ClientOptions::new(&format!("ws://{}/?room=a%20b", server.address))
        .query("token", "x&y")
        .header("x-test", "yes")
        .header("cookie", "own=1");
    let client = open(client).await;
    client.try_send("hello").expect("room");
    let mut kinds = BTreeSet::new();
    for cookies in ["own=1", "own=1; node=7", "own=1; node=7", "own=1; node=7"] {
        let request = server.request().await;
        let target = request.head.split(' ').nth(1).expect("a target");
        let query = target.strip_prefix("/engine.io/?").expect("the path");
        assert!(query.starts_with("room=a%20b&token=x%26y&EIO=4&transport="), "{query}");
        assert_eq!(request.header("x-test"), Some("yes"));
        assert_eq!(request.header("host"), Some(server.address.to_string().as_str()));
        assert_eq!(request.header("cookie"), Some(cookies));
        kinds.insert(request.kind());
    }
    assert_eq!(kinds, BTreeSet::from(["open", "poll", "post", "websocket"]));
    assert_eq!(client.transport(), Some(Transport::Polling));
    assert_eq!(client.sid().expect("an open session").as_str(), "S");
}

#[tokio::test]
async fn path_ends_with_a_slash_unless_it_shall_not() {
    let server = Script::new(|_| Answer::ok(OPEN));
    let at = |path| ClientOptions::new(&format!("{}{path}", server.url()));
    for (client, path) in [
        (at(""), "/engine.io/"),
        (at("/engine.io"), "/engine.io/"),
        (at("/a/b/?x=1"), "/a/b/"),
        (at("").path("/a"), "/a/"),
        (at("").trailing_slash(false), "/engine.io"),
        (at("/a/").trailing_slash(false), "/a"),
        (at("").path("/").trailing_slash(false), "/"),
    ] {
        let _client = open(client).await;
        let head = server.request_for("open").await.head;
        assert!(head.starts_with(&format!("GET {path}?")), "{head}");
    }
}

#[tokio::test]
async fn refusal_has_the_servers_status_and_body_on_every_transport() {
    for way in WAYS {
        let (server, client) = pair(config()).await;
        let refusing = server.clone();
        tokio::spawn(async move {
            while let Some(incoming) = refusing.incoming().await {
                incoming.refuse(401, r#"{"message":"who are you?"}"#);
            }
        });
        let (reason, said) = failure(client.transports(way)).await;
        let ClientCloseReason::Refused(refused) = reason else { panic!("{reason:?}") };
        assert_eq!(refused.status, 401);
        assert_eq!(refused.body, r#"{"message":"who are you?"}"#);
        assert_eq!(said, "");
    }
}

#[tokio::test]
async fn server_that_does_not_listen_is_unreachable_and_the_error_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    for way in WAYS {
        let client = ClientOptions::new(&format!("http://{address}")).transports(way);
        let (reason, said) = failure(client).await;
        assert_eq!(reason, ClientCloseReason::Unreachable);
        assert!(said.contains("refused"), "{said}");
    }
}

#[tokio::test]
async fn name_that_is_not_known_is_unreachable_and_the_error_says_why() {
    let (reason, said) = failure(ClientOptions::new("http://no-such-host.invalid")).await;
    assert_eq!(reason, ClientCloseReason::Unreachable);
    assert_ne!(said, "");
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    // Where `localhost` is ::1, too, nobody listens there.
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN),
        _ => Answer::Silence,
    });
    let host = format!("localhost:{}", server.address.port());
    let client = open(ClientOptions::new(&format!("http://{host}"))).await;
    assert_eq!(client.transport(), Some(Transport::Polling));
    assert_eq!(server.request().await.header("host"), Some(host.as_str()));
}

#[tokio::test]
async fn transport_that_is_off_is_followed_by_the_next() {
    let only = Transports::POLLING;
    let (server, client) = pair(config().transports(only)).await;
    let both = [Transport::WebSocket, Transport::Polling];
    let (client, _socket) = connected(&server, client.transports(both)).await;
    assert_eq!(client.transport(), Some(Transport::Polling));

    let only = Transports::WEBSOCKET;
    let (server, client) = pair(config().transports(only)).await;
    let (client, _socket) = connected(&server, client).await;
    assert_eq!(client.transport(), Some(Transport::WebSocket));
}

#[tokio::test]
async fn nonsense_is_an_error_before_anything_is_sent() {
    for url in ["", "no url", "ftp://host", "/engine.io/"] {
        let error = within(engineio::connect(url)).await.expect_err("nonsense");
        assert!(matches!(error, ConnectError::Url(_)), "{url}: {error:?}");
    }
    let builder = || ClientOptions::new("http://127.0.0.1:1");
    let error = within(engineio::connect(builder().header("a b", ""))).await.expect_err("no name");
    assert!(matches!(error, ConnectError::Header(_)), "{error:?}");
    let error = within(engineio::connect(builder().proxy("ftp://x"))).await.expect_err("no proxy");
    assert!(matches!(error, ConnectError::Proxy(_)), "{error:?}");
    let error =
        within(engineio::connect(builder().transports([]))).await.expect_err("no transport");
    assert!(matches!(error, ConnectError::Config(_)), "{error:?}");
}

#[tokio::test]
async fn server_that_says_nothing_is_given_up_after_the_connect_timeout() {
    let server = Script::new(|_| Answer::Silence);
    let client = client_of(&server).transports([Transport::Polling]);
    let client = client.config(|config| config.connect_timeout(Duration::from_millis(50)));
    let error = within(engineio::connect(client)).await.expect_err("no answer");
    assert_eq!(error.to_string(), "the server didn't open a session in time");
    assert!(std::error::Error::source(&error).is_none(), "{error:?}");
}

#[tokio::test]
async fn ipv6_address_stands_in_brackets() {
    let Some(server) = Script::at("[::1]:0", |_| Answer::ok(OPEN)) else {
        return println!("skipped: this machine has no IPv6");
    };
    let client = open(client_of(&server)).await;
    assert_eq!(client.sid().expect("a session").as_str(), "S");
    let host = server.address.to_string();
    assert_eq!(server.request().await.header("host"), Some(host.as_str()));
}

/// The scope of ::1 may be given, too, so this works where no interface has a link-local address.
#[tokio::test]
async fn zone_of_an_ipv6_address_is_for_the_resolver_alone() {
    let Some(server) = Script::at("[::1]:0", |_| Answer::ok(OPEN_TO_UPGRADE)) else {
        return println!("skipped: this machine has no IPv6");
    };
    let port = server.address.port();
    for zone in ["%251", "%1"] {
        for way in WAYS {
            let url = format!("http://[::1{zone}]:{port}");
            let connecting = engineio::connect(ClientOptions::new(&url).transports(way));
            let connecting = tokio::spawn(connecting);
            let request = server.request().await;
            assert_eq!(request.header("host"), Some(format!("[::1]:{port}").as_str()));
            connecting.abort();
        }
    }
}

#[tokio::test]
async fn credentials_of_the_url_are_on_the_requests_of_every_kind() {
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN_TO_UPGRADE),
        _ => Answer::Silence,
    });
    let place = server.address.to_string();
    let client = open(ClientOptions::new(&format!("http://grace:p%40ss@{place}"))).await;
    client.try_send("hello").expect("room");
    let mut kinds = BTreeSet::new();
    for _ in 0..4 {
        let request = server.request().await;
        assert_eq!(request.header("authorization"), Some("Basic Z3JhY2U6cEBzcw=="));
        assert_eq!(request.header("host"), Some(place.as_str()));
        assert!(!request.head.contains("grace"), "{}", request.head);
        kinds.insert(request.kind());
    }
    assert_eq!(kinds, BTreeSet::from(["open", "poll", "post", "websocket"]));

    let own = ClientOptions::new(&format!("http://grace:p%40ss@{place}"));
    let _client = open(own.header("authorization", "Bearer 1")).await;
    assert_eq!(server.request_for("open").await.header("authorization"), Some("Bearer 1"));
}

#[test]
fn credentials_are_not_shown() {
    let client = ClientOptions::new("http://ada:secret@host").proxy("http://ada:secret@proxy");
    let shown = format!("{client:?}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn tls_that_is_not_in_the_build_is_an_error() {
    let error = within(engineio::connect("https://127.0.0.1:1")).await.expect_err("no TLS");
    assert!(matches!(error, ConnectError::Tls(_)), "{error:?}");
}
