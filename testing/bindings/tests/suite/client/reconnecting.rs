//! Clients that connect again, to servers that come and go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peer::script::{Answer, Request, Script, Seen};
use peer::within;
use tokio::net::{TcpListener, TcpSocket};

use super::{OPEN, WAYS, client_of};
use crate::engineio::{
    Backoff, ClientCloseReason, ClientOptions, ConnectError, GaveUp, Message, ReconnectingClient,
    ReconnectingEvent, SendError, Server, ServerConfig, Transport, reconnecting, reconnecting_with,
};
use crate::suite::{accept, echo, listen};

/// Delays that no test notices.
fn short() -> Backoff {
    Backoff::new().first(Duration::from_millis(2)).longest(Duration::from_millis(20))
}

/// Delays in which a test would be stuck.
fn long() -> Backoff {
    let hours = Duration::from_secs(1000 * 3600);
    Backoff::new().first(hours).longest(hours)
}

async fn event(client: &mut ReconnectingClient) -> ReconnectingEvent {
    within(client.event()).await.expect("an event")
}

async fn connects(client: &mut ReconnectingClient) {
    let event = event(client).await;
    assert!(matches!(event, ReconnectingEvent::Connected), "{event:?}");
}

async fn hears(client: &mut ReconnectingClient, expected: &str) {
    match event(client).await {
        ReconnectingEvent::Message(message) => assert_eq!(message, Message::from(expected)),
        other => panic!("{other:?}"),
    }
}

