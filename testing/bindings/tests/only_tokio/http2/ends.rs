//! How WebSockets over HTTP/2 end: their streams do, and the connection goes on.

use std::time::Duration;

use peer::{Frame, until};
use tokio::time::Instant;

use super::client::Client;
use crate::engineio::{Server, Sid, serve};
use crate::suite::{POLLING, accept, config, echo};

async fn assert_goes_on(client: &Client) {
    let (mut websocket, _) = client.open_websocket().await;
    websocket.say("4still here").await;
    assert_eq!(websocket.frame().await, Frame::text("4still here"));
}

#[tokio::test]
async fn server_that_closes_a_session_ends_its_stream() {
    let (server, address) = echo(config()).await;
    let client = Client::connect(address).await;
    let (mut websocket, sid) = client.open_websocket().await;
    assert!(server.disconnect(&Sid::from_text(sid).expect("a sid")));
    assert_eq!(websocket.frame().await, Frame::text("1"));
    assert_eq!(websocket.frame().await, Frame::Close(1000));
    websocket.say_close(1000).await;
    assert_eq!(websocket.frame_or_end().await, None);
    assert_goes_on(&client).await;
}

#[tokio::test]
async fn client_that_closes_its_websocket_sees_the_end_of_its_stream() {
    let (server, address) = echo(config()).await;
    let client = Client::connect(address).await;
    let (mut websocket, _) = client.open_websocket().await;
    websocket.say_close(1000).await;
    assert_eq!(websocket.frame().await, Frame::Close(1000));
    assert_eq!(websocket.frame_or_end().await, None);
    assert!(server.is_empty());
    assert_goes_on(&client).await;
}

#[tokio::test]
async fn stream_that_the_client_ends_or_resets_ends_the_session() {
    let (server, address) = echo(config()).await;
    let client = Client::connect(address).await;
    let (mut websocket, _) = client.open_websocket().await;
    websocket.finish().await;
    assert_eq!(websocket.frame_or_end().await, None);
    let (websocket, _) = client.open_websocket().await;
    drop(websocket);
    until(|| server.is_empty()).await;
    assert_goes_on(&client).await;
}

#[tokio::test]
async fn client_that_breaks_the_framing_sees_why_and_the_end_of_its_stream() {
    let (server, address) = echo(config()).await;
    let client = Client::connect(address).await;
    let (mut websocket, _) = client.open_websocket().await;
    // A frame that isn't masked.
    websocket.send([0x81, 1, b'2']).await;
    assert_eq!(websocket.frame().await, Frame::Close(1002));
    assert_eq!(websocket.frame_or_end().await, None);
    assert!(server.is_empty());
    assert_goes_on(&client).await;
}

/// Peers that don't answer the close frame, don't take what is sent, and don't finish what they
/// began: each of their streams would keep the connection.
#[tokio::test(start_paused = true)]
async fn deadline_of_a_close_holds_whatever_the_streams_do() {
    let config = config().outbox_high_water(64 << 20).linger(Duration::from_secs(20));
    let server = Server::new(config.build().expect("a legal configuration"));
    tokio::spawn(accept(server.clone()));
    let (address, serving) = serve(&server).await;
    let client = Client::connect(address).await;
    let (_silent, _) = client.open_websocket().await;
    let (_full, sid) = client.open_websocket().await;
    let sid = Sid::from_text(sid).expect("a sid");
    // More than the client's window holds.
    server.send(&sid, "x".repeat(32 << 20)).expect("room");
    let parked = client.session().await;
    let polling = client.clone();
    tokio::spawn(async move { polling.get(&parked).await });
    let half = client.clone();
    tokio::spawn(async move { half.post_half(POLLING).await });
    until(|| server.len() == 3).await;
    let start = Instant::now();
    let within = Duration::from_secs(4);
    server.close(within).await;
    serving.await.expect("no panic").expect("no failure of the listener");
    assert!(start.elapsed() <= within + Duration::from_millis(10), "{:?}", start.elapsed());
    assert!(server.is_empty());
    until(|| client.is_over()).await;
}

/// Longer than a connection may be idle between requests.
#[tokio::test(start_paused = true)]
async fn connection_lives_as_long_as_its_websocket_though_no_request_comes() {
    let (_server, address) = echo(config()).await;
    let client = Client::connect(address).await;
    let (mut websocket, _) = client.open_websocket().await;
    for _ in 0..8 {
        assert_eq!(websocket.frame_within(Duration::from_secs(60)).await, Frame::text("2"));
        websocket.say("3").await;
    }
    websocket.say("4still here").await;
    assert_eq!(websocket.frame().await, Frame::text("4still here"));
    assert!(!client.is_over());
    assert_goes_on(&client).await;
}
