//! Three nodes behind a proxy that reads the tag in front of a `sid`, and what other ways cost.

use super::{ADDRESS, HANDSHAKE, Watched, connect_from, for_each_proxy, get};
use crate::binding::BINDING;
use bindings::tokio::{ClientOptions, connect};
use e2e::{Certificate, Example, Proxy, Snippet, Software, javascript, needs, patient, within};
use engineio_tokio::{Cookie, Message, NodeTag, Transport};
use futures_util::future::join_all;
use peer::Answer;
use serde_json::json;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

const TAGS: [&str; 3] = ["a", "b", "c"];

/// A node for each tag, and the proxy in front of them.
async fn behind(snippet: Snippet) -> (Proxy, Vec<Watched>) {
    let nodes = join_all(TAGS.map(|tag| {
        let tag = tag.parse::<NodeTag>().expect("a tag");
        let cookie = Cookie::new("io");
        Watched::start(patient().node(tag).cookie(cookie))
    }))
    .await;
    let authorities: Vec<_> = nodes.iter().map(Watched::authority).collect();
    let authorities: Vec<_> = authorities.iter().map(String::as_str).collect();
    (snippet.start(&authorities), nodes)
}

/// What the nodes logged of requests for sessions that weren't theirs.
fn strays(nodes: &[Watched]) -> Vec<String> {
    let lines = nodes.iter().flat_map(Watched::log);
    lines.filter(|line| line.starts_with("request refused: no session")).collect()
}

/// The tag in front of a sid.
fn tag(sid: &str) -> &str {
    sid.split_once('.').expect("a tag").0
}

/// Of the JavaScript client, with a connection for each request.
async fn clients_without_cookies_reach_their_own_nodes(software: Software) {
    javascript::install();
    let (proxy, nodes) = behind(Snippet::for_nodes(software)).await;
    let ways = [json!(["polling"]), json!(["polling", "websocket"])];
    let transports: Vec<_> = ways.iter().cycle().take(24).collect();
    let ca = &Certificate::of_these_tests().pem;
    let spec = json!({ "url": proxy.url(), "ca": ca, "transports": transports, "count": 20 });
    let saw = javascript::run("fresh.js", &spec).await;
    let clients = saw["clients"].as_array().expect("clients");
    assert_eq!(clients.len(), 24);
    let tags = clients.iter().map(|client| tag(client["sid"].as_str().expect("a sid")));
    assert_eq!(tags.collect::<BTreeSet<_>>(), TAGS.into());
    assert_eq!(strays(&nodes), [""; 0]);
}

async fn our_clients_reach_their_own_nodes(software: Software) {
    our_clients_reach_their_own_nodes_through(Snippet::for_nodes(software)).await;
}

async fn our_clients_reach_their_own_nodes_through(snippet: Snippet) {
    let (proxy, nodes) = behind(snippet).await;
    let ways: [&[Transport]; 2] =
        [&[Transport::Polling], &[Transport::Polling, Transport::WebSocket]];
    let clients = ways.iter().cycle().take(24).map(async |way| {
        let certificate = Certificate::of_these_tests();
        let options = ClientOptions::new(&proxy.url()).transports(*way);
        let mut client =
            connect(options.root_certificates(&*certificate.pem)).await.expect("a session");
        let mut next = 0;
        // until the upgrade is over
        while next < 20 || client.transport() != way.last().copied() {
            let message = Message::from(next.to_string());
            client.send(message.clone()).await.expect("an open session");
            assert_eq!(client.recv().await, Some(message), "{:?}", client.close_reason());
            next += 1;
        }
        client
    });
    // None says goodbye yet, so that no request comes for a session that has ended.
    let clients = within("all echoes", join_all(clients)).await;
    let sids: Vec<_> = clients.iter().filter_map(|client| client.sid()).collect();
    assert_eq!(sids.iter().map(|sid| tag(sid.as_str())).collect::<BTreeSet<_>>(), TAGS.into());
    assert_eq!(strays(&nodes), [""; 0]);
}

/// A request for a session there is refused, and handshakes go to the others.
async fn node_that_is_gone_is_left_out(software: Software) {
    let start = |tag| Example::start(BINDING, "echo", &["--listen", "127.0.0.1:0", "--node", tag]);
    let [a, b, c] = TAGS.map(start);
    let authorities = [&a, &b, &c].map(Example::authority);
    let proxy = Snippet::for_nodes(software).start(&authorities);
    let handshake = async || ask(&proxy, ADDRESS, HANDSHAKE, "").await.expect(200).sid();
    let mut sid = handshake().await;
    while tag(&sid) != "b" {
        sid = handshake().await;
    }
    drop(b);
    let status = ask(&proxy, ADDRESS, &format!("{HANDSHAKE}&sid={sid}"), "").await.status;
    assert!([400, 502, 503].contains(&status), "{status}");
    for _ in 0..6 {
        assert_ne!(tag(&handshake().await), "b");
    }
}

