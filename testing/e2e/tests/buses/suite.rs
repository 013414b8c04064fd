//! What holds over each engine.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use engineio_tokio::{Bus, BusError, NodeTag};
use tokio::time::{sleep, timeout};

use super::engine::{Engine, Kind};
use super::node::Node;

over_both! {
    (nats, python) (redis, python)
    group_reaches_members_on_all_nodes_once_and_in_order
    process_that_is_no_node_publishes
    engine_that_is_killed_and_comes_back_costs_some_messages_and_no_more
    engine_that_stands_still_holds_up_nobody
    slow_subscriber_loses_messages_and_holds_up_nobody
    subscription_that_is_ended_and_made_again_hears_from_then_on
    directory_knows_nodes_while_they_live
    directory_finds_a_node_again_after_its_engine_was_killed
}

async fn group_reaches_members_on_all_nodes_once_and_in_order(kind: Kind) {
    let engine = Engine::start(kind).await;
    let (one, other) = (Node::start(&engine).await, Node::start(&engine).await);
    other.hears(&one).await;
    one.hears(&other).await;
    let all: Vec<_> = (0..1000).map(|number| format!("number {number}")).collect();
    all.iter().for_each(|text| one.room.send(text.as_str()));
    one.server.broadcast("not for the other node");
    one.server.broadcast_to_cluster("the end");
    // One subject may overtake another.
    let has_all = |node: &Node| node.has_heard("the end") && node.has_heard("number 999");
    peer::until(|| has_all(&one) && has_all(&other)).await;
    for node in [&one, &other] {
        let heard = node.heard();
        let numbers: Vec<_> = heard.iter().filter(|text| text.starts_with("number")).collect();
        assert!(numbers.into_iter().eq(&all), "{heard:?}");
    }
    assert!(one.has_heard("not for the other node") && !other.has_heard("not for the other node"));
    assert_eq!((one.losses.unsent.load(SeqCst), other.losses.missed.load(SeqCst)), (0, 0));
}

async fn process_that_is_no_node_publishes(kind: Kind) {
    let engine = Engine::start(kind).await;
    let (one, other) = (Node::start(&engine).await, Node::start(&engine).await);
    other.hears(&one).await;
    one.hears(&other).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/publisher/publish.py");
    let arguments = [script, &engine.url(), "chat", "room", "good news"];
    let status = Command::new(e2e::require("python")).args(arguments).status();
    assert!(status.expect("Python").success());
    peer::until(|| one.has_heard("good news") && other.has_heard("good news")).await;
}

async fn engine_that_is_killed_and_comes_back_costs_some_messages_and_no_more(kind: Kind) {
    let mut engine = Engine::start(kind).await;
    let (one, other) = (Node::start(&engine).await, Node::start(&engine).await);
    other.hears(&one).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let speaking = {
        let (room, is_over) = (one.room.clone(), Arc::clone(&is_over));
        tokio::spawn(async move {
            let mut count = 0;
            while !is_over.load(SeqCst) {
                count += 1;
                room.send(format!("{count}"));
                sleep(Duration::from_millis(2)).await;
            }
            count
        })
    };
    sleep(Duration::from_millis(200)).await;
    engine.restart(Duration::from_millis(500)).await;
    let before = other.heard().len();
    peer::until(|| other.heard().len() > before + 100).await;
    is_over.store(true, SeqCst);
    let count = speaking.await.expect("no panic");
    let numbers = |node: &Node| -> Vec<u64> {
        node.heard().iter().filter_map(|text| text.parse().ok()).collect()
    };
    // The members of the node itself notice nothing.
    peer::until(|| numbers(&one).len() == count).await;
    let heard = numbers(&other);
    assert!(heard.is_sorted_by(|one, next| one < next), "out of order or twice: {heard:?}");
    let gaps: u64 = heard.windows(2).map(|pair| pair[1] - pair[0] - 1).sum();
    println!("{kind:?}: {gaps} of {count} messages were lost");
    assert_eq!(other.losses.missed.load(SeqCst), gaps);
    one.ends().await;
    other.ends().await;
}

