//! The guide in `src`: for readers an mdBook (`mdbook serve docs`), for `cargo test` a set
//! of doctests. Every Rust block of every chapter compiles, and runs unless it says
//! otherwise, and so it is with the README. Beside them there is only what blocks use in hidden
//! lines.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("src/introduction.md")]
mod introduction {}

#[cfg(doctest)]
#[doc = include_str!("src/getting-started.md")]
mod getting_started {}

#[cfg(doctest)]
#[doc = include_str!("src/three-ways.md")]
mod three_ways {}

#[cfg(doctest)]
#[doc = include_str!("src/async-std.md")]
mod async_std {}

#[cfg(doctest)]
#[doc = include_str!("src/threads.md")]
mod threads {}

#[cfg(doctest)]
#[doc = include_str!("src/client.md")]
mod client {}

#[cfg(doctest)]
#[doc = include_str!("src/http2.md")]
mod http2 {}

#[cfg(doctest)]
#[doc = include_str!("src/operating.md")]
mod operating {}

#[cfg(doctest)]
#[doc = include_str!("src/limits.md")]
mod limits {}

#[cfg(doctest)]
#[doc = include_str!("src/architecture.md")]
mod architecture {}

#[cfg(doctest)]
#[doc = include_str!("src/performance.md")]
mod performance {}

#[cfg(doctest)]
#[doc = include_str!("src/driving.md")]
mod driving {}

#[cfg(doctest)]
#[doc = include_str!("src/protocol.md")]
mod protocol {}

#[cfg(doctest)]
#[doc = include_str!("src/coverage.md")]
mod coverage {}

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The whole answer to a GET, head and body, on a connection of its own.
///
/// # Errors
///
/// When the connection can't be made or breaks.
pub async fn get(address: SocketAddr, target: &str) -> io::Result<String> {
    ask(address, &format!("GET {target}"), "").await
}

/// The whole answer to a POST, head and body, on a connection of its own.
///
/// # Errors
///
/// When the connection can't be made or breaks.
pub async fn post(address: SocketAddr, target: &str, body: &str) -> io::Result<String> {
    ask(address, &format!("POST {target}"), body).await
}

async fn ask(address: SocketAddr, line: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The session that an answer to a handshake opens.
pub fn sid(answer: &str) -> Option<&str> {
    Some(answer.split_once(r#""sid":""#)?.1.split_once('"')?.0)
}

/// Tries a chat in which guests say their name in the query of the handshake, while `chat` runs: one
/// without a name is refused, one with a name is welcomed, and hears what it says.
///
/// # Errors
///
/// When a connection can't be made or breaks.
///
/// # Panics
///
/// When the chat answers something else.
pub async fn try_chat<D: engineio_tokio::Data>(
    server: &engineio_tokio::Server<D>,
    chat: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(server.serve(listener));
    let guests = async {
        let target = "/engine.io/?EIO=4&transport=polling";
        let refused = get(address, target).await?;
        assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
        assert!(refused.ends_with(r#"{"code":4,"message":"who are you?"}"#), "{refused}");
        let mut heard = get(address, &format!("{target}&name=Ada")).await?;
        let target = format!("{target}&sid={}", sid(&heard).expect("a session"));
        // The welcome comes with the handshake, or with the next poll.
        if !heard.contains("4welcome, Ada") {
            heard = get(address, &target).await?;
        }
        assert!(heard.contains("4welcome, Ada"), "{heard}");
        assert!(post(address, &target, "4hello").await?.ends_with("ok"));
        assert!(get(address, &target).await?.ends_with("4Ada: hello"));
        Ok(())
    };
    let tried = tokio::select! {
        tried = guests => tried,
        () = chat => Err(io::Error::other("the chat is over")),
    };
    serving.abort();
    tried
}
