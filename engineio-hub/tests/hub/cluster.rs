//! A server that is one of several.

use core::future::poll_fn;
use core::time::Duration;
use std::future::{pending, ready};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use engineio_hub::cluster::{Cluster, Directory, Locating, Nodes};
use engineio_hub::{Connection, Forward};
use engineio_proto::{NodeTag, Sid};
use http::request::Parts;
use http::{Request, Response, Uri, Version};

use crate::common::world::{World, request, websocket_request};

const POLLING: &str = "EIO=4&transport=polling";

/// A poll for a session of the node `n2`.
const FOREIGN: &str = "EIO=4&transport=polling&sid=n2.somebody";

fn tag(text: &str) -> NodeTag {
    text.parse().unwrap()
}

/// A world of the node `n1`, which knows the node `n2`.
fn node() -> World {
    node_of(Cluster::new(Nodes::fixed([(tag("n2"), "http://n2.test".parse().unwrap())])))
}

fn node_of(cluster: Cluster) -> World {
    let world = World::with(|config| config.node(tag("n1")));
    world.hub.join(cluster);
    world
}

fn head(request: http::request::Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}

/// What is to be forwarded of this request.
fn forward(world: &World, head: &Parts) -> Option<Forward> {
    world.hub.admit(head).unwrap().forward()
}

#[test]
fn sids_of_a_node_begin_with_its_tag() {
    let world = World::with(|config| config.node(tag("n1")));
    let client = world.clone();
    world.run(async move {
        let call = client.get(POLLING);
        let socket = client.accept().await;
        assert_eq!(socket.sid().node(), client.hub.config().node());
        let sid = socket.sid().as_str().to_owned();
        assert_eq!((sid.len(), &sid[..3]), (25, "n1."));
        assert_eq!(call.status().await, 200);
        let ok = client.post(&format!("{POLLING}&sid={sid}"), "4hello");
        assert_eq!(ok.status().await, 200);
    });
}

#[test]
fn request_for_a_session_of_another_node_is_forwarded_and_counted() {
    let world = node();
    let forward = forward(&world, &head(request("GET", FOREIGN))).unwrap();
    assert_eq!((forward.node(), forward.has_body()), (tag("n2"), false));
    assert_eq!(world.hub.forwards(), 1);
    assert_eq!(world.log.lines(), ["forwarded n2"]);
    drop(forward);
    assert_eq!(world.hub.forwards(), 0);
}

#[test]
fn seat_that_nobody_forwards_says_that_the_session_is_unknown() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        let response = client.get(FOREIGN).response().await;
        assert_eq!(response.status(), 400);
        assert_eq!(response.body(), r#"{"code":1,"message":"Session ID unknown"}"#);
        assert_eq!(client.hub.forwards(), 0);
    });
    assert_eq!(world.log.count("unreachable n2"), 1);
    assert_eq!(world.log.refusals(), ["warn GET /engine.io unknown unreachable_node"]);
}

#[test]
fn only_legal_tags_of_other_nodes_are_forwarded() {
    let world = node();
    for sid in ["n1.somebody", "n2", "", ".", ".n2", "n%2F2.a", "n2%3A80.a", "0123456789abcdefg.a"]
    {
        let head = head(request("GET", &format!("{POLLING}&sid={sid}")));
        assert!(forward(&world, &head).is_none(), "{sid}");
    }
    // Without a session it is a handshake, which is always for here.
    assert!(forward(&world, &head(request("GET", POLLING))).is_none());
    assert_eq!(world.log.count("forwarded"), 0);
}

#[test]
fn request_that_was_forwarded_is_not_forwarded_again() {
    let world = node();
    let hopped = request("GET", FOREIGN).header("Engineio-Hop", "n3");
    let client = world.clone();
    world.run(async move {
        assert_eq!(client.begin(hopped.body(()).unwrap()).status().await, 400);
    });
    assert_eq!(world.log.lines(), ["refused UnknownSession"]);
}

#[test]
fn server_without_a_cluster_forwards_nothing() {
    let world = World::with(|config| config.node(tag("n1")));
    assert!(forward(&world, &head(request("GET", FOREIGN))).is_none());
    assert_eq!(world.log.lines(), ["refused UnknownSession"]);
}

