//! What the chats share: their options, their page, and their messages.

use std::io;
use std::net::SocketAddr;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use engineio_proto::server::Refusal;
use engineio_proto::{ConfigError, Message, ServerConfig, Transports};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

/// A chat room on a web page.
#[derive(Debug, Parser)]
pub struct Options {
    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Serve polling only, to see the page without an upgrade.
    #[arg(long)]
    pub polling_only: bool,
    /// Compress messages over WebSockets of at least this many bytes, for clients that offer it.
    #[arg(long, value_name = "BYTES")]
    pub compress_from: Option<usize>,
}

impl Options {
    /// The settings of the server.
    ///
    /// # Errors
    ///
    /// Never, as these settings are consistent.
    pub fn config(&self) -> Result<ServerConfig, ConfigError> {
        ServerConfig::builder()
            .transports(if self.polling_only { Transports::POLLING } else { Transports::ALL })
            .max_payload(16 * 1024) // a line of chat is short
            .websocket_compression(self.compress_from.is_some())
            .websocket_compression_threshold(self.compress_from.unwrap_or(1024))
            .build()
    }

    /// Ends the program, since it can't listen there.
    pub fn no_listener(&self, error: &io::Error) -> ! {
        let problem = format!(
            "can't listen on {}: {error}. Choose another address or port with `--listen`; port 0 is \
             any free one",
            self.listen
        );
        Self::command().error(ErrorKind::Io, problem).exit()
    }
}

/// Admits everyone who gives a name, `/engine.io/?name=Ada`, and returns that name.
///
/// # Errors
///
/// The refusal of a client without a name.
pub fn name(query: Option<&str>) -> Result<String, Refusal> {
    query.and_then(valid_name).ok_or_else(|| Refusal::json(401, "who are you?"))
}

/// The name in a peer's text, if there is one.
fn valid_name(text: &str) -> Option<String> {
    Some(shortened(text, 40)).filter(|name| !name.is_empty())
}

/// A message from the page: `{"kind":"say","text":"Hello"}`.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum FromPage {
    /// To everyone.
    Say {
        /// The text.
        text: String,
    },
    /// The guest changes their name.
    Rename {
        /// The new name.
        name: String,
    },
}

impl FromPage {
    /// Parses a message, and shortens its text: the page has the same limits, but a peer need not
    /// be the page. `None`: it isn't.
    pub fn read(message: &Message) -> Option<Self> {
        Some(match message.to_json().ok()? {
            Self::Say { text } => Self::Say { text: shortened(&text, 2000) },
            Self::Rename { name } => Self::Rename { name: valid_name(&name)? },
        })
    }
}

/// A message to the page: `{"kind":"say","id":1,"name":"Ada","text":"Hello"}`.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(missing_docs, reason = "it is what the page shows")]
#[non_exhaustive]
pub enum ToPage<'a> {
    /// Tells a guest which messages are its own.
    Welcome {
        id: u64,
    },
    Join {
        name: &'a str,
        here: usize,
    },
    Rename {
        was: &'a str,
        name: &'a str,
    },
    Say {
        id: u64,
        name: &'a str,
        text: &'a str,
    },
    Leave {
        name: &'a str,
        here: usize,
    },
}

/// So `try_send` and `broadcast` take it directly.
impl From<ToPage<'_>> for Message {
    fn from(news: ToPage<'_>) -> Self {
        Self::json(&news).expect("numbers and text are always JSON")
    }
}

/// The page's file at the request's path.
pub fn page<B>(request: Request<B>) -> Response<&'static str> {
    match request.uri().path() {
        "/" => file("text/html", include_str!("../../engineio-tokio/examples/chat/page.html")),
        "/page.css" => {
            file("text/css", include_str!("../../engineio-tokio/examples/chat/page.css"))
        }
        "/page.js" => {
            file("text/javascript", include_str!("../../engineio-tokio/examples/chat/page.js"))
        }
        "/connection.js" => file(
            "text/javascript",
            include_str!("../../engineio-tokio/examples/chat/connection.js"),
        ),
        "/engine-io.js" => {
            file("text/javascript", include_str!("../../engineio-tokio/examples/chat/engine-io.js"))
        }
        _ => {
            let mut response = Response::new("");
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}

/// A file of the page. Its policy forbids content from elsewhere and other scripts.
fn file(content_type: &'static str, content: &'static str) -> Response<&'static str> {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let mut response = Response::new(content);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn shortened(text: &str, limit: usize) -> String {
    text.trim().chars().take(limit).collect()
}
