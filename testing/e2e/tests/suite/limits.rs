//! What is larger than the server takes, over both transports.

use crate::binding::BINDING;
use e2e::{Options, Server};
use peer::{Frame, Polling, Revision};

const LIMITED: Options = Options { max_payload: 1_000, ..Options::PATIENT };

#[tokio::test]
async fn post_over_the_limit_is_413_and_the_session_goes_on() {
    let Some(server) = Server::own(BINDING, LIMITED) else { return };
    let session = Polling::open(server.authority(), Revision::V4, "").await;
    let largest = format!("4{}", "x".repeat(999));
    let refused = session.post(&format!("{largest}x")).await.expect(413);
    assert_eq!(refused.text(), "");
    assert_eq!(session.post(&largest).await.expect(200).text(), "ok");
    assert_eq!(session.get().await.expect(200).text(), largest);
}

#[tokio::test]
async fn websocket_message_over_the_limit_is_1009_and_other_sessions_go_on() {
    let Some(server) = Server::own(BINDING, LIMITED) else { return };
    let (mut one, _) = Revision::V4.open_websocket(server.authority()).await;
    let (mut other, _) = Revision::V4.open_websocket(server.authority()).await;
    let largest = format!("4{}", "x".repeat(999));
    one.say(&largest).await;
    assert_eq!(one.frame().await, Frame::text(&largest));
    one.say(&format!("{largest}x")).await;
    assert_eq!(one.frame().await, Frame::Close(1009));
    other.say("4hello").await;
    assert_eq!(other.frame().await, Frame::text("4hello"));
}
