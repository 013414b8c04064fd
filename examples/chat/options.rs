//! The options of the chat, which are the same for all bindings.

use std::net::SocketAddr;

use clap::Parser;

// The binding: its settings are the same for all of them.
use crate::engineio::{ConfigError, ServerConfig, Transports};

/// A chat room on a web page.
#[derive(Parser)]
pub(crate) struct Options {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3000")]
    pub(crate) listen: SocketAddr,
    /// Serve polling alone, to see the page without an upgrade.
    #[arg(long)]
    polling_only: bool,
}

impl Options {
    /// The settings of the server.
    pub(crate) fn config(&self) -> Result<ServerConfig, ConfigError> {
        let transports = if self.polling_only { Transports::POLLING } else { Transports::ALL };
        ServerConfig::builder()
            .transports(transports)
            .max_payload(16 * 1024) // a line of chat is short
            .build()
    }
}
