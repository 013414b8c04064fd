//! A node of a cluster that is asked for any identifier whatever.

use core::future::poll_fn;
use core::task::Poll;
use std::fmt::Write as _;
use std::future::pending;

use engineio_hub::Answer;
use engineio_hub::cluster::{Cluster, Nodes};
use engineio_proto::NodeTag;
use http::request::Builder;
use proptest::prelude::*;

use crate::common::polling::Polling;
use crate::common::world::{World, request, websocket_request};

const PLACE: &str = "http://n2.test:3000";

fn tag(text: &str) -> NodeTag {
    text.parse().unwrap()
}

/// What a client may name as its session. Without any text it would be a handshake.
fn sid() -> impl Strategy<Value = Vec<u8>> {
    let known = prop_oneof![Just("n1"), Just("n2"), Just("n3")].prop_map(str::to_owned);
    let tag = prop_oneof![known, "[A-Za-z0-9_-]{0,18}", "\\PC{0,18}"];
    let rest = prop_oneof!["[A-Za-z0-9_-]{0,24}", "\\PC{0,24}"];
    let tagged = (tag, rest).prop_map(|(tag, rest)| format!("{tag}.{rest}").into_bytes());
    prop_oneof![4 => tagged, 1 => prop::collection::vec(any::<u8>(), 1..40)]
}

/// As it stands in a query.
fn encoded(sid: &[u8]) -> String {
    sid.iter().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' => {
                text.push(char::from(*byte));
            }
            other => write!(text, "%{other:02X}").unwrap(),
        }
        text
    })
}

/// A request of any kind for this session.
fn ask(kind: u8, sid: &str) -> Builder {
    match kind {
        0 => request("GET", &format!("EIO=4&transport=polling&sid={sid}")),
        1 => request("POST", &format!("EIO=4&transport=polling&sid={sid}")),
        _ => websocket_request(&format!("EIO=4&transport=websocket&sid={sid}")),
    }
}

proptest! {
    #[test]
    fn any_sid_is_of_a_session_here_or_forwarded_to_a_place_of_the_directory_or_refused(
        named in prop::option::weighted(0.95, sid()),
        kind in 0..3_u8,
    ) {
        let world = World::with(|config| config.node(tag("n1")));
        world.hub.join(Cluster::new(Nodes::fixed([(tag("n2"), PLACE.parse().unwrap())])));
        world.echo();
        let client = world.clone();
        world.run(async move {
            let own = Polling::open(&client).await;
            let sid = named.clone().unwrap_or_else(|| own.sid().as_bytes().to_vec());
            let head = ask(kind, &encoded(&sid)).body(()).unwrap().into_parts().0;
            let mut seat = client.hub.admit(&head).unwrap();
            let of_another = NodeTag::of_sid(&String::from_utf8_lossy(&sid));
            let of_another = of_another.filter(|node| *node != tag("n1"));
            let Some(forward) = seat.forward() else {
                assert_eq!(of_another, None);
                let answered = poll_fn(|cx| Poll::Ready(seat.poll_answer(cx))).await;
                let refusal = match answered {
                    Poll::Ready(Answer::Respond { response, .. }) => Some(response),
                    _ => None,
                };
                // A session that is here waits for a message or a body, or becomes a WebSocket.
                assert_eq!(refusal.is_some(), named.is_some());
                if let Some(refusal) = refusal {
                    assert_eq!(refusal.status(), 400);
                    assert_eq!(refusal.body(), r#"{"code":1,"message":"Session ID unknown"}"#);
                }
                return;
            };
            assert_eq!(Some(forward.node()), of_another);
            match forward.locate(pending()).await {
                Some(place) => {
                    assert_eq!((forward.node(), place.to_string()), (tag("n2"), format!("{PLACE}/")));
                    let sent = forward.request(head, &place).unwrap();
                    assert_eq!(sent.uri.authority(), place.authority());
                    assert_eq!(sent.uri.path(), "/engine.io/");
                }
                None => {
                    assert_ne!(forward.node(), tag("n2"));
                    assert_eq!(forward.unreachable().status(), 400);
                }
            }
        });
        prop_assert_eq!(world.hub.forwards(), 0);
    }
}