#[test]
fn session_with_a_sid_of_the_applications_own_is_served_where_it_is() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        let call = client.get(POLLING);
        let sid = Sid::from_text("n2.mine").unwrap();
        let socket = client.incoming().await.unwrap().sid(sid).accept_with(0).unwrap();
        assert_eq!(call.status().await, 200);
        let sid = socket.sid().as_str();
        assert_eq!(client.post(&format!("{POLLING}&sid={sid}"), "4hi").status().await, 200);
    });
    assert_eq!(world.log.count("forwarded"), 0);
}

#[test]
fn forwards_beyond_their_limit_are_503_until_there_is_room() {
    let nodes = Nodes::fixed([(tag("n2"), "http://n2.test".parse().unwrap())]);
    let world = node_of(Cluster::new(nodes).max_forwards(1));
    let first = forward(&world, &head(request("GET", FOREIGN))).unwrap();
    let client = world.clone();
    world.run(async move {
        let response = client.get(FOREIGN).response().await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (503, &"5".parse().unwrap())
        );
        assert_eq!(client.hub.forwards(), 1);
        drop(first);
        assert!(forward(&client, &head(request("GET", FOREIGN))).is_some());
    });
    assert_eq!(world.log.refusals(), ["warn GET /engine.io unknown too_many_forwards"]);
}

#[test]
fn node_that_cannot_be_reached_and_one_that_breaks_off_are_told_to_the_client() {
    let world = World::with(|config| {
        config.node(tag("n1")).cors(engineio_proto::Cors::List(vec!["https://a.example".into()]))
    });
    world.hub.join(Cluster::new(Nodes::fixed([])));
    let asked = request("GET", FOREIGN).header("origin", "https://a.example");
    let forward = forward(&world, &head(asked)).unwrap();
    for (response, status) in [(forward.unreachable(), 400), (forward.lost(), 502)] {
        assert_eq!(response.status(), status);
        let allowed = &response.headers()["access-control-allow-origin"];
        assert_eq!(allowed, "https://a.example");
    }
    let refused = ["unreachable_node", "lost_node"];
    let refused = refused.map(|name| format!("warn GET /engine.io unknown {name}"));
    assert_eq!(world.log.refusals(), refused);
}

#[test]
fn server_without_a_tag_is_told_that_others_cannot_find_its_sessions() {
    let world = World::new();
    world.hub.join(Cluster::new(Nodes::fixed([])));
    assert_eq!(world.log.count("misused a server without `node`"), 1);
}

#[test]
fn server_that_closes_waits_for_all_that_passes_through_it() {
    let world = node();
    let request = forward(&world, &head(request("GET", FOREIGN))).unwrap();
    let mut websocket = forward(&world, &head(websocket_request(WEBSOCKET))).unwrap();
    let client = world.clone();
    world.run(async move {
        client.hub.close(Duration::from_secs(10));
        let hub = client.hub.clone();
        let waiting = client.spawn(async move { poll_fn(|cx| hub.poll_forwarded(cx)).await });
        assert!(websocket.switch(switched()).is_some());
        drop(request);
        client.settle().await;
        assert!(!waiting.is_done());
        drop(websocket);
        client.settle().await;
        assert!(waiting.is_done());
        assert_eq!(client.hub.forwards(), 0);
    });
}

fn place() -> Uri {
    "http://10.0.0.2:3000".parse().unwrap()
}

