//! Sends every message back unchanged.
//!
//! ```text
//! cargo run -p engineio-tokio --example echo -- --listen 127.0.0.1:3000
//! ```

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use engineio_tokio::{ConfigError, Cors, NodeTag, Server, ServerConfig, Socket};

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
    /// The tag of this process among several.
    #[arg(long, value_name = "TAG")]
    node: Option<NodeTag>,
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
            .node(self.node)
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

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let server = Server::new(options.config()?);
    let serving = server.bind(options.listen).unwrap_or_else(|error| options.no_listener(&error));
    println!("listening on http://{}", serving.local_addr());

    let accepting = server.clone();
    tokio::spawn(async move {
        while let Some(socket) = accepting.accept().await {
            tokio::spawn(echo(socket));
        }
    });
    serving.await?;
    Ok(())
}

async fn echo(mut socket: Socket) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
