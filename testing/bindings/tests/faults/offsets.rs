//! Connections that end after each byte of what a client says.

use futures_util::{StreamExt, stream};

use super::client::{Break, TALKS, Talk, visit};
use super::process::{Heap, Held, LOTS, alone};
use super::{BROKEN, Echo, assert_only, hasty};

/// So many connections at a time. Twice as many descriptors, and a third for upgrades.
const AT_ONCE: usize = 64;

/// Every talk, broken off after each `step`-th byte.
async fn break_everywhere(echo: &Echo, how: Break, step: usize) -> usize {
    let offsets = |talk: Talk| (0..=talk.len()).step_by(step).map(move |bytes| (talk, bytes));
    let all: Vec<_> = TALKS.into_iter().flat_map(offsets).collect();
    let count = all.len();
    let visit = |(talk, bytes)| visit(echo.address, talk, bytes, how);
    stream::iter(all).for_each_concurrent(AT_ONCE, visit).await;
    echo.is_left_alone().await;
    count
}

async fn nothing_is_left(how: Break, first_step: usize) {
    let echo = Echo::start(hasty()).await;
    // Whatever is made once is made now.
    break_everywhere(&echo, how, 50).await;
    let before = Held::most().await;
    let mut heap = Heap::default();
    let count = break_everywhere(&echo, how, first_step).await;
    println!("{count} connections");
    before.is_all().await;
    let mut is_as_before = heap.is_as_before();
    for lot in 1..LOTS {
        if is_as_before {
            break;
        }
        break_everywhere(&echo, how, 5 + lot).await;
        before.is_all().await;
        is_as_before = heap.is_as_before();
    }
    if !is_as_before {
        heap.fail();
    }
    assert_only(&echo.end().await, &BROKEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_connections_that_are_reset_after_any_byte() {
    let _alone = alone().await;
    nothing_is_left(Break::Reset, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_connections_whose_client_says_no_more_after_any_byte() {
    let _alone = alone().await;
    nothing_is_left(Break::HalfClose, 1).await;
}