#[test]
fn forwarded_head_leaves_out_what_was_for_the_connection_and_is_marked() {
    let world = node();
    let asked = request("POST", FOREIGN)
        .header("content-length", "5")
        .header("cookie", "a=b")
        .header("connection", "keep-alive, X-Mine")
        .header("connection", "x-too")
        .header("x-mine", "1")
        .header("x-too", "1")
        .header("keep-alive", "timeout=5")
        .header("te", "trailers")
        .header("transfer-encoding", "chunked")
        .header("proxy-authorization", "secret")
        .header("expect", "100-continue")
        .header("x-forwarded-for", "192.0.2.1")
        .extension(engineio_hub::RemoteAddr("198.51.100.7:80".parse().unwrap()));
    let asked = head(asked.header("transfer-encoding", "chunked"));
    // Such a request is ambiguous, so it is only used for its head.
    let plain = head(
        request("POST", FOREIGN)
            .extension(engineio_hub::RemoteAddr("198.51.100.7:80".parse().unwrap())),
    );
    let forward = forward(&world, &plain).unwrap();
    assert!(forward.has_body());
    let sent = forward.request(asked, &place()).unwrap();
    assert_eq!(sent.uri.to_string(), format!("http://10.0.0.2:3000/engine.io/?{FOREIGN}"));
    let mut headers: Vec<_> = sent
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let left = [
        "content-length: 5",
        "cookie: a=b",
        "engineio-hop: n1",
        "host: a.test",
        "x-forwarded-for: 192.0.2.1, 198.51.100.7",
    ];
    assert_eq!(headers, left);
}

#[test]
fn path_of_a_nodes_place_stands_in_front_of_the_requests() {
    let world = node();
    let asked = head(request("GET", FOREIGN));
    let forward = forward(&world, &asked).unwrap();
    let place: Uri = "http://10.0.0.2:3000/chat/".parse().unwrap();
    let sent = forward.request(asked, &place).unwrap();
    assert_eq!(sent.uri.to_string(), format!("http://10.0.0.2:3000/chat/engine.io/?{FOREIGN}"));
}

#[test]
fn node_at_a_place_that_is_not_http_is_out_of_reach_and_the_application_is_told_once() {
    let world = node();
    let forward = forward(&world, &head(request("GET", FOREIGN))).unwrap();
    for place in ["https://10.0.0.2:3000", "ftp://n2.test/", "/n2", "n2.test:3000"] {
        let asked = head(request("GET", FOREIGN));
        assert!(forward.request(asked, &place.parse().unwrap()).is_none(), "{place}");
    }
    assert_eq!(world.log.count("misused the directory has `https://10.0.0.2:3000/`"), 1);
    assert_eq!(world.log.count("misused"), 1);
}

const WEBSOCKET: &str = "EIO=4&transport=websocket&sid=n2.somebody";

/// A node's 101.
fn switched() -> http::response::Parts {
    let switched = Response::builder()
        .status(101)
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-accept", "of another key")
        .header("sec-websocket-protocol", "chat");
    switched.body(()).unwrap().into_parts().0
}

#[test]
fn websocket_keeps_its_key_and_gets_the_accept_of_it() {
    let world = node();
    let asked = head(websocket_request(WEBSOCKET));
    let mut forward = forward(&world, &asked).unwrap();
    let sent = forward.request(asked, &place()).unwrap();
    assert_eq!(
        (sent.headers["upgrade"].as_bytes(), &sent.headers["connection"]),
        (&b"websocket"[..], &"Upgrade".parse().unwrap())
    );
    assert_eq!(sent.headers["sec-websocket-key"], "dGhlIHNhbXBsZSBub25jZQ==");
    let answer = forward.switch(switched()).unwrap();
    assert_eq!(answer.status(), 101);
    // Of the key in RFC 6455, section 1.3.
    assert_eq!(answer.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(answer.headers()["sec-websocket-protocol"], "chat");
    assert_eq!(answer.headers()["connection"], "Upgrade");
}

#[test]
fn websocket_over_http2_becomes_one_over_http1_with_a_key_of_its_own() {
    let world = node();
    let asked = Request::builder()
        .method("CONNECT")
        .version(Version::HTTP_2)
        .uri(format!("https://a.test/engine.io/?{WEBSOCKET}"))
        .header("sec-websocket-version", "13");
    let asked = head(asked);
    let connection = Connection { peer: None, can_upgrade: true, is_extended_connect: true };
    let mut forward = world.hub.admit_from(&asked, connection).unwrap().forward().unwrap();
    let sent = forward.request(asked, &place()).unwrap();
    assert_eq!((sent.method.as_str(), sent.version), ("GET", Version::HTTP_11));
    assert_eq!(sent.headers["host"], "a.test");
    assert_eq!(sent.headers["sec-websocket-key"].len(), 24);
    let answer = forward.switch(switched()).unwrap();
    assert_eq!(answer.status(), 200);
    let names: Vec<_> = answer.headers().keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names, ["sec-websocket-protocol"]);
}

