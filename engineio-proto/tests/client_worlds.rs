//! The two sessions of the crate with each other, over networks of several kinds.

mod common;

use common::pair::Pair;
use common::pair_ops::{CHOICES, Plan, message};
use common::{ClientClose, REVISIONS, Revision, ServerCloseReason};
use engineio_proto::Transport::{self, Polling, WebSocket};
use engineio_proto::{ClientConfig, RevisionChoice};
use engineio_proto::{Revisions, Transports};

const LATENCIES: [u64; 4] = [0, 1, 20, 200];

fn pair(revision: Revision, transports: &'static [Transport], latency: u64) -> Pair {
    Plan { revision, transports, is_narrow: false, latency, seed: 1 }.pair().logged()
}

/// Both sides send so many messages, text and binary, while time passes.
fn converse(pair: &mut Pair, count: usize) {
    for _ in 0..count {
        let number = pair.client.sent.len();
        pair.client_send(message(number, 1, number.is_multiple_of(3)));
        let number = pair.server.ends.last().map_or(0, |end| end.sent.len());
        pair.server_send(message(number, 1, number % 3 == 1));
        pair.run_for(3);
    }
}

fn assert_all_arrived(pair: &Pair) {
    assert_eq!(pair.client.session.close_reason(), None);
    assert_eq!(pair.client.received, pair.end().sent);
    assert_eq!(pair.end().received, pair.client.sent);
}

#[test]
fn hundreds_of_messages_each_way_arrive_in_order_by_every_choice_of_transports() {
    for revision in REVISIONS {
        for transports in CHOICES {
            for latency in LATENCIES {
                let mut pair = pair(revision, transports, latency);
                converse(&mut pair, 400);
                pair.run_for(10_000);
                let framed = transports.contains(&WebSocket);
                let expected = if framed { WebSocket } else { Polling };
                assert_eq!(pair.client.session.transport(), Some(expected));
                assert_eq!(pair.client.has_upgraded, transports == CHOICES[0]);
                assert_all_arrived(&pair);
                pair.finish();
            }
        }
    }
}

#[test]
fn probe_that_is_cut_at_any_time_loses_nothing() {
    for revision in REVISIONS {
        for cut_at in (0..600).step_by(25) {
            let mut pair = pair(revision, CHOICES[0], 50);
            pair.run_until(cut_at);
            converse(&mut pair, 3);
            pair.cut_probe();
            converse(&mut pair, 20);
            pair.run_for(10_000);
            assert_all_arrived(&pair);
            pair.finish();
        }
    }
}

#[test]
fn idle_sessions_stay_open_for_hours() {
    for revision in REVISIONS {
        for transports in CHOICES {
            let mut pair = pair(revision, transports, 100);
            pair.run_for(2 * 3_600_000);
            converse(&mut pair, 5);
            pair.run_for(5_000);
            assert_all_arrived(&pair);
            pair.finish();
        }
    }
}

#[test]
fn applications_that_read_now_and_then_slow_each_other_down_and_lose_nothing() {
    for revision in REVISIONS {
        for transports in CHOICES {
            let plan = Plan { revision, transports, is_narrow: true, latency: 20, seed: 6 };
            let mut pair = plan.pair().logged();
            for round in 0..20 {
                pair.client.is_reading = round % 4 == 0;
                pair.server.is_reading = round % 3 == 0;
                converse(&mut pair, 10);
                pair.run_for(1_000);
            }
            pair.calm();
            pair.run_for(20_000);
            assert_all_arrived(&pair);
            pair.finish();
        }
    }
}

#[test]
fn client_whose_application_does_not_read_for_minutes_stays() {
    for revision in REVISIONS {
        for transports in CHOICES {
            let plan = Plan { revision, transports, is_narrow: true, latency: 20, seed: 7 };
            let mut pair = plan.pair().logged();
            pair.run_for(1_000);
            pair.client.is_reading = false;
            converse(&mut pair, 50);
            // Over polling the server waits for the next poll as long as it hears pongs or
            // pings; a WebSocket that isn't read brings it those as well.
            pair.run_for(300_000);
            pair.calm();
            pair.run_for(20_000);
            assert_all_arrived(&pair);
            pair.finish();
        }
    }
}

