//! Time is tokio's, so tests of applications can pause it.

use std::time::Duration;

use bindings::tokio::{self as engineio, Server, serve};
use peer::{Frame, Peer, get, session, until};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::suite::{POLLING, WEBSOCKET, accept, config, echo};

/// Waits for the end of the connection for up to an hour, and says how long that took.
async fn lasted(peer: Peer) -> Duration {
    let start = Instant::now();
    let end = peer.end();
    tokio::time::timeout(Duration::from_secs(3600), end).await.expect("the server ends it");
    start.elapsed()
}

fn about(seconds: u64) -> std::ops::Range<Duration> {
    let least = Duration::from_secs(seconds);
    least..least + Duration::from_millis(100)
}

#[tokio::test(start_paused = true)]
async fn websocket_hears_a_ping_after_an_interval_and_is_dropped_without_a_pong() {
    let (server, address) = echo(config()).await;
    let (mut peer, _) = Peer::open_websocket(address).await;
    let start = Instant::now();
    for beat in 1..=3 {
        assert_eq!(peer.frame_within(Duration::from_secs(60)).await, Frame::text("2"));
        assert!(about(25 * beat).contains(&start.elapsed()), "{:?}", start.elapsed());
        peer.say("3").await;
    }
    let start = Instant::now();
    assert_eq!(peer.frame_within(Duration::from_secs(60)).await, Frame::text("2"));
    assert_eq!(peer.frame_within(Duration::from_secs(60)).await, Frame::Close(1000));
    assert!(about(45).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert!(server.is_empty());
}

#[tokio::test(start_paused = true)]
async fn parked_poll_outlives_the_time_for_a_head() {
    let config = config().ping_interval(Duration::from_secs(300));
    let (_, address) = echo(config).await;
    let (mut peer, target) = session(address).await;
    let start = Instant::now();
    peer.send(get(&target)).await;
    peer.readable_within(Duration::from_secs(400)).await;
    assert_eq!(peer.answer().await.expect(200).text(), "2");
    assert!(about(300).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn handshake_that_nobody_follows_ends_after_the_ping_timeout() {
    let (server, address) = echo(config()).await;
    session(address).await;
    assert_eq!(server.len(), 1);
    tokio::time::sleep(Duration::from_secs(19)).await;
    assert_eq!(server.len(), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(server.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn connection_that_sends_nothing_or_almost_nothing_is_dropped() {
    let (_, address) = echo(config()).await;
    for (beginning, seconds) in [
        ("", 30),
        ("P", 30),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r", 30),
        ("GET / HTTP/1.1\r\nHost: te", 30),
    ] {
        let mut peer = Peer::connect(address).await;
        peer.send(beginning).await;
        let lasted = lasted(peer).await;
        assert!(about(seconds).contains(&lasted), "{beginning:?} {lasted:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn connection_may_be_idle_between_requests_for_longer_than_a_ping_interval() {
    let (_, address) = echo(config()).await;
    let (peer, _) = session(address).await;
    let lasted = lasted(peer).await;
    assert!(about(45).contains(&lasted), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn http2_connection_that_goes_silent_is_dropped() {
    let (_, address) = echo(config()).await;
    let mut peer = Peer::connect(address).await;
    // The preface, and settings with nothing in them.
    peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    let lasted = lasted(peer).await;
    assert!(about(50).contains(&lasted), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn peer_that_stops_reading_a_large_answer_is_dropped() {
    let config = config().max_payload(64 << 20).outbox_high_water(64 << 20);
    let (server, address) = echo(config.compression_threshold(None)).await;
    let (mut peer, target) = session(address).await;
    // Far more than the sockets' buffers hold.
    server.broadcast("x".repeat(32 << 20));
    peer.send(get(&target)).await;
    peer.readable_within(Duration::from_secs(60)).await;
    // The next one is never read: the answer before it stands in the way.
    peer.send(get(POLLING)).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    until(|| server.is_empty()).await;
    assert!(peer.rest().await.len() < 32 << 20);
}

#[tokio::test(start_paused = true)]
async fn websocket_that_stops_reading_is_dropped() {
    let (server, address) = echo(config().outbox_high_water(64 << 20)).await;
    let (peer, _) = Peer::open_websocket(address).await;
    server.broadcast("x".repeat(32 << 20));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(server.len(), 0);
    assert!(peer.rest().await.len() < 32 << 20);
}

#[tokio::test(start_paused = true)]
async fn upgrade_that_gets_nowhere_is_given_up() {
    let (server, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    let mut probe = Peer::connect(address).await;
    probe.upgrade(&target.replace("polling", "websocket")).await.expect(101);
    peer.send(get(&target)).await;
    let start = Instant::now();
    assert_eq!(probe.frame_within(Duration::from_secs(60)).await, Frame::Close(1000));
    assert!(about(10).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert!(about(5).contains(&lasted(probe).await));
    assert_eq!(server.len(), 1);
    Peer::connect(address).await.upgrade(WEBSOCKET).await.expect(101);
}

/// Peers that don't answer the close frame, don't poll, and don't finish what they began.
#[tokio::test(start_paused = true)]
async fn deadline_holds_whatever_the_peers_do() {
    let server = Server::new(
        config().linger(Duration::from_secs(20)).build().expect("a legal configuration"),
    );
    tokio::spawn(accept(server.clone()));
    let (address, serving) = serve(&server).await;
    let (_silent, _) = Peer::open_websocket(address).await;
    let (mut half, target) = session(address).await;
    half.send("POST /engine.io/?EIO=4&transport=polling&sid=nobody HTTP/1.1\r\n").await;
    half.send("Host: test\r\nContent-Length: 10\r\n\r\nhalf").await;
    let _never_polls = target;
    until(|| server.len() == 2).await;
    let start = Instant::now();
    let within = Duration::from_secs(4);
    server.close(within).await;
    serving.await.expect("no panic").expect("no failure of the listener");
    assert!(start.elapsed() <= within + Duration::from_millis(10), "{:?}", start.elapsed());
    assert!(server.is_empty());
}

#[tokio::test(start_paused = true)]
async fn all_who_close_return_when_the_last_session_is_gone() {
    let (server, address) = echo(config()).await;
    let (mut peer, target) = session(address).await;
    let start = Instant::now();
    let closings = [0, 1].map(|_| {
        let server = server.clone();
        tokio::spawn(async move { server.close(Duration::from_secs(20)).await })
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(peer.get(&target).await.expect(200).text(), "1");
    for closing in closings {
        closing.await.expect("no panic");
    }
    assert!(start.elapsed() < Duration::from_secs(20) / 2, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn server_that_says_nothing_is_given_up_after_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let start = Instant::now();
    let client = engineio::ClientOptions::new(&format!("http://{address}"));
    let client = client.transports([engineio::Transport::Polling]);
    let client = client.config(|it| it.connect_timeout(Duration::from_secs(5)));
    let error = engineio::connect(client).await.expect_err("no answer");
    assert_eq!(error.to_string(), "the server didn't open a session in time");
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn client_that_reconnects_waits_as_long_as_it_says() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let mut client = engineio::reconnecting(url, engineio::Backoff::new().attempts(12));
    let (start, mut announced, mut longest) = (Instant::now(), Duration::ZERO, Duration::ZERO);
    while let Some(event) = client.event().await {
        if let engineio::ReconnectingEvent::Retry { after, .. } = event {
            announced += after;
            longest = longest.max(after);
        }
    }
    // Timers have milliseconds.
    let slack = Duration::from_millis(12 * 2);
    let elapsed = start.elapsed();
    assert!(elapsed >= announced && elapsed < announced + slack, "{elapsed:?}, {announced:?}");
    assert!(longest <= Duration::from_secs(30), "{longest:?}");
}
