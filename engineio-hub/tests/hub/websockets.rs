//! WebSockets of sessions: violations, ends, and second WebSockets.

use std::future::poll_fn;
use std::time::Duration;

use engineio_proto::{Packet, Revision, ServerCloseReason, Violation};

use crate::common::polling::Polling;
use crate::common::websocket::{BINARY, CLOSE, PING, Seen, TEXT, WebSocket, masked};
use crate::common::world::World;

#[test]
fn each_violation_has_its_close_code_and_ends_the_session() {
    let too_large = Violation::TooLarge;
    let broken: [(&[u8], u16, Option<Violation>); 6] = [
        (&masked(TEXT, b"4\xff"), 1007, Some(Violation::Framing)),
        (&masked(BINARY, &[7; 1001]), 1009, Some(too_large)),
        (&[0x81, 2, b'4', b'a'], 1002, Some(Violation::Framing)),
        (&masked(0xc1, b"4a"), 1002, Some(Violation::Framing)),
        (&masked(TEXT, b"2"), 1002, Some(Violation::HeartbeatDirection)),
        (&masked(TEXT, b"no packet"), 1002, None),
    ];
    for (bytes, code, violation) in broken {
        let world = World::with(|config| config.max_payload(1000));
        world.echo();
        let (client, bytes) = (world.clone(), bytes.to_vec());
        world.run(async move {
            let mut socket = WebSocket::open(&client).await;
            socket.end.write(&[bytes, masked(TEXT, b"4after")].concat()).await.unwrap();
            assert_eq!(socket.next().await, Seen::Close(Some(code)));
            assert!(client.hub.sessions().is_empty());
            socket.end.write(&masked(CLOSE, &code.to_be_bytes())).await.unwrap();
            assert!(matches!(socket.next().await, Seen::End | Seen::Reset));
            assert!(client.elapsed() <= Duration::from_secs(5));
            assert_eq!(client.log.count("closed Violation"), 1);
            if let Some(violation) = violation {
                let reason = ServerCloseReason::Violation(violation);
                assert_eq!(client.log.count(&format!("closed {reason:?}")), 1);
            }
        });
    }
}

#[test]
fn client_that_broke_the_framing_sees_the_end_at_once() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let mut socket = WebSocket::open(&client).await;
        socket.end.write(&masked(TEXT, b"4\xff")).await.unwrap();
        assert_eq!(socket.rest().await, [Seen::Close(Some(1007)), Seen::End]);
        // Its remaining bytes are read, so that no reset overtakes the close frame.
        for _ in 0..100 {
            socket.say("too late").await;
        }
        socket.end.shutdown();
        poll_fn(|cx| client.hub.poll_closed(cx)).await;
        assert_eq!(client.elapsed(), Duration::ZERO);
    });
}

#[test]
fn client_that_closes_gets_its_code_back() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let mut socket = WebSocket::open(&client).await;
        socket.end.write(&masked(CLOSE, &4001_u16.to_be_bytes())).await.unwrap();
        assert_eq!(socket.rest().await, [Seen::Close(Some(4001)), Seen::End]);
        assert_eq!(client.elapsed(), Duration::ZERO);
        assert_eq!(client.log.lines()[1..], ["closed Peer(Some(CloseCode(4001)))"]);
    });
}

#[test]
fn server_that_closes_waits_for_the_answer_and_then_ends_the_stream() {
    let world = World::new();
    let client = world.clone();
    world.run(async move {
        let call = client.websocket("EIO=4&transport=websocket");
        let socket = client.accept().await;
        let mut peer = WebSocket::new(Revision::V4, call.upgraded().await);
        peer.packet().await;
        // Read and discarded, so that the stream ends without a reset.
        peer.say("unread").await;
        socket.close();
        assert_eq!(peer.next().await, Seen::Packet(Packet::Close));
        assert_eq!(peer.next().await, Seen::Close(Some(1000)));
        for _ in 0..100 {
            peer.say("too late").await;
        }
        peer.end.write(&masked(CLOSE, &1000_u16.to_be_bytes())).await.unwrap();
        assert_eq!(peer.next().await, Seen::End);
        assert_eq!(client.elapsed(), Duration::ZERO);
    });
}

#[test]
fn text_that_nobody_reads_any_more_may_be_invalid_however_it_is_cut() {
    for cut in [0, 1, 3, 7] {
        let world = World::new();
        let client = world.clone();
        world.run(async move {
            let call = client.websocket("EIO=4&transport=websocket");
            let socket = client.accept().await;
            let mut peer = WebSocket::new(Revision::V4, call.upgraded().await);
            peer.packet().await;
            socket.close();
            assert_eq!(peer.next().await, Seen::Packet(Packet::Close));
            assert_eq!(peer.next().await, Seen::Close(Some(1000)));
            let invalid = masked(TEXT, b"4\xff");
            for part in [&invalid[..cut], &invalid[cut..]] {
                peer.end.write(part).await.unwrap();
                client.settle().await;
            }
            peer.end.write(&masked(CLOSE, &1000_u16.to_be_bytes())).await.unwrap();
            assert_eq!(peer.next().await, Seen::End);
        });
    }
}