/// Of a session that has ended with its node, or made up.
async fn sid_that_no_node_can_have_is_refused_by_one(software: Software) {
    let (proxy, nodes) = behind(Snippet::for_nodes(software)).await;
    for sid in ["z.lv_VI97HAXpY6yYWAAABcQ", "a", ".", "%61.lv_VI97HAXpY6yYWAAABcQ"] {
        let answer = ask(&proxy, ADDRESS, &format!("{HANDSHAKE}&sid={sid}"), "").await.expect(400);
        assert_eq!(answer.text(), r#"{"code":1,"message":"Session ID unknown"}"#, "{sid:?}");
    }
    assert_eq!(strays(&nodes).len(), 4);
}

for_each_proxy! {
    needs (node)
    clients_without_cookies_reach_their_own_nodes
    our_clients_reach_their_own_nodes
    node_that_is_gone_is_left_out
    sid_that_no_node_can_have_is_refused_by_one
}

/// The answer to a request on a fresh connection from this address.
async fn ask(proxy: &Proxy, from: Ipv4Addr, target: &str, headers: &str) -> Answer {
    connect_from(proxy, from).await.request(get(&proxy.authority(), target, headers)).await
}

/// The nginx of the guide, with another rule that picks the node.
fn nginx_that(rule: &str) -> Snippet {
    Snippet::for_nodes(Software::Nginx)
        .with("least_conn;", rule)
        .with("http://$node", "http://nodes")
}

/// Opens sessions until a second request with these headers got to another node.
async fn one_gets_lost(
    proxy: &Proxy,
    addresses: impl Iterator<Item = Ipv4Addr>,
    headers: impl Fn(&str) -> String,
) -> Answer {
    for address in addresses {
        let sid = ask(proxy, ADDRESS, HANDSHAKE, "").await.expect(200).sid();
        let headers = headers(&sid);
        let post = format!(
            "POST {HANDSHAKE}&sid={sid} HTTP/1.1\r\nHost: {}\r\nContent-Length: 6\r\n{headers}\r\n4hello",
            proxy.authority()
        );
        let answer = connect_from(proxy, address).await.request(post).await;
        if answer.status != 200 {
            return answer;
        }
    }
    panic!("all got to their own nodes");
}

#[needs(nginx)]
#[tokio::test]
async fn hash_of_the_address_serves_clients_that_keep_theirs() {
    let (proxy, nodes) = behind(nginx_that("ip_hash;")).await;
    for _ in 0..6 {
        let sid = ask(&proxy, ADDRESS, HANDSHAKE, "").await.expect(200).sid();
        let target = format!("{HANDSHAKE}&sid={sid}");
        let websocket = target.replace("polling", "websocket");
        ask(&proxy, ADDRESS, &websocket, super::UPGRADE).await.expect(101);
    }
    assert_eq!(strays(&nodes), [""; 0]);
}

#[cfg(target_os = "linux")]
#[needs(nginx)]
#[tokio::test]
async fn hash_of_the_address_loses_clients_that_change_theirs() {
    let (proxy, nodes) = behind(nginx_that("ip_hash;")).await;
    let addresses = (1..40).map(|third| Ipv4Addr::new(127, 0, third, 1));
    let lost = one_gets_lost(&proxy, addresses, |_| String::new()).await;
    assert_eq!(lost.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
    super::mistakes::guide_quotes(&strays(&nodes)[0]);
}

#[needs(nginx)]
#[tokio::test]
async fn hash_of_the_sids_cookie_loses_clients() {
    let (proxy, nodes) = behind(nginx_that("hash $cookie_io;")).await;
    let same = std::iter::repeat_n(ADDRESS, 40);
    let lost = one_gets_lost(&proxy, same, |sid| format!("Cookie: io={sid}\r\n")).await;
    assert_eq!(lost.text(), r#"{"code":1,"message":"Session ID unknown"}"#);
    super::mistakes::guide_quotes(&strays(&nodes)[0]);
}

/// It names a node, and comes with the answer to the handshake. These clients keep it.
#[needs(haproxy)]
#[tokio::test]
async fn cookie_of_the_balancers_own_serves_clients_that_keep_cookies() {
    let balance = "    balance leastconn ";
    let cookie = format!("    cookie node insert indirect nocache\n{balance}");
    let snippet =
        Snippet::for_nodes(Software::HaProxy).without("use-server").with(balance, &cookie);
    let snippet = [("1 check", "a"), ("2 check", "b"), ("3 check", "c")]
        .iter()
        .fold(snippet, |snippet, (line, tag)| snippet.with(line, &format!("{line} cookie {tag}")));
    our_clients_reach_their_own_nodes_through(snippet).await;
}
