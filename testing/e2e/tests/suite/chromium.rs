//! The `chat` example in a real browser.

use crate::binding::BINDING;
use e2e::{Example, chromium, needs};
use serde_json::json;

#[needs(browser, node)]
#[tokio::test]
async fn two_tabs_chat_upgrade_and_come_back_after_a_restart() {
    chat(&[], "").await;
}

#[needs(browser, node)]
#[tokio::test]
async fn two_tabs_chat_over_compressed_websockets() {
    let agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    chat(&["--compress-from", "0"], agreed).await;
}

async fn chat(options: &[&str], extensions: &str) {
    let start =
        |listen| Example::start(BINDING, "chat", &[&["--listen", listen], options].concat());
    let server = start("127.0.0.1:0");
    let authority = server.authority().to_owned();
    let mut tabs = chromium::start("chat.js", &format!("http://{authority}/"));

    let said = tabs.hear().await;
    assert_eq!(said["suggested"], "Ada", "the last name that was given");
    assert_eq!(said["hints"], json!([true, false]), "it goes when somebody is there");
    let said = tabs.hear().await;
    assert!(said["upgraded"].to_string().contains("upgraded after"), "{said}");
    assert_eq!(said["extensions"], extensions);
    let said = tabs.hear().await;
    assert_eq!(said["heard"], "Good morning, <b>Grace</b> \u{1f600}");
    let link = json!([{
        "textContent": "https://example.org/a_(b)?c=", "href": "https://example.org/a_(b)?c=",
        "rel": "noopener noreferrer", "target": "_blank",
    }]);
    assert_eq!(said["link"], link);
    assert_eq!(said["time"], true, "the reader's own form");
    assert_eq!(tabs.hear().await["renamed"], "Ada", "a name is never empty");

    drop(server);
    assert!(tabs.hear().await["lost"].is_string());

    let _again = start(&authority);
    assert_eq!(tabs.end().await["heard"], "Here again");
}
