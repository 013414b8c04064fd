//! Graceful stops.

use super::{Watched, for_each_proxy};
use e2e::{Certificate, LIMIT, Snippet, Software, javascript, patient, within};
use peer::until;
use serde_json::json;

async fn clients_hear_that_the_server_closes(software: Software) {
    javascript::install();
    let server = Watched::start(patient()).await;
    let proxy = Snippet::for_one(software).start(&[&server.authority()]);
    let ca = &Certificate::of_these_tests().pem;
    let stay = |mode| {
        let spec = json!({ "client": 6, "mode": mode, "url": proxy.url(), "ca": ca });
        async move { javascript::run("until_closed.js", &spec).await }
    };
    let clients = async { tokio::join!(stay("polling"), stay("websocket")) };
    let stopping = async {
        until(|| server.server.len() == 2).await;
        within("the end", server.server.close(LIMIT)).await;
    };
    let ((polling, websocket), ()) = tokio::join!(clients, stopping);
    for (saw, mode) in [(polling, "polling"), (websocket, "websocket")] {
        assert_eq!(saw["reason"], "transport close", "{mode}: {saw}");
    }
    assert_eq!(server.log(), ["session closed reason=the server shuts down"; 2]);
}

for_each_proxy! { needs (node) clients_hear_that_the_server_closes }