#[test]
fn stream_that_ends_or_breaks_ends_the_session() {
    for is_reset in [false, true] {
        let world = World::new();
        world.echo();
        let client = world.clone();
        world.run(async move {
            let mut socket = WebSocket::open(&client).await;
            if is_reset {
                socket.end.reset();
            } else {
                socket.end.shutdown();
                assert_eq!(socket.rest().await, [Seen::End]);
            }
            client.settle().await;
            let reason = if is_reset {
                "closed TransportLost"
            } else {
                "closed Peer(Some(CloseCode(1006)))"
            };
            assert_eq!(client.log.lines()[1..], [reason]);
        });
    }
}

#[test]
fn second_websocket_gets_101_and_then_1008() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let (mut first, sid) = WebSocket::open_with_sid(&client).await;
        let query = format!("EIO=4&transport=websocket&sid={}", sid.as_str());
        let end = client.websocket(&query).upgraded().await;
        let mut second = WebSocket::new(Revision::V4, end);
        assert_eq!(second.next().await, Seen::Close(Some(1008)));
        second.end.write(&masked(CLOSE, &1008_u16.to_be_bytes())).await.unwrap();
        assert_eq!(second.next().await, Seen::End);
        first.say("still here").await;
        assert_eq!(first.message().await, "still here".into());

        let mut polling = Polling::open(&client).await;
        let _probing = polling.websocket().await;
        let mut third = polling.websocket().await;
        assert_eq!(third.next().await, Seen::Close(Some(1008)));
        polling.send("polling still").await;
        assert_eq!(polling.message().await, "polling still".into());
    });
}

#[test]
fn websocket_that_is_hung_up_on_is_dropped_after_linger() {
    // The peer neither closes nor leaves, and the session lives on without it.
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let (mut first, sid) = WebSocket::open_with_sid(&client).await;
        let query = format!("EIO=4&transport=websocket&sid={}", sid.as_str());
        let end = client.websocket(&query).upgraded().await;
        let mut second = WebSocket::new(Revision::V4, end);
        assert_eq!(second.rest().await, [Seen::Close(Some(1008)), Seen::Reset]);
        assert_eq!(client.elapsed(), Duration::from_secs(5));
        first.say("still here").await;
        assert_eq!(first.message().await, "still here".into());
    });
}

#[test]
fn probe_that_comes_to_nothing_is_hung_up_on_and_dropped() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let mut polling = Polling::open(&client).await;
        let mut probe = polling.websocket().await;
        let polled = polling.get();
        assert_eq!(probe.rest().await, [Seen::Close(Some(1000)), Seen::Reset]);
        assert_eq!(client.elapsed(), Duration::from_secs(15));
        polling.send("still polling").await;
        assert_eq!(polled.status().await, 200);
        polling.send("again").await;
        assert_eq!(polling.message().await, "again".into());
        assert_eq!(client.log.lines(), ["opened V4 polling", "refused ProbeFailed(Silent)"]);
    });
}

#[test]
fn probe_that_comes_to_nothing_and_never_reads_is_dropped_too() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let mut polling = Polling::open(&client).await;
        let probe = polling.websocket().await;
        // Their answers fill the write buffer, so that no hang-up fits behind them.
        probe.end.write(&masked(PING, &[0; 125]).repeat(3_000)).await.unwrap();
        client.sleep(Duration::from_secs(15)).await;
        client.settle().await;
        assert!(probe.end.write(&masked(PING, b"")).await.is_err());
        polling.send("still polling").await;
        assert_eq!(polling.message().await, "still polling".into());
    });
}

#[test]
fn upgrade_is_told_once() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let (mut socket, _) = Polling::open(&client).await.upgrade().await;
        socket.say("hello").await;
        assert_eq!(socket.message().await, "hello".into());
        socket.send(Packet::Close).await;
        client.settle().await;
        let expected = ["opened V4 polling", "upgraded websocket", "closed Peer(None)"];
        assert_eq!(client.log.lines(), expected);
    });
}

#[test]
fn ping_of_the_websocket_itself_is_answered_also_while_the_session_isnt_read() {
    let world = World::narrow();
    let client = world.clone();
    world.run(async move {
        let call = client.websocket("EIO=4&transport=websocket");
        let _unread = client.accept().await;
        let mut peer = WebSocket::new(Revision::V4, call.upgraded().await);
        peer.packet().await;
        peer.end.write(&masked(PING, b"data")).await.unwrap();
        assert_eq!(peer.next().await, Seen::Pong(b"data".into()));
    });
}

#[test]
fn frames_may_come_byte_by_byte() {
    let world = World::new();
    world.echo();
    let client = world.clone();
    world.run(async move {
        let mut socket = WebSocket::open(&client).await;
        socket.end.cut_into(1);
        let text = "☃".repeat(500);
        for _ in 0..20 {
            socket.say(text.clone()).await;
            assert_eq!(socket.message().await, text.clone().into());
        }
        assert_eq!(client.elapsed(), Duration::ZERO);
    });
}
