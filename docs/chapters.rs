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
#[doc = include_str!("src/async-std.md")]
mod async_std {}

#[cfg(doctest)]
#[doc = include_str!("src/threads.md")]
mod threads {}

#[cfg(doctest)]
#[doc = include_str!("src/client.md")]
mod client {}

#[cfg(doctest)]
#[doc = include_str!("src/architecture.md")]
mod architecture {}

#[cfg(doctest)]
#[doc = include_str!("src/driving.md")]
mod driving {}

#[cfg(doctest)]
#[doc = include_str!("src/protocol.md")]
mod protocol {}

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
