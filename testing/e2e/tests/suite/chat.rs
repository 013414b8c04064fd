//! What the `chat` example takes from a client that isn't its page.

use crate::binding::BINDING;
use e2e::Example;
use peer::Peer;

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";

#[tokio::test]
async fn name_is_never_empty_and_has_at_most_40_characters() {
    let chat = Example::start(BINDING, "chat", &["--listen", "127.0.0.1:0"]);
    let mut guest = Peer::connect(chat.authority()).await;
    for nobody in ["", "&name=", "&name=%20"] {
        guest.get(&format!("{POLLING}{nobody}")).await.expect(401);
    }
    let long = "%C3%A9".repeat(100);
    let opened = guest.get(&format!("{POLLING}&name={long}")).await.expect(200);
    let target = format!("{POLLING}&sid={}", opened.sid());
    let mut heard = opened.text().to_owned();
    while !heard.contains(r#""kind":"join""#) {
        heard = guest.get(&target).await.expect(200).text().to_owned();
    }
    assert!(heard.contains(&format!(r#""name":"{}""#, "é".repeat(40))), "{heard}");

    guest.post(&target, r#"4{"kind":"rename","name":"Ada"}"#).await.expect(200);
    assert!(guest.get(&target).await.expect(200).text().contains(r#""name":"Ada""#));
    // A client that doesn't talk like the page is sent away.
    guest.post(&target, r#"4{"kind":"rename","name":" "}"#).await.expect(200);
    let end = guest.get(&target).await;
    assert!(end.status == 400 || end.text().ends_with('1'), "{end:?}");
}
