//! What the recorder of the `metrics` crate is told.

use core::time::Duration;
use std::collections::BTreeMap;

use engineio_hub::MetricsObserver;
use engineio_proto::{Packet, ServerConfigBuilder};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use crate::common::log::Log;
use crate::common::polling::{Polling, pong};
use crate::common::websocket::WebSocket;
use crate::common::world::World;

/// Names with their labels, and values. Asking for counters resets them.
fn figures(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let snapshot = snapshotter.snapshot().into_vec();
    let figures = snapshot.into_iter().map(|(key, _, _, value)| {
        let mut name = key.key().name().to_owned();
        for label in key.key().labels() {
            name += &format!(" {}={}", label.key(), label.value());
        }
        let value = match value {
            DebugValue::Counter(count) => count as f64,
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(values) => values.into_iter().map(|it| it.into_inner()).sum(),
        };
        (name, value)
    });
    figures.filter(|(_, value)| *value != 0.0).collect()
}

fn told(snapshotter: &Snapshotter, expected: &[(&str, f64)]) {
    let expected = expected.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    assert_eq!(figures(snapshotter), expected);
}

/// Runs a test in a world that reports to a recorder of its own.
fn recorded<F>(
    change: impl FnOnce(ServerConfigBuilder) -> ServerConfigBuilder,
    test: impl FnOnce(World, Snapshotter) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let world = World::observed(change, MetricsObserver, Log::default());
        world.run(test(world.clone(), snapshotter));
    });
}

/// All shards were looked at.
async fn round(world: &World) {
    world.sleep(Duration::from_secs(4)).await;
}

#[test]
fn sessions_are_counted_when_they_open_upgrade_and_close_and_by_transport() {
    recorded(
        |config| config,
        |world, recorded| async move {
            world.echo();
            let polling = Polling::open(&world).await;
            let websocket = WebSocket::open(&world).await;
            let poll = polling.get();
            round(&world).await;
            told(
                &recorded,
                &[
                    ("engineio_sessions transport=polling", 1.0),
                    ("engineio_sessions transport=websocket", 1.0),
                    ("engineio_sessions_opened_total transport=polling revision=4", 1.0),
                    ("engineio_sessions_opened_total transport=websocket revision=4", 1.0),
                ],
            );
            drop(poll);
            let (upgraded, _) = polling.upgrade().await;
            websocket.send(Packet::Close).await;
            round(&world).await;
            told(
                &recorded,
                &[
                    ("engineio_sessions transport=websocket", 1.0),
                    ("engineio_sessions_closed_total reason=peer", 1.0),
                    ("engineio_sessions_upgraded_total", 1.0),
                ],
            );
            drop(upgraded);
            round(&world).await;
            told(&recorded, &[("engineio_sessions_closed_total reason=transport_lost", 1.0)]);
        },
    );
}

#[test]
fn messages_are_counted_both_ways_even_of_sessions_that_have_ended() {
    recorded(
        |config| config,
        |world, recorded| async move {
            world.echo();
            let mut websocket = WebSocket::open(&world).await;
            websocket.say("hello").await;
            websocket.message().await;
            round(&world).await;
            let seen = figures(&recorded);
            assert_eq!(seen["engineio_messages_total direction=in"], 1.0);
            assert_eq!(seen["engineio_messages_total direction=out"], 1.0);
            assert_eq!(seen["engineio_message_bytes_total direction=in"], 5.0);
            assert_eq!(seen["engineio_message_bytes_total direction=out"], 5.0);
            websocket.say("bye").await;
            websocket.message().await;
            drop(websocket);
            round(&world).await;
            let seen = figures(&recorded);
            assert_eq!(seen["engineio_messages_total direction=in"], 1.0);
            assert_eq!(seen["engineio_message_bytes_total direction=out"], 3.0);
            assert!(!seen.contains_key("engineio_sessions transport=websocket"));
        },
    );
}

#[test]
fn refusals_are_counted_by_cause() {
    recorded(
        |config| config,
        |world, recorded| async move {
            for _ in 0..3 {
                world.get("EIO=4&transport=polling&sid=nobody").status().await;
            }
            world.get("EIO=4&transport=polling").status().await;
            told(
                &recorded,
                &[
                    ("engineio_requests_refused_total cause=not_accepted", 1.0),
                    ("engineio_requests_refused_total cause=unknown_session", 3.0),
                ],
            );
        },
    );
}

#[test]
fn outbox_of_a_client_that_does_not_read_shows() {
    recorded(
        |config| config,
        |world, recorded| async move {
            let call = world.get("EIO=4&transport=polling");
            let socket = world.accept().await;
            call.status().await;
            socket.sender().try_send("x".repeat(10_000)).unwrap();
            round(&world).await;
            let seen = figures(&recorded);
            let [all, largest] =
                ["engineio_outbox_bytes", "engineio_outbox_largest_bytes"].map(|name| seen[name]);
            assert!((10_000.0..10_200.0).contains(&all), "{all}");
            assert_eq!(all, largest);
        },
    );
}

#[test]
fn heartbeat_is_timed() {
    recorded(
        |config| config,
        |world, recorded| async move {
            world.echo();
            let mut websocket = WebSocket::open(&world).await;
            assert!(matches!(websocket.packet().await, Packet::Ping(_)));
            world.sleep(Duration::from_millis(250)).await;
            websocket.send(pong()).await;
            world.settle().await;
            let seen = figures(&recorded);
            assert_eq!(seen["engineio_heartbeat_round_trip_seconds"], 0.25);
        },
    );
}

#[test]
fn server_without_sessions_has_nothing_to_wake_up_for() {
    recorded(
        |config| config,
        |world, _| async move {
            world.echo();
            drop(WebSocket::open(&world).await);
            round(&world).await;
            let polls = world.driver.polls();
            world.sleep(Duration::from_secs(600)).await;
            let more = world.driver.polls() - polls;
            assert!(more <= 4, "{more}");
        },
    );
}
