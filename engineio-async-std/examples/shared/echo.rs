//! The echo, for either runtime.

use std::error::Error;

use clap::Parser;
use engineio_async_std::{Server, Socket};

use crate::options::Options;
use crate::rt::{TcpListener, spawn};

pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let listener = TcpListener::bind(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let server = Server::new(options.config()?);
    let accepting = server.clone();
    spawn(async move {
        while let Some(socket) = accepting.accept().await {
            spawn(echo(socket));
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
