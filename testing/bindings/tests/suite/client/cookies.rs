//! Cookies that a server, or a balancer before it, sets.

use peer::script::{Answer, Script};

use super::{OPEN_TO_UPGRADE, client_of, open};
use crate::engineio::Transport;

#[tokio::test]
async fn cookies_of_the_handshake_are_on_all_later_requests_of_both_transports() {
    let server = Script::new(|request| {
        if request.kind() != "open" {
            return Answer::Silence;
        }
        let cookies = "Set-Cookie: node=7; Path=/; HttpOnly\r\nSet-Cookie: gone=1; Max-Age=0\r\n\
             Set-Cookie: old=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n\
             Set-Cookie: tls=1; Secure\r\nSet-Cookie: later=\"a=b\"; Max-Age=100\r\n";
        Answer::Whole(200, cookies, OPEN_TO_UPGRADE.to_owned())
    });
    let client = open(client_of(&server)).await;
    client.try_send("hello").expect("room");
    assert_eq!(server.request().await.header("cookie"), None);
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let request = server.request().await;
        assert_eq!(request.header("cookie"), Some("node=7; later=\"a=b\""), "{request:?}");
        kinds.push(request.kind());
    }
    kinds.sort_unstable();
    assert_eq!(kinds, ["poll", "post", "websocket"]);
    assert_eq!(client.transport(), Some(Transport::Polling));
}
