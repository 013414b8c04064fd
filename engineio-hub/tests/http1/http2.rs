//! Connections that begin as ones of HTTP/2.

use engineio_hub::http1::Settings;

use crate::client::{Client, HANDSHAKE, get, settings};
use crate::common::world::World;

const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[test]
fn connection_of_http2_is_given_back_with_all_that_has_come_however_it_is_cut() {
    for cut in 0..PREFACE.len() {
        let world = World::new();
        let app = world.clone();
        world.run(async move {
            let client = Client::connect_to(&app, with_http2());
            let (first, rest) = PREFACE.split_at(cut);
            client.send(first).await;
            app.settle().await;
            let is_known = client.is_closed();
            assert_eq!(is_known, cut >= "PRI ".len(), "{first:?}");
            if is_known {
                assert_eq!(client.rest().await, first);
            } else {
                client.send(rest).await;
                assert_eq!(client.rest().await, PREFACE);
            }
        });
        assert_eq!(world.log.refusals(), [""; 0]);
    }
}

#[test]
fn where_http2_is_not_asked_for_and_behind_a_request_it_is_malformed() {
    for (settings, before) in [(settings(None), 0), (with_http2(), 1)] {
        let world = World::new();
        world.echo();
        let app = world.clone();
        world.run(async move {
            let client = Client::connect_to(&app, settings);
            for _ in 0..before {
                client.ask(get(HANDSHAKE)).await.expect(200);
            }
            client.ask(PREFACE).await.expect_last(400);
        });
        assert_eq!(world.log.refusals(), ["warn   192.0.2.1 malformed_head"]);
    }
}

fn with_http2() -> Settings {
    Settings { http2: true, ..settings(None) }
}
