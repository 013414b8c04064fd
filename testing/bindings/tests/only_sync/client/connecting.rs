//! How sessions come about, or don't.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::TcpListener;
use std::time::Duration;

use engineio_sync::{ClientCloseReason, ClientOptions, ConnectError, Transport, connect};

use super::script::{Answer, Script};
use super::{OPEN_TO_UPGRADE, WAYS, connected, failure};

#[test]
fn headers_query_and_cookies_are_on_every_request_of_both_transports() {
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
    let client = connected(client);
    client.try_send("hello").expect("room");
    let mut kinds = BTreeSet::new();
    for cookies in ["own=1", "own=1; node=7", "own=1; node=7", "own=1; node=7"] {
        let request = server.request();
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

#[test]
fn refusal_has_the_servers_status_and_body_on_every_transport() {
    const WHY: &str = r#"{"message":"who are you?"}"#;
    for way in WAYS {
        let server = Script::new(|_| Answer::Whole(401, "", WHY.to_owned()));
        let (reason, said) = failure(server.client().transports(way));
        let ClientCloseReason::Refused(refused) = reason else { panic!("{reason:?}") };
        assert_eq!(refused.status, 401);
        assert_eq!(refused.body, WHY);
        assert_eq!(said, "");
    }
}

#[test]
fn server_that_does_not_listen_is_unreachable_and_the_error_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    for way in WAYS {
        let client = ClientOptions::new(&format!("http://{address}")).transports(way);
        let (reason, said) = failure(client);
        assert_eq!(reason, ClientCloseReason::Unreachable);
        assert!(said.contains(&format!("can't connect to {address}: ")), "{said}");
        assert!(said.contains("refused"), "{said}");
    }
}

#[test]
fn name_that_is_not_known_is_unreachable_and_the_error_says_why() {
    let (reason, said) = failure(ClientOptions::new("http://no-such-host.invalid"));
    assert_eq!(reason, ClientCloseReason::Unreachable);
    assert_ne!(said, "");
}

#[test]
fn every_address_of_a_name_is_tried() {
    // Where `localhost` is ::1, too, nobody listens there.
    let server = Script::new(|request| match request.kind() {
        "open" => Answer::ok(super::OPEN),
        _ => Answer::Silence,
    });
    let client =
        connected(ClientOptions::new(&format!("http://localhost:{}", server.address.port())));
    assert_eq!(client.transport(), Some(Transport::Polling));
    let host = server.request().header("host").map(str::to_owned);
    assert_eq!(host, Some(format!("localhost:{}", server.address.port())));
}

#[test]
fn transport_that_is_off_is_followed_by_the_next() {
    let server = Script::new(|request| match request.kind() {
        "websocket" => Answer::Whole(400, "", r#"{"code":0,"message":"no"}"#.to_owned()),
        "open" => Answer::ok(super::OPEN),
        _ => Answer::Silence,
    });
    let both = [Transport::WebSocket, Transport::Polling];
    let client = connected(server.client().transports(both));
    assert_eq!(client.transport(), Some(Transport::Polling));
}

#[test]
fn server_that_says_nothing_is_given_up_after_the_connect_timeout() {
    let server = Script::new(|_| Answer::Silence);
    let client = server
        .client()
        .transports([Transport::Polling])
        .config(|config| config.connect_timeout(Duration::from_millis(50)));
    let error = connect(client).expect_err("no answer");
    assert_eq!(error.to_string(), "the server didn't open a session in time");
    assert!(error.source().is_none(), "{error:?}");
}

#[test]
fn nonsense_is_an_error_before_anything_is_sent() {
    for url in ["", "no url", "ftp://host", "/engine.io/"] {
        let error = connect(url).expect_err("nonsense");
        assert!(matches!(error, ConnectError::Url(_)), "{url}: {error:?}");
    }
    let builder = || ClientOptions::new("http://127.0.0.1:1");
    let error = connect(builder().header("a b", "")).expect_err("no name");
    assert!(matches!(error, ConnectError::Header(_)), "{error:?}");
    let error = connect(builder().proxy("ftp://x")).expect_err("no proxy");
    assert!(matches!(error, ConnectError::Proxy(_)), "{error:?}");
    let error = connect(builder().transports([])).expect_err("no transport");
    assert!(matches!(error, ConnectError::Config(_)), "{error:?}");
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_that_is_not_in_the_build_is_an_error() {
    let error = connect("https://127.0.0.1:1").expect_err("no TLS");
    assert!(matches!(error, ConnectError::Tls(_)), "{error:?}");
}