/// Why a session was lost.
async fn lost(client: &mut ReconnectingClient) -> ClientCloseReason {
    match event(client).await {
        ReconnectingEvent::Lost { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

/// The delay before the next attempt, and its number.
async fn delay(client: &mut ReconnectingClient) -> (Duration, u32) {
    match event(client).await {
        ReconnectingEvent::Retry { after, attempt, .. } => (after, attempt),
        other => panic!("{other:?}"),
    }
}

/// Why it gave up. Nothing follows.
async fn gave_up(client: &mut ReconnectingClient) -> GaveUp {
    let event = event(client).await;
    let ReconnectingEvent::GaveUp(why) = event else { panic!("{event:?}") };
    assert!(within(client.event()).await.is_none());
    why
}

/// An answer that breaks off in the middle.
const BROKEN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n4";

/// A port that is taken, and where nobody listens yet; and its URL.
fn nowhere() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let url = format!("http://{}", socket.local_addr().expect("an address"));
    (socket, url)
}

/// A server of sessions that begin with a message and end when that is sent for.
fn breaking() -> (Script, Sender<()>) {
    let (end, ends) = channel();
    let ends = Arc::new(Mutex::new(ends));
    let server = Script::new(move |request| {
        let ends = Arc::clone(&ends);
        let wait = move || ends.lock().expect("no panic").recv().expect("an end");
        match request.kind() {
            "open" => Answer::ok(format!("{OPEN}\x1e4hello")),
            "post" => Answer::ok("ok"),
            "poll" => {
                wait();
                Answer::raw(BROKEN)
            }
            _ => Answer::websocket(move |mut socket| {
                socket.send(OPEN.into()).expect("a client");
                socket.send("4hello".into()).expect("a client");
                wait();
            }),
        }
    });
    (server, end)
}

#[tokio::test]
async fn session_that_breaks_is_followed_by_another() {
    for way in WAYS {
        let (server, end) = breaking();
        let mut client = reconnecting(client_of(&server).transports(way), short());
        for _ in 0..3 {
            connects(&mut client).await;
            hears(&mut client, "hello").await;
            end.send(()).expect("a server");
            assert_eq!(lost(&mut client).await, ClientCloseReason::TransportLost, "{way:?}");
            delay(&mut client).await;
        }
        connects(&mut client).await;
    }
}

#[tokio::test]
async fn server_that_comes_late_is_found() {
    let (socket, url) = nowhere();
    let mut client = reconnecting(url, short());
    for number in 1..=3 {
        match event(&mut client).await {
            ReconnectingEvent::Retry { attempt, error: Some(error), .. } => {
                assert_eq!(attempt, number);
                assert!(error.is_transient(), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
    let listener = socket.listen(16).and_then(TcpListener::into_std).expect("a listener");
    listener.set_nonblocking(false).expect("a listener");
    let _server = Script::on(listener, |request| match request.kind() {
        "open" => Answer::ok(format!("{OPEN}\x1e4hello")),
        _ => Answer::Silence,
    });
    loop {
        match event(&mut client).await {
            ReconnectingEvent::Retry { .. } => {}
            ReconnectingEvent::Connected => break,
            other => panic!("{other:?}"),
        }
    }
    hears(&mut client, "hello").await;
}

#[tokio::test]
async fn server_that_restarts_elsewhere_is_followed_to_its_new_address() {
    let (first, address) = echo(ServerConfig::builder()).await;
    let place = Arc::new(Mutex::new(address));
    let known = Arc::clone(&place);
    let mut client = reconnecting_with(short(), move |_| {
        let address = *known.lock().expect("no panic");
        async move { Ok(ClientOptions::new(&format!("http://{address}"))) }
    });
    connects(&mut client).await;
    client.send("to the first").await.expect("a session");
    loop {
        match event(&mut client).await {
            ReconnectingEvent::Upgrade(_) => {}
            ReconnectingEvent::Message(message) => {
                break assert_eq!(message, "to the first".into());
            }
            other => panic!("{other:?}"),
        }
    }
    let sid = client.session().expect("a session").sid();

    let second = Server::new(ServerConfig::default());
    tokio::spawn(accept(second.clone()));
    *place.lock().expect("no panic") = listen(&second).await;
    tokio::spawn(async move { first.close(Duration::ZERO).await });
    let reason = loop {
        match event(&mut client).await {
            ReconnectingEvent::Upgrade(_) => {}
            ReconnectingEvent::Lost { reason, .. } => break reason,
            other => panic!("{other:?}"),
        }
    };
    // Over polling, a request may also find the session gone.
    let is_loss = matches!(
        reason,
        ClientCloseReason::Server(_)
            | ClientCloseReason::Refused(_)
            | ClientCloseReason::TransportLost
    );
    assert!(is_loss, "{reason:?}");
    delay(&mut client).await;
    connects(&mut client).await;
    assert_ne!(client.session().expect("a session").sid(), sid);
    assert_eq!(second.len(), 1);
}

#[tokio::test]
async fn refusals_that_last_end_it_on_every_transport() {
    for status in [400, 401, 403, 404, 501] {
        for way in WAYS {
            let server = Script::new(move |_| Answer::Whole(status, "", "no".to_owned()));
            let mut client = reconnecting(client_of(&server).transports(way), short());
            match gave_up(&mut client).await {
                GaveUp::Permanent(error) => {
                    assert_eq!(error.refused().expect("a refusal").status, status);
                }
                other => panic!("{status} {way:?}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn refusals_that_pass_are_followed_by_another_attempt() {
    for status in [429, 500, 502, 503, 504] {
        let count = AtomicUsize::new(0);
        let server = Script::new(move |request| {
            match (request.kind(), count.fetch_add(1, Ordering::Relaxed)) {
                ("open", 0 | 1) => Answer::Whole(status, "", "later".to_owned()),
                ("open", _) => Answer::ok(OPEN),
                _ => Answer::Silence,
            }
        });
        let mut client = reconnecting(client_of(&server), short());
        assert_eq!(delay(&mut client).await.1, 1);
        assert_eq!(delay(&mut client).await.1, 2);
        connects(&mut client).await;
    }
}

#[tokio::test]
async fn server_of_the_other_revision_ends_it() {
    let config = ServerConfig::builder().revisions(crate::engineio::Revisions::V3);
    let (_server, address) = echo(config).await;
    let mut client = reconnecting(format!("http://{address}"), short());
    let why = gave_up(&mut client).await;
    assert!(
        matches!(
            &why,
            GaveUp::Permanent(ConnectError::Closed {
                reason: ClientCloseReason::WrongRevision(_),
                ..
            })
        ),
        "{why:?}"
    );
}

#[tokio::test]
async fn bad_address_ends_it() {
    let mut client = reconnecting("ftp://127.0.0.1", short());
    let why = gave_up(&mut client).await;
    assert!(matches!(why, GaveUp::Permanent(ConnectError::Url(_))), "{why:?}");
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn certificate_that_is_not_trusted_ends_it() {
    for way in WAYS {
        let (server, _) = super::tls::server(&["127.0.0.1"], None);
        let options = ClientOptions::new(&format!("https://{}", server.address)).transports(way);
        let why = gave_up(&mut reconnecting(options, short())).await;
        assert!(matches!(why, GaveUp::Permanent(_)), "{way:?}: {why:?}");
        assert!(why.to_string().contains("certificate"), "{why}");
    }
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn certificate_that_the_server_asks_for_and_does_not_get_ends_it() {
    let (server, root) = super::tls::server(&["127.0.0.1"], Some(&super::tls::stranger()));
    let options = ClientOptions::new(&format!("https://{}", server.address));
    let options = options.root_certificates(root).transports([Transport::Polling]);
    let mut client = reconnecting(options, short());
    // In TLS 1.3 the server says so after the handshake, and its end of the connection may be gone
    // before that is heard.
    loop {
        match event(&mut client).await {
            ReconnectingEvent::Retry { .. } => {}
            ReconnectingEvent::GaveUp(GaveUp::Permanent(_)) => break,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn token_that_has_expired_is_renewed_once() {
    let server = Script::new(|request| {
        let is_known = request.header("authorization") == Some("Bearer fresh");
        match request.kind() {
            "open" if is_known => Answer::ok(OPEN),
            "open" => Answer::Whole(401, "", "expired".to_owned()),
            _ => Answer::Silence,
        }
    });
    let url = server.url();
    let mut client = reconnecting_with(short(), move |attempt| {
        let is_refused = attempt.refused.is_some_and(|refused| refused.status == 401);
        let token = if is_refused { "fresh" } else { "stale" };
        let options = ClientOptions::new(&url).header("authorization", &format!("Bearer {token}"));
        async { Ok(options) }
    });
    assert_eq!(delay(&mut client).await.1, 1);
    connects(&mut client).await;

    let url = server.url();
    let mut client = reconnecting_with(short(), move |_| {
        let options = ClientOptions::new(&url).header("authorization", "Bearer stale");
        async { Ok(options) }
    });
    assert_eq!(delay(&mut client).await.1, 1);
    assert!(matches!(gave_up(&mut client).await, GaveUp::Permanent(_)));
}

#[tokio::test]
async fn retry_after_is_honoured_in_seconds_and_as_a_date_up_to_a_limit() {
    for (headers, seconds) in [
        ("Retry-After: 100\r\n", 100),
        (
            "Date: Sun, 06 Nov 1994 12:00:00 GMT\r\nRetry-After: Sun, 06 Nov 1994 12:01:40 GMT\r\n",
            100,
        ),
        ("Retry-After: 31536000\r\n", 300),
    ] {
        let server = Script::new(move |_| Answer::Whole(503, headers, String::new()));
        let mut client = reconnecting(client_of(&server), short());
        let (after, _) = delay(&mut client).await;
        let expected = Duration::from_secs(seconds);
        assert!(after >= expected && after < expected + Duration::from_secs(1), "{after:?}");
        // It need not be waited for.
        client.close();
        assert!(matches!(gave_up(&mut client).await, GaveUp::Closed));
    }
}

#[tokio::test]
async fn attempts_that_are_allowed_are_made_and_no_more() {
    let (_socket, url) = nowhere();
    let mut client = reconnecting(url, short().attempts(3));
    for number in 1..=3 {
        assert_eq!(delay(&mut client).await.1, number);
    }
    let why = gave_up(&mut client).await;
    assert!(matches!(why, GaveUp::Exhausted(Some(_))), "{why:?}");
}

#[tokio::test]
async fn attempt_is_made_at_once_if_it_is_asked_for_during_a_delay() {
    let (server, end) = breaking();
    let mut client = reconnecting(client_of(&server), long());
    connects(&mut client).await;
    hears(&mut client, "hello").await;
    end.send(()).expect("a server");
    lost(&mut client).await;
    delay(&mut client).await;
    let sender = client.sender();
    let asking = tokio::spawn(async move { sender.retry_now() });
    connects(&mut client).await;
    within(asking).await.expect("no panic");
}

#[tokio::test]
async fn close_ends_a_delay() {
    let (_socket, url) = nowhere();
    let mut client = reconnecting(url, long());
    delay(&mut client).await;
    let sender = client.sender();
    let closing = tokio::spawn(async move { sender.close() });
    assert!(matches!(gave_up(&mut client).await, GaveUp::Closed));
    within(closing).await.expect("no panic");
}

#[tokio::test]
async fn close_ends_an_attempt_and_its_connection() {
    let server = Script::new(|_| Answer::Silence);
    let mut client = reconnecting(client_of(&server), short());
    let sender = client.sender();
    let waiting = tokio::spawn(async move { gave_up(&mut client).await });
    server.request_for("open").await;
    sender.close();
    assert!(matches!(within(waiting).await.expect("no panic"), GaveUp::Closed));
    assert!(matches!(server.next().await, Seen::End));
}

#[tokio::test]
async fn close_ends_a_session_after_what_is_queued() {
    let server = Script::new(quiet);
    let mut client = reconnecting(client_of(&server), short());
    connects(&mut client).await;
    client.send("last").await.expect("a session");
    client.close();
    assert_eq!(lost(&mut client).await, ClientCloseReason::Application);
    assert!(matches!(gave_up(&mut client).await, GaveUp::Closed));
    let post = server.request_for("post").await;
    assert!(post.body.starts_with("4last"), "{}", post.body);
}

/// Opens sessions, takes everything, and says nothing.
fn quiet(request: &Request) -> Answer {
    match request.kind() {
        "open" => Answer::ok(OPEN),
        "post" => Answer::ok("ok"),
        _ => Answer::Silence,
    }
}

#[tokio::test]
async fn dropped_client_ends_its_session_and_leaves_no_attempt() {
    let server = Script::new(quiet);
    let mut client = reconnecting(client_of(&server), short());
    connects(&mut client).await;
    let sender = client.sender();
    let session = sender.session().expect("a session");
    server.request_for("poll").await;
    drop(client);
    assert_eq!(within(session.closed()).await, ClientCloseReason::Application);
    assert!(within(sender.connected()).await.is_none());
    assert!(matches!(sender.try_send("too late"), Err(SendError::Closed(_))));
    // The goodbye, and the ends of two connections. No handshake follows.
    let mut ends = 0;
    while ends < 2 {
        match server.next().await {
            Seen::End => ends += 1,
            Seen::Request(request) => assert_eq!(request.body, "1", "{}", request.head),
        }
    }
}

#[tokio::test]
async fn messages_that_never_left_are_counted_and_not_sent_again() {
    // The POST isn't answered, so the messages behind it wait.
    let sessions = AtomicUsize::new(0);
    let (end, ends) = channel();
    let ends = Mutex::new(ends);
    let server = Script::new(move |request| match request.kind() {
        "open" => {
            sessions.fetch_add(1, Ordering::Relaxed);
            Answer::ok(OPEN)
        }
        "poll" if sessions.load(Ordering::Relaxed) == 1 => {
            ends.lock().expect("no panic").recv().expect("an end");
            Answer::raw(BROKEN)
        }
        _ => Answer::Silence,
    });
    let options = client_of(&server).transports([Transport::Polling]);
    let mut client = reconnecting(options, short());
    connects(&mut client).await;
    client.send("left").await.expect("a session");
    assert_eq!(server.request_for("post").await.body, "4left");
    for _ in 0..3 {
        client.send("never left").await.expect("a session");
    }
    end.send(()).expect("a server");
    match event(&mut client).await {
        ReconnectingEvent::Lost { unsent, .. } => assert_eq!(unsent, 3),
        other => panic!("{other:?}"),
    }
    assert!(matches!(client.send("no session").await, Err(SendError::Closed(_))));
    delay(&mut client).await;
    connects(&mut client).await;
    client.send("of the second").await.expect("a session");
    assert_eq!(server.request_for("post").await.body, "4of the second");
}

#[tokio::test]
async fn sender_takes_one_session_after_the_other() {
    let (server, end) = breaking();
    let mut client = reconnecting(client_of(&server), short());
    let sender = client.sender();
    let sessions = tokio::spawn(async move {
        let mut count = 0;
        while let Some(session) = within(sender.connected()).await {
            count += 1;
            session.send("hello").await.expect("an open session");
            within(session.closed()).await;
        }
        count
    });
    for _ in 0..3 {
        connects(&mut client).await;
        hears(&mut client, "hello").await;
        server.request_for("post").await;
        end.send(()).expect("a server");
        lost(&mut client).await;
        delay(&mut client).await;
    }
    drop(client);
    assert_eq!(within(sessions).await.expect("no panic"), 3);
}
