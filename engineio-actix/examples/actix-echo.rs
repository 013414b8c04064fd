//! Sends every message back unchanged.
//!
//! ```text
//! cargo run -p engineio-actix --example actix-echo -- --listen 127.0.0.1:3000
//! ```

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::{App, HttpServer};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use engineio_actix::{ConfigError, Cors, EngineIo, Server, ServerConfig, Socket};

/// Sends every Engine.IO message back unchanged. The path is /engine.io/.
#[derive(Parser)]
struct Options {
    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Milliseconds between two pings.
    #[arg(long, value_name = "MS", default_value_t = 25_000)]
    ping_interval: u64,
    /// Milliseconds to wait for the answer to a ping.
    #[arg(long, value_name = "MS", default_value_t = 20_000)]
    ping_timeout: u64,
    /// The longest body and the longest message.
    #[arg(long, value_name = "BYTES", default_value_t = 1_000_000)]
    max_payload: usize,
    /// Allow pages from any origin to connect, not just this server's own.
    #[arg(long)]
    any_origin: bool,
    /// Compress messages over WebSockets of at least this many bytes, for clients that offer it.
    #[arg(long, value_name = "BYTES")]
    compress_from: Option<usize>,
}

impl Options {
    fn config(&self) -> Result<ServerConfig, ConfigError> {
        ServerConfig::builder()
            .ping_interval(Duration::from_millis(self.ping_interval))
            .ping_timeout(Duration::from_millis(self.ping_timeout))
            .max_payload(self.max_payload)
            .websocket_compression(self.compress_from.is_some())
            .websocket_compression_threshold(self.compress_from.unwrap_or(1024))
            .cors(if self.any_origin { Cors::Any } else { Cors::SameOrigin })
            .build()
    }

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

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let server = Server::new(options.config()?);
    let in_front = EngineIo::new(&server);
    let serving = HttpServer::new(move || App::new().wrap(in_front.clone()))
        .h1_allow_half_closed(false)
        .bind(options.listen)
        .unwrap_or_else(|error| options.no_listener(&error));
    for address in serving.addrs() {
        println!("listening on http://{address}");
    }

    actix_web::rt::spawn(async move {
        while let Some(socket) = server.accept().await {
            actix_web::rt::spawn(echo(socket));
        }
    });
    serving.run().await?;
    Ok(())
}

async fn echo(mut socket: Socket) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
