//! Cookies that a server, or a balancer before it, sets.

use super::hostile::{Answer, scripted};
use crate::engineio::{self, Transport};
use peer::within;

const OPEN: &str =
    r#"0{"sid":"S","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#;

#[tokio::test]
async fn cookies_of_the_handshake_are_on_all_later_requests_of_both_transports() {
    let (address, mut requests) = scripted(|request| {
        if request.contains("sid=S") {
            return Answer::Silence;
        }
        let cookies = "Set-Cookie: node=7; Path=/; HttpOnly\r\nSet-Cookie: gone=1; Max-Age=0\r\n\
             Set-Cookie: old=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n\
             Set-Cookie: tls=1; Secure\r\nSet-Cookie: later=\"a=b\"; Max-Age=100\r\n";
        Answer::Whole(200, cookies, OPEN)
    })
    .await;
    let client = within(engineio::connect(&format!("http://{address}"))).await.expect("a session");
    client.try_send("hello").expect("room");
    let first = within(requests.recv()).await.expect("a request");
    assert!(!first.to_ascii_lowercase().contains("\r\ncookie:"), "{first}");
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let request = within(requests.recv()).await.expect("a request");
        assert!(request.contains("node=7; later=\"a=b\"\r\n"), "{request}");
        kinds.push(match request {
            it if it.contains("transport=websocket") => "websocket",
            it if it.starts_with("POST") => "post",
            _ => "get",
        });
    }
    kinds.sort_unstable();
    assert_eq!(kinds, ["get", "post", "websocket"]);
    assert_eq!(client.transport(), Some(Transport::Polling));
}
