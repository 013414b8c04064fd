//! The `bot` example in the room of the `chat` example.

use crate::binding::{BINDING, Client, ClientOptions, connect};
use e2e::{Example, within};

async fn enter(url: &str, name: &str) -> Client {
    let options = ClientOptions::new(url).query("name", name);
    within("a session", connect(options)).await.expect("a session")
}

/// Waits for a message that holds this.
async fn hears(guest: &mut Client, text: &str) {
    loop {
        let message = within(text, guest.recv()).await.expect("a session");
        if message.as_text().is_some_and(|heard| heard.contains(text)) {
            return;
        }
    }
}

/// The bot is here, or comes, and greets who comes after it.
async fn bot_greets(url: &str) {
    let mut early = enter(url, "Ada").await;
    hears(&mut early, r#""name":"bot""#).await;
    let mut late = enter(url, "Grace").await;
    hears(&mut late, "Hello, Grace!").await;
}

#[tokio::test]
async fn bot_greets_guests_and_comes_back_when_the_chat_was_killed() {
    let chat = Example::start(BINDING, "chat", &["--listen", "127.0.0.1:0"]);
    let address = chat.authority().to_owned();
    let url = format!("http://{address}");
    let _bot = Example::start_client(BINDING.of_clients(), "bot", &[&url]);
    bot_greets(&url).await;
    drop(chat);
    let _chat = Example::start(BINDING, "chat", &["--listen", &address]);
    bot_greets(&url).await;
}
