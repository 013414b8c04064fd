//! A chat room: one thread serves a web page and the sessions, another hears of everything that
//! happens, and every message goes to everyone.
//!
//! ```text
//! cargo run -p engineio-sync --example sync-chat
//! ```
//!
//! This file is the web application, `room.rs` in `examples/chat` the chat, with its page beside
//! it.

#[path = "../../examples/chat/room.rs"]
mod room;

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use engineio_sync as engineio;
use engineio_sync::{Config, Server, Transports};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};

use room::Room;

/// A chat room on a web page.
#[derive(Parser)]
struct Options {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Serve polling alone, to see the page without an upgrade.
    #[arg(long)]
    polling_only: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let transports = if options.polling_only { Transports::POLLING } else { Transports::ALL };
    let config = Config::builder()
        .transports(transports)
        .max_payload(16 * 1024) // a line of chat is short
        .build()?;
    let server: Server = Server::builder(config).fallback(page).bind(options.listen)?;
    println!("listening on http://{}", server.local_addr());

    // Everyone gets what was said up to now, and then a goodbye: the events end after that.
    let closing = server.clone();
    ctrlc::set_handler(move || closing.close(PATIENCE))?;

    let mut room = Room::new(server.clone());
    for event in server.events() {
        room.hear(event);
    }
    // The last goodbyes may still be on their way.
    server.close(PATIENCE);
    Ok(())
}

/// How long the guests may take to leave.
const PATIENCE: Duration = Duration::from_secs(3);

/// The files of the page.
fn page(request: Request<Bytes>) -> Response<&'static str> {
    match request.uri().path() {
        "/" => file("text/html", include_str!("../../examples/chat/page.html")),
        "/page.css" => file("text/css", include_str!("../../examples/chat/page.css")),
        "/page.js" => file("text/javascript", include_str!("../../examples/chat/page.js")),
        "/connection.js" => {
            file("text/javascript", include_str!("../../examples/chat/connection.js"))
        }
        "/engine-io.js" => {
            file("text/javascript", include_str!("../../examples/chat/engine-io.js"))
        }
        _ => {
            let mut response = Response::new("");
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}

/// A file of the page, which may load nothing from elsewhere and run no other script.
fn file(content_type: &'static str, content: &'static str) -> Response<&'static str> {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let mut response = Response::new(content);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
