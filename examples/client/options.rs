//! The options of the terminal, which are the same for all bindings.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::exit;

use clap::Parser;

// The binding: its settings are the same for all of them.
use crate::engineio::{Client, ClientBuilder};

/// A terminal in the chat room of the example `chat`.
#[derive(Parser)]
pub(crate) struct Options {
    /// The address that the chat printed.
    #[arg(default_value = "http://127.0.0.1:3000")]
    url: String,
    /// The name to be known by.
    #[arg(long, default_value = "terminal")]
    pub(crate) name: String,
    /// Which certificates to trust beside the machine's: a file in PEM, for `https`.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// An HTTP proxy to go through.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl Options {
    /// The client that they ask for.
    pub(crate) fn client(&self) -> io::Result<ClientBuilder> {
        let mut builder = Client::builder(&self.url);
        if let Some(file) = &self.roots {
            builder = builder.root_certificates(std::fs::read(file)?);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy);
        }
        Ok(builder)
    }
}

/// Says why it failed, if it did, and leaves. To return would wait for the line that is being
/// typed.
pub(crate) fn leave(ended: Result<(), Box<dyn Error>>) -> ! {
    if let Err(error) = &ended {
        eprintln!("{error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
    }
    exit(i32::from(ended.is_err()))
}
