//! The `chat` example in a real browser.

use crate::binding::BINDING;
use e2e::{Example, chromium};

#[tokio::test]
async fn two_tabs_chat_upgrade_and_come_back_after_a_restart() {
    if !chromium::is_here() {
        return;
    }
    let server = Example::start(BINDING, "chat", &["--listen", "127.0.0.1:0"]);
    let authority = server.authority().to_owned();
    let mut tabs = chromium::start("chat.js", &format!("http://{authority}/"));

    let upgraded = tabs.hear().await["upgraded"].to_string();
    assert!(upgraded.contains("upgraded after"), "{upgraded}");
    assert_eq!(tabs.hear().await["heard"], "Good morning, <b>Grace</b> \u{1f600}");

    drop(server);
    assert!(tabs.hear().await["lost"].is_string());

    let _again = Example::start(BINDING, "chat", &["--listen", &authority]);
    assert_eq!(tabs.end().await["heard"], "Here again");
}
