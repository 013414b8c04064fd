//! Peers that say no more, or read no more, and keep their connection open.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{join_all, select};
use peer::{Peer, until};

use super::client::{Break, TALKS, visit};
use super::process::{Held, alone};
use super::{BROKEN, Echo, assert_only, hasty};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peer_that_stands_still_after_any_part_is_told_to_go() {
    let _alone = alone().await;
    let echo = Echo::start(hasty()).await;
    visit(echo.address, TALKS[0], usize::MAX, Break::Reset).await;
    let before = Held::most().await;
    let offsets =
        TALKS.into_iter().flat_map(|talk| (0..=talk.len()).step_by(17).map(move |at| (talk, at)));
    let (carried, idle): (Vec<_>, Vec<_>) = offsets.partition(|(talk, at)| talk.is_carried(*at));
    let visit = |(talk, at)| visit(echo.address, talk, at, Break::Stall);
    let idle = join_all(idle.into_iter().map(visit));
    let carried = async {
        // Each reads to the end that the server makes.
        join_all(carried.into_iter().map(visit)).await;
        echo.is_left_alone().await;
    };
    // Connections between two requests, or in one, have half a minute, with a session or without.
    select(pin!(idle), pin!(carried)).await;
    echo.is_left_alone().await;
    before.is_all().await;
    assert_only(&echo.end().await, &BROKEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peer_that_reads_nothing_is_given_up() {
    let _alone = alone().await;
    let echo = Echo::start(hasty()).await;
    drop(Peer::open_websocket(echo.address).await);
    echo.is_left_alone().await;
    let before = Held::most().await;
    let (mut peer, _) = Peer::open_websocket(echo.address).await;
    // More than all buffers hold.
    let message = "4".repeat(60_000);
    let writing = async {
        loop {
            peer.say(&message).await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(30), async {
        tokio::select! {
            () = writing => {}
            () = until(|| echo.server.is_empty()) => {}
        }
    });
    gone.await.expect("it is given up");
    peer.reset();
    before.is_all().await;
    assert_only(&echo.end().await, &["ping_timeout", "overloaded", "transport_lost", "peer"]);
}
