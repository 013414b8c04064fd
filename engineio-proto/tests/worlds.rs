//! A session and its client over networks of several kinds.

mod common;

use common::world::World;
use common::{Message, REVISIONS, ServerCloseReason, ServerConfig};

const LATENCIES: [u64; 4] = [0, 1, 20, 200];

/// Both sides send so many messages, text and binary, while time passes.
fn converse(world: &mut World, count: usize) {
    for _ in 0..count {
        for (is_client, number) in [(false, world.sent.len()), (true, world.client_sent.len())] {
            let text = format!("{number} é😀");
            let message: Message =
                if number % 3 == 0 { text.into_bytes().into() } else { text.into() };
            if is_client { world.client_send(message) } else { world.send(message) }
        }
        world.run_for(3);
    }
}

fn assert_all_arrived(world: &World) {
    assert_eq!(world.client.over, None);
    assert_eq!(world.client.received, world.sent);
    assert_eq!(world.received, world.client_sent);
}

#[test]
fn thousand_messages_each_way_arrive_in_order_across_an_upgrade() {
    for revision in REVISIONS {
        for latency in LATENCIES {
            let mut world = World::new(ServerConfig::default(), revision, false, 1, latency);
            world.run_for(1_000);
            converse(&mut world, 300);
            world.upgrade();
            converse(&mut world, 700);
            world.run_for(10_000);
            assert_eq!((world.sent.len(), world.client_sent.len()), (1_000, 1_000));
            assert_all_arrived(&world);
            world.finish();
        }
    }
}

#[test]
fn client_whose_probe_is_cut_goes_on_polling_and_loses_nothing() {
    for revision in REVISIONS {
        for cut_after in [0, 50, 100, 150, 200, 250] {
            let mut world = World::new(ServerConfig::default(), revision, false, 2, 50);
            world.run_for(1_000);
            converse(&mut world, 20);
            world.upgrade();
            world.run_for(cut_after);
            world.cut_probe();
            converse(&mut world, 20);
            world.run_for(10_000);
            assert_all_arrived(&world);
            world.finish();
        }
    }
}

#[test]
fn idle_session_stays_open_for_hours() {
    for revision in REVISIONS {
        for is_framed in [false, true] {
            let mut world = World::new(ServerConfig::default(), revision, is_framed, 3, 100);
            world.run_for(4 * 3_600_000);
            converse(&mut world, 5);
            world.run_for(5_000);
            assert_all_arrived(&world);
            world.finish();
        }
    }
}

#[test]
fn client_that_fell_silent_is_gone_after_interval_and_timeout() {
    for revision in REVISIONS {
        for is_framed in [false, true] {
            let mut world = World::new(ServerConfig::default(), revision, is_framed, 4, 100);
            world.run_for(1_000);
            world.client.stop("a dead battery");
            world.run_for(46_000);
            assert_eq!(world.closed, Some(ServerCloseReason::PingTimeout));
            world.finish();
        }
    }
}

#[test]
fn process_that_slept_keeps_its_sessions() {
    for revision in REVISIONS {
        let mut world = World::new(ServerConfig::default(), revision, true, 5, 10);
        world.run_for(20_000);
        world.sleep(20_000);
        converse(&mut world, 5);
        world.run_for(60_000);
        assert_all_arrived(&world);
    }
}

#[test]
fn application_that_reads_now_and_then_slows_its_client_down_and_loses_nothing() {
    for revision in REVISIONS {
        let config = ServerConfig::builder().inbox_high_water(500).inbox_limit(2_000).build();
        let mut world = World::new(config.expect("legal"), revision, false, 6, 20);
        world.run_for(1_000);
        for round in 0..20 {
            world.is_reading = round % 4 == 0;
            converse(&mut world, 10);
            world.run_for(1_000);
            if round == 10 {
                world.upgrade();
            }
        }
        world.is_reading = true;
        world.run_for(20_000);
        assert_all_arrived(&world);
        world.finish();
    }
}

#[test]
fn close_over_any_transport_hands_over_what_was_sent_before() {
    for revision in REVISIONS {
        for is_framed in [false, true] {
            let mut world = World::new(ServerConfig::default(), revision, is_framed, 7, 50);
            world.run_for(1_000);
            converse(&mut world, 20);
            world.close();
            world.run_for(5_000);
            assert_eq!(world.client.received, world.sent);
            assert_eq!(world.client.over, Some("the server closed"));
            assert_eq!(world.closed, Some(ServerCloseReason::Application));
            world.finish();
        }
    }
}

#[test]
fn goodbye_of_the_client_comes_after_what_it_sent_before() {
    for revision in REVISIONS {
        for is_framed in [false, true] {
            let mut world = World::new(ServerConfig::default(), revision, is_framed, 8, 50);
            world.run_for(1_000);
            converse(&mut world, 20);
            world.client_close();
            world.run_for(5_000);
            assert_eq!(world.received, world.client_sent);
            assert_eq!(world.closed, Some(ServerCloseReason::Peer(None)));
            world.finish();
        }
    }
}
