//! A page of another origin that polls by scripts and forms, as old browsers did. Forms can't carry
//! a carriage return, so none is sent.

use crate::binding::Local;
use e2e::{chromium, needs, patient, within};
use engineio_tokio::{Cors, Message};
use serde_json::json;

#[needs(browser, node)]
#[tokio::test]
async fn page_of_another_origin_talks_by_scripts_and_forms() {
    let settings = patient().jsonp(true).cors(Cors::Any);
    let Some(local) = Local::start(settings).await else { return };
    let texts = [
        "all planes: A é \u{2028}\u{2029} € 漢 \u{1f600} \u{10ffff}",
        "</script><script>alert(1)</script><!--",
        "\\n is not \n, nor is \\\\n",
        "\"'&=+%20#;\t\u{7f}",
        "",
    ];
    let binary = [0, 1, 30, 195, 169, 255];
    let spec = json!({ "url": local.url(), "texts": texts, "binary": binary });
    let page = chromium::start_with("jsonp.js", spec);
    let application = async {
        let mut socket = local.accept().await;
        let mut heard = Vec::new();
        while let Some(message) = within("a message", socket.recv()).await {
            heard.push(message.clone());
            // The page may leave after the last one.
            let _ = socket.send(message).await;
        }
        heard
    };
    let (saw, heard) = tokio::join!(page.end(), application);
    let mut sent = texts.map(Message::from).to_vec();
    sent.push(binary.to_vec().into());
    assert_eq!(heard, sent);
    assert_eq!(saw["heard"], json!([texts[0], texts[1], texts[2], texts[3], texts[4], binary]));
    assert_eq!(saw["ways"], json!(["GET script", "POST document"]));
}
