//! Sends every message back as it came.
//!
//! ```text
//! cargo run -p engineio-tokio --example echo -- --listen 127.0.0.1:3000
//! ```

#[path = "../../examples/echo/options.rs"]
mod options;

use std::error::Error;

use clap::Parser;
use engineio_tokio as engineio;
use engineio_tokio::{Server, Socket};
use tokio::net::TcpListener;

use options::Options;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let listener = TcpListener::bind(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let server = Server::new(options.config()?);
    let accepting = server.clone();
    tokio::spawn(async move {
        while let Some(socket) = accepting.accept().await {
            tokio::spawn(echo(socket));
        }
    });
    server.serve(listener).await?;
    Ok(())
}

async fn echo(mut socket: Socket) {
    while let Some(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}
