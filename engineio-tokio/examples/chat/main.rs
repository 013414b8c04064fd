//! A chat room: axum serves a web page beside an Engine.IO server, and every message goes to
//! everyone.
//!
//! ```text
//! cargo run -p engineio-tokio --example chat
//! ```
//!
//! This file is the web application, `room.rs` the chat: one stream of events behind a login. The
//! page is `page.html`, `page.css` and `page.js`. It has its own client, `engine-io.js`, which
//! `connection.js` keeps connected, so it needs nothing from the internet.

mod room;

use std::error::Error;
use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{Router, get};
use axum::serve::ListenerExt;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use engineio_tokio::{Server, ServerConfig, Transports};
use tokio::net::TcpListener;
use tokio::time::sleep;

use room::Guest;

/// A chat room on a web page.
#[derive(Parser)]
struct Options {
    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Serve polling only, to see the page without an upgrade.
    #[arg(long)]
    polling_only: bool,
    /// Compress messages over WebSockets of at least this many bytes, for clients that offer it.
    #[arg(long, value_name = "BYTES")]
    compress_from: Option<usize>,
}

impl Options {
    /// Ends the program, since it can't listen there.
    fn no_listener(&self, error: &io::Error) -> ! {
        let problem = format!(
            "can't listen on {}: {error}. Choose another address or port with `--listen`; port 0 is \
             any free one",
            self.listen
        );
        Self::command().error(ErrorKind::Io, problem).exit()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let config = ServerConfig::builder()
        .transports(if options.polling_only { Transports::POLLING } else { Transports::ALL })
        .max_payload(16 * 1024) // a line of chat is short
        .websocket_compression(options.compress_from.is_some())
        .websocket_compression_threshold(options.compress_from.unwrap_or(1024))
        .build()?;
    let server: Server<Guest> = Server::builder(config).build();
    tokio::spawn(room::run(server.clone()));

    // The layer takes the requests below /engine.io/ and leaves all others to the routes.
    let app = Router::new()
        .route("/", get(|| file("text/html", include_str!("page.html"))))
        .route("/page.css", get(|| file("text/css", include_str!("page.css"))))
        .route("/page.js", get(|| file("text/javascript", include_str!("page.js"))))
        .route("/connection.js", get(|| file("text/javascript", include_str!("connection.js"))))
        .route("/engine-io.js", get(|| file("text/javascript", include_str!("engine-io.js"))))
        .layer(server.layer());

    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.unwrap_or_else(|error| options.no_listener(&error));
    println!("listening on http://{}", listener.local_addr()?);
    // Messages are written whole, so waiting for more would only delay them.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        ctrl_c().await;
        // Everyone gets the messages sent so far, and then a goodbye.
        server.close(Duration::from_secs(3)).await;
    });
    tokio::select! {
        result = serving.into_future() => result?,
        // An incomplete request doesn't delay the exit.
        () = async { ctrl_c().await; sleep(Duration::from_secs(5)).await } => {}
    }
    Ok(())
}

/// Waits for Ctrl-C.
async fn ctrl_c() {
    let _ = tokio::signal::ctrl_c().await;
}

/// A file of the page. Its policy forbids content from elsewhere and other scripts.
async fn file(content_type: &'static str, content: &'static str) -> impl IntoResponse {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    ([(CONTENT_TYPE, content_type), (CONTENT_SECURITY_POLICY, policy)], content)
}