async fn engine_that_stands_still_holds_up_nobody(kind: Kind) {
    let engine = Engine::start(kind).await;
    let (one, other) = (Node::start(&engine).await, Node::start(&engine).await);
    other.hears(&one).await;
    engine.signal("STOP");
    let large = "x".repeat(16 << 10);
    // More than all queues hold.
    for number in 0..12_000 {
        one.room.send(engineio_tokio::Outgoing::from(large.as_str()).volatile());
        if number % 100 == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    peer::until(|| {
        // Its client may have no room now.
        one.server.broadcast("here");
        one.has_heard("here")
    })
    .await;
    assert!(one.losses.unsent.load(SeqCst) > 0, "something must be refused");
    engine.signal("CONT");
    peer::until(|| {
        one.room.send("back");
        other.has_heard("back")
    })
    .await;
    one.ends().await;
    other.ends().await;
}

async fn slow_subscriber_loses_messages_and_holds_up_nobody(kind: Kind) {
    const COUNT: usize = 40_000;
    let engine = Engine::start(kind).await;
    let (publisher, subscriber) = (engine.join().await.bus(), engine.join().await.bus());
    let (delivered, has_end) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let (counting, ending) = (Arc::clone(&delivered), Arc::clone(&has_end));
    let deliver = move |payload: engineio_tokio::bytes::Bytes| {
        if payload == "end" {
            ending.store(true, SeqCst);
        } else if counting.fetch_add(1, SeqCst) < 100 {
            thread::sleep(Duration::from_millis(20));
        }
    };
    let _subscription = subscriber.subscribe("slow", Box::new(deliver));
    peer::until(|| {
        publish(&*publisher, "hello");
        delivered.load(SeqCst) > 0
    })
    .await;
    for _ in 0..COUNT {
        while !publish(&*publisher, "message") {
            sleep(Duration::from_millis(1)).await;
        }
    }
    peer::until(|| {
        publish(&*publisher, "end");
        has_end.load(SeqCst)
    })
    .await;
    let delivered = delivered.load(SeqCst);
    println!("{kind:?}: {delivered} of {COUNT} were delivered");
    assert!(delivered < COUNT, "nothing was dropped: {delivered}");
}

async fn subscription_that_is_ended_and_made_again_hears_from_then_on(kind: Kind) {
    let engine = Engine::start(kind).await;
    let (publisher, subscriber) = (engine.join().await.bus(), engine.join().await.bus());
    let subscribe = || {
        let heard = Arc::<AtomicUsize>::default();
        let hearing = Arc::clone(&heard);
        let deliver = move |_| {
            hearing.fetch_add(1, SeqCst);
        };
        (subscriber.subscribe("slow", Box::new(deliver)), heard)
    };
    let hears = async |heard: &AtomicUsize, count: usize| {
        peer::until(|| {
            publish(&*publisher, "hello");
            heard.load(SeqCst) > count
        })
        .await;
    };
    let (first, first_heard) = subscribe();
    hears(&first_heard, 0).await;
    drop(first);
    for _ in 0..20 {
        drop(subscribe());
        sleep(Duration::from_millis(1)).await;
    }
    let (_last, last_heard) = subscribe();
    hears(&last_heard, 0).await;
    let heard = (first_heard.load(SeqCst), last_heard.load(SeqCst));
    hears(&last_heard, heard.1).await;
    assert_eq!(first_heard.load(SeqCst), heard.0);
}

/// `false`: there is no room now.
fn publish(bus: &dyn Bus, text: &'static str) -> bool {
    match bus.publish("slow", text.into()) {
        Ok(()) => true,
        Err(why) => {
            assert_eq!(why, BusError::Full);
            false
        }
    }
}

fn tag(text: &str) -> NodeTag {
    text.parse().expect("a tag")
}

async fn directory_knows_nodes_while_they_live(kind: Kind) {
    let engine = Engine::start(kind).await;
    let (one, other) = (engine.join().await, engine.join().await);
    one.announce(tag("one"), "http://127.0.0.1:3001").await;
    let url = other.locate(tag("one")).await.expect("a node");
    assert_eq!(url, "http://127.0.0.1:3001/");
    assert_eq!(one.locate(tag("one")).await, Some(url));
    assert_eq!(other.locate(tag("nobody")).await, None);
    let refused = other.try_announce(tag("other"), "https://127.0.0.1:3002").await;
    assert!(refused.is_err_and(|why| why.contains("announce an `http` URL")));
    assert_eq!(one.locate(tag("other")).await, None);
    drop(one);
    let is_gone = async {
        while other.locate(tag("one")).await.is_some() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    e2e::within("the node is gone", is_gone).await;
}

async fn directory_finds_a_node_again_after_its_engine_was_killed(kind: Kind) {
    let mut engine = Engine::start(kind).await;
    let (one, other) = (engine.join().await, engine.join().await);
    // So Redis shows by this that it has lost its data.
    other.announce(tag("other"), "http://127.0.0.1:3002").await;
    one.announce(tag("one"), "http://127.0.0.1:3001").await;
    engine.restart(Duration::ZERO).await;
    let found = async {
        while other.locate(tag("one")).await.is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    e2e::within("the node is found", found).await;
    engine.signal("STOP");
    // It isn't known that there is no such node.
    let unknown = timeout(Duration::from_secs(1), other.locate(tag("one"))).await;
    engine.signal("CONT");
    assert!(unknown.is_err(), "{unknown:?}");
    let found = async { other.locate(tag("one")).await.expect("a node") };
    e2e::within("the node is found", found).await;
}