#[test]
fn close_of_either_side_hands_over_what_was_sent_before() {
    for revision in REVISIONS {
        for transports in CHOICES {
            let mut closing = pair(revision, transports, 50);
            converse(&mut closing, 200);
            closing.client_close();
            closing.run_for(5_000);
            assert_eq!(closing.end().received, closing.client.sent);
            assert_eq!(closing.client.closed, Some(ClientClose::Application));
            assert_eq!(closing.end().closed, Some(ServerCloseReason::Peer(None)));
            closing.finish();
            let mut closed = pair(revision, transports, 50);
            converse(&mut closed, 200);
            closed.server_close();
            closed.run_for(5_000);
            assert_eq!(closed.client.received, closed.end().sent);
            assert!(matches!(closed.client.closed, Some(ClientClose::Server(_))));
            assert_eq!(closed.end().closed, Some(ServerCloseReason::Application));
            closed.finish();
        }
    }
}

#[test]
fn close_at_any_time_of_an_upgrade_hands_over_what_was_sent_before() {
    for revision in REVISIONS {
        for close_at in (0..700).step_by(10) {
            let mut pair = pair(revision, CHOICES[0], 50);
            pair.run_until(close_at);
            pair.client_send("last".into());
            pair.client_close();
            pair.run_for(5_000);
            assert_eq!(pair.end().received, pair.client.sent, "at {close_at} ms");
            assert_eq!(pair.client.closed, Some(ClientClose::Application));
            assert_eq!(pair.end().closed, Some(ServerCloseReason::Peer(None)));
            pair.finish();
        }
    }
}

#[test]
fn after_a_cut_both_sides_end_within_their_timeouts() {
    for revision in REVISIONS {
        for transports in [CHOICES[0], CHOICES[1], CHOICES[2]] {
            for which in 0..2 {
                for cut_at in (0..1_000).step_by(40) {
                    let mut pair = pair(revision, transports, 30);
                    pair.run_until(cut_at);
                    converse(&mut pair, 2);
                    pair.cut(which);
                    // What was cut may have been the probe or one of two transports.
                    let (client, server) = (&pair.client.session, pair.server.ends.len());
                    assert!(client.transport().is_some() && server <= 2);
                    pair.run_for(50_000);
                    let is_open = pair.client.closed.is_none();
                    let open = pair.server.ends.iter().filter(|end| end.closed.is_none()).count();
                    assert_eq!(open, usize::from(is_open), "both, or none");
                    pair.finish();
                }
            }
        }
    }
}

#[test]
fn client_that_vanished_is_gone_after_interval_and_timeout() {
    for revision in REVISIONS {
        for transports in CHOICES {
            let mut pair = pair(revision, transports, 30);
            pair.run_for(1_000);
            pair.client_abort();
            pair.run_for(3_000);
            assert!(pair.end().closed.is_some(), "its connections were given up");
            pair.finish();
        }
    }
}

#[test]
fn server_without_one_of_the_transports_is_reached_by_the_other() {
    for revision in REVISIONS {
        for (served, transport) in
            [(Transports::POLLING, Polling), (Transports::WEBSOCKET, WebSocket)]
        {
            for transports in [CHOICES[0], CHOICES[3]] {
                let client = ClientConfig::builder()
                    .revision(RevisionChoice::Only(revision))
                    .transports(transports.to_vec());
                let server = common::ServerConfig::builder().transports(served);
                let client = client.build().expect("legal");
                let mut pair = Pair::new(client, server.build().expect("legal"), 8, 20).logged();
                converse(&mut pair, 50);
                pair.run_for(2_000);
                assert_eq!(pair.client.session.transport(), Some(transport));
                assert_all_arrived(&pair);
                pair.finish();
            }
        }
    }
}

#[test]
fn client_that_speaks_both_revisions_finds_the_servers() {
    for (served, revision) in [
        (Revisions::V3, Revision::V3),
        (Revisions::V4, Revision::V4),
        (Revisions::ALL, Revision::V4),
    ] {
        for transports in CHOICES {
            let client = ClientConfig::builder()
                .revision(RevisionChoice::Auto)
                .transports(transports.to_vec());
            let server = common::ServerConfig::builder().revisions(served);
            let client = client.build().expect("legal");
            let mut pair = Pair::new(client, server.build().expect("legal"), 9, 20).logged();
            converse(&mut pair, 50);
            pair.run_for(2_000);
            assert_eq!(pair.client.session.revision(), revision);
            assert_all_arrived(&pair);
            pair.finish();
        }
    }
}
