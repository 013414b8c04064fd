//! Many clients, one after the other.

use std::env;

use futures_util::{StreamExt, stream};

use super::client::{Break, TALKS, visit};
use super::process::{Heap, Held, LOTS, alone};
use super::{BROKEN, Echo, assert_only, hasty};

/// How many clients come and go in each lot: `ENGINEIO_CYCLES=10000` for more.
fn cycles() -> usize {
    env::var("ENGINEIO_CYCLES").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_come_and_go_leave_nothing() {
    let _alone = alone().await;
    let echo = Echo::start(hasty()).await;
    let lot = async |count: usize| {
        let clients = (0..count).map(|number| {
            let talk = TALKS[number % TALKS.len()];
            let how = if number % 2 == 0 { Break::Reset } else { Break::HalfClose };
            visit(echo.address, talk, usize::MAX, how)
        });
        stream::iter(clients).for_each_concurrent(16, |visit| visit).await;
        echo.is_left_alone().await;
    };
    lot(50).await;
    let before = Held::most().await;
    let mut heap = Heap::default();
    let mut is_as_before = false;
    for _ in 0..LOTS {
        lot(cycles()).await;
        before.is_all().await;
        is_as_before = heap.is_as_before();
        if is_as_before {
            break;
        }
    }
    if !is_as_before {
        heap.fail();
    }
    assert_only(&echo.end().await, &BROKEN);
}