#[test]
fn websocket_whose_handshake_is_broken_is_refused_before_it_is_forwarded() {
    let world = node();
    let client = world.clone();
    world.run(async move {
        let broken = request("GET", WEBSOCKET)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket");
        assert_eq!(client.begin(broken.body(()).unwrap()).status().await, 400);
    });
    assert_eq!(world.log.count("forwarded"), 0);
}

/// Counts how often it is asked.
#[derive(Clone, Default)]
struct Counting {
    asked: Arc<AtomicUsize>,
    place: Arc<Mutex<Option<Uri>>>,
    is_down: Arc<AtomicBool>,
}

impl Directory for Counting {
    fn locate<'a>(&'a self, _node: &'a NodeTag) -> Locating<'a> {
        self.asked.fetch_add(1, SeqCst);
        if self.is_down.load(SeqCst) {
            return Box::pin(pending());
        }
        Box::pin(ready(self.place.lock().unwrap().clone()))
    }
}

#[test]
fn directory_is_asked_for_a_node_every_five_seconds_and_every_second_where_there_is_none() {
    let counting = Counting::default();
    let world = node_of(Cluster::new(counting.clone()));
    let client = world.clone();
    world.run(async move {
        let forward = forward(&client, &head(request("GET", FOREIGN))).unwrap();
        let locate = async |after: u64, asked: usize| {
            client.sleep(Duration::from_millis(after)).await;
            let located = forward.locate(pending()).await;
            assert_eq!(counting.asked.load(SeqCst), asked, "after {after} ms more");
            located
        };
        assert_eq!(locate(0, 1).await, None);
        *counting.place.lock().unwrap() = Some(place());
        assert_eq!(locate(999, 1).await, None);
        assert_eq!(locate(1, 2).await, Some(place()));
        *counting.place.lock().unwrap() = None;
        assert_eq!(locate(4999, 2).await, Some(place()));
        assert_eq!(locate(1, 3).await, None);
    });
}

#[test]
fn directory_that_does_not_answer_changes_nothing_for_nodes_that_are_known() {
    let counting = Counting::default();
    *counting.place.lock().unwrap() = Some(place());
    let world = node_of(Cluster::new(counting.clone()));
    let client = world.clone();
    world.run(async move {
        let forward = forward(&client, &head(request("GET", FOREIGN))).unwrap();
        assert_eq!(forward.locate(pending()).await, Some(place()));
        counting.is_down.store(true, SeqCst);
        client.sleep(Duration::from_secs(5)).await;
        // One request finds out, after its patience.
        assert_eq!(forward.locate(ready(())).await, Some(place()));
        // The others don't wait.
        assert_eq!(forward.locate(pending()).await, Some(place()));
        assert_eq!(counting.asked.load(SeqCst), 2);
    });
}

#[test]
fn tags_that_clients_make_up_do_not_push_out_nodes() {
    let counting = Counting::default();
    let world = node_of(Cluster::new(counting.clone()));
    let client = world.clone();
    world.run(async move {
        let locate = async |node: &str| {
            let query = format!("{POLLING}&sid={node}.somebody");
            let forward = forward(&client, &head(request("GET", &query))).unwrap();
            forward.locate(pending()).await
        };
        *counting.place.lock().unwrap() = Some(place());
        assert_eq!(locate("n2").await, Some(place()));
        *counting.place.lock().unwrap() = None;
        for forged in 0..5_000 {
            assert_eq!(locate(&format!("x{forged}")).await, None);
        }
        assert_eq!(locate("n2").await, Some(place()));
        *counting.place.lock().unwrap() = Some(place());
        assert_eq!(locate("n3").await, Some(place()));
        *counting.place.lock().unwrap() = None;
        assert_eq!(locate("n3").await, Some(place()));
    });
}
