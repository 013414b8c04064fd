//! Why a session ends whose client says all that it has to say, and is gone.

use std::time::Duration;

use super::client::{Break, Talk, visit};
use super::process::alone;
use super::{Echo, hasty};
use crate::engineio::{ServerConfig, ServerConfigBuilder};

/// How many clients have each talk.
const CLIENTS: usize = 20;

async fn all_end_as(reason: &'static str, talk: Talk, how: Break, config: ServerConfigBuilder) {
    let _alone = alone().await;
    let echo = Echo::start(config).await;
    for _ in 0..CLIENTS {
        visit(echo.address, talk, usize::MAX, how).await;
    }
    echo.is_left_alone().await;
    let ends = echo.end().await;
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), [(reason, CLIENTS)]);
}

/// Settings under which a heartbeat that isn't answered is all that ends a session, however slow the
/// machine is.
fn with_heartbeat_alone() -> ServerConfigBuilder {
    let patient = Duration::from_secs(60);
    hasty().ping_timeout(Duration::from_secs(1)).body_timeout(patient).poll_grace(patient)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshake_that_nobody_follows_is_abandoned() {
    all_end_as("abandoned", Talk::Handshake, Break::Reset, hasty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_polls_no_more_ends_by_its_heartbeat() {
    all_end_as("ping_timeout", Talk::Poll, Break::Reset, with_heartbeat_alone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_only_posts_ends_by_its_heartbeat() {
    all_end_as("ping_timeout", Talk::Post, Break::Reset, with_heartbeat_alone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn websocket_that_is_closed_ends_by_its_peer() {
    all_end_as("peer", Talk::WebSocket, Break::HalfClose, ServerConfig::builder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgraded_session_whose_connection_is_reset_has_lost_its_transport() {
    all_end_as("transport_lost", Talk::Upgrade, Break::Reset, ServerConfig::builder()).await;
}
