//! The options of the echo, which are the same for all bindings.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

// The binding: its settings are the same for all of them.
use crate::engineio::{ConfigError, Cors, ServerConfig};

/// Sends every Engine.IO message back as it came. The path is /engine.io/.
#[derive(Parser)]
pub(crate) struct Options {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3000")]
    pub(crate) listen: SocketAddr,
    /// Milliseconds between two pings.
    #[arg(long, value_name = "MS", default_value_t = 25_000)]
    ping_interval: u64,
    /// Milliseconds that the answer to a ping may take.
    #[arg(long, value_name = "MS", default_value_t = 20_000)]
    ping_timeout: u64,
    /// The longest body and the longest message.
    #[arg(long, value_name = "BYTES", default_value_t = 1_000_000)]
    max_payload: usize,
    /// Whose pages may connect.
    #[arg(long, value_enum, default_value = "same-origin")]
    cors: Origins,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Origins {
    /// Pages of this server.
    SameOrigin,
    /// All pages.
    Any,
}

impl Options {
    /// The settings of the server.
    pub(crate) fn config(&self) -> Result<ServerConfig, ConfigError> {
        ServerConfig::builder()
            .ping_interval(Duration::from_millis(self.ping_interval))
            .ping_timeout(Duration::from_millis(self.ping_timeout))
            .max_payload(self.max_payload)
            .cors(match self.cors {
                Origins::SameOrigin => Cors::SameOrigin,
                Origins::Any => Cors::Any,
            })
            .build()
    }
}
