//! Servers that point elsewhere.

use peer::script::{Answer, Request, Script, Seen};

use super::{OPEN, WAYS, client_of, failure, open};
use crate::engineio::{ClientCloseReason, ClientOptions, Redirects, Transport};

/// A redirect that sets a cookie.
fn to(status: u16, location: &str) -> Answer {
    let headers = format!("Location: {location}\r\nSet-Cookie: seen={status}\r\n");
    Answer::Whole(status, headers.leak(), "moved".to_owned())
}

/// Opens a session by either transport, and says nothing more.
fn welcome(request: &Request) -> Answer {
    match request.kind() {
        "websocket" => Answer::websocket(|mut socket| {
            socket.send(OPEN.into()).expect("a client");
            let _ = socket.read();
        }),
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    }
}

fn target(request: &Request) -> &str {
    request.head.split(' ').nth(1).expect("a target")
}

#[tokio::test]
async fn session_goes_on_where_the_handshake_is_redirected_to() {
    for status in [301, 302, 307, 308] {
        for way in WAYS {
            let there = Script::new(welcome);
            let location = format!("{}/new/?node=7&EIO=4&transport=polling&t=x", there.url());
            let here = Script::new(move |_| to(status, &location));
            let client = client_of(&here).query("room", "1").transports(way);
            let client = open(client.header("x-test", "yes")).await;
            assert!(target(&here.request().await).starts_with("/engine.io/?room=1&EIO=4"));
            let handshake = there.request().await;
            let expected = format!("/new/?node=7&EIO=4&transport={}", way[0]);
            assert!(target(&handshake).starts_with(&expected), "{}", target(&handshake));
            assert_eq!(handshake.header("host"), Some(there.address.to_string().as_str()));
            assert_eq!(handshake.header("x-test"), Some("yes"));
            // The same host, on another port.
            assert_eq!(handshake.header("cookie"), Some(format!("seen={status}").as_str()));
            if way[0] == Transport::Polling {
                client.try_send("hello").expect("room");
                let post = there.request_for("post").await;
                assert!(target(&post).starts_with("/new/?node=7&EIO=4&"), "{}", target(&post));
            }
        }
    }
}

#[tokio::test]
async fn target_may_be_relative_and_keeps_the_query_if_it_has_none() {
    for (location, expected) in [
        ("/new/", "/new/?room=1&EIO=4"),
        ("/new", "/new?room=1&EIO=4"),
        ("other/", "/engine.io/other/?room=1&EIO=4"),
        ("?node=7", "/engine.io/?node=7&EIO=4"),
        ("//HOST/new/#part", "/new/?room=1&EIO=4"),
    ] {
        let here = Script::new(move |request| {
            if request.header("cookie").is_some() {
                return welcome(request);
            }
            let host = request.header("host").expect("a host");
            to(307, &location.replace("HOST", host))
        });
        let _client = open(client_of(&here).query("room", "1")).await;
        here.request().await;
        let handshake = here.request().await;
        assert!(target(&handshake).starts_with(expected), "{}", target(&handshake));
    }
}

#[tokio::test]
async fn credentials_stay_at_their_origin() {
    let there = Script::new(welcome);
    let location = format!("{}/engine.io/", there.url());
    let here = Script::new(move |request| match request.header("cookie") {
        Some(cookies) if cookies.contains("seen") => to(307, &location),
        _ => to(302, "/again/"),
    });
    let client = ClientOptions::new(&format!("http://ada:secret@{}", here.address));
    let client = client.header("cookie", "own=1").header("x-test", "yes");
    let _client = open(client).await;
    for _ in 0..2 {
        let request = here.request().await;
        assert_eq!(request.header("authorization"), Some("Basic YWRhOnNlY3JldA=="));
        assert!(request.header("cookie").expect("cookies").starts_with("own=1"));
    }
    let request = there.request().await;
    assert_eq!(request.header("authorization"), None);
    // The same host keeps the cookies that it has set.
    assert_eq!(request.header("cookie"), Some("seen=307"));
    assert_eq!(request.header("x-test"), Some("yes"));
}

#[tokio::test]
async fn redirect_that_is_not_followed_is_a_refusal_that_names_its_target() {
    let follows = |redirects| move |client: ClientOptions| client.redirects(redirects);
    let same_host = follows(Redirects::SameHost);
    for (status, location, options) in [
        (301, "http://localhost.test/engine.io/", same_host),
        (307, "http://user@127.0.0.2:1/engine.io/", same_host),
        (302, "/elsewhere/", follows(Redirects::None)),
        (302, "ftp://127.0.0.1/", follows(Redirects::AnyHost)),
        (303, "/elsewhere/", same_host),
        (300, "/elsewhere/", same_host),
    ] {
        let here = Script::new(move |_| to(status, location));
        let (reason, _) = failure(options(client_of(&here))).await;
        let ClientCloseReason::Refused(refused) = &reason else { panic!("{reason:?}") };
        assert_eq!((refused.status, refused.location.as_deref()), (status, Some(location)));
        assert_eq!(refused.body, "moved");
        let expected = format!("the server refused with status {status}: a redirect to {location}");
        assert_eq!(reason.to_string(), expected);
    }
}

#[tokio::test]
async fn other_host_is_gone_to_if_that_is_said_and_gets_no_cookies() {
    let Some(there) = Script::at("127.0.0.2:0", welcome) else {
        return println!("skipped: this machine has no second loopback address");
    };
    let location = there.url();
    let here = Script::new(move |_| to(308, &location));
    let client = client_of(&here).redirects(Redirects::AnyHost);
    let _client = open(client.transports([Transport::Polling])).await;
    let request = there.request().await;
    assert!(target(&request).starts_with("/?EIO=4"), "{}", target(&request));
    assert_eq!(request.header("cookie"), None);
}

#[tokio::test]
async fn redirects_in_a_circle_end_after_the_fifth() {
    let here = Script::new(|_| to(302, "/engine.io/"));
    let (reason, _) = failure(client_of(&here).transports([Transport::Polling])).await;
    assert!(matches!(reason, ClientCloseReason::Refused(_)), "{reason:?}");
    for _ in 0..6 {
        here.request().await;
    }
    // The next that it hears of is an end.
    let next = here.next().await;
    assert!(matches!(next, Seen::End), "{next:?}");
}

#[tokio::test]
async fn redirect_of_a_later_request_is_a_refusal() {
    let here = Script::new(|request| match request.kind() {
        "open" => Answer::ok(OPEN),
        _ => to(302, "/elsewhere/"),
    });
    let client = open(client_of(&here)).await;
    let reason = peer::within(client.closed()).await;
    assert!(matches!(reason, ClientCloseReason::Refused(it) if it.status == 302));
}
