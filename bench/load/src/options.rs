use std::path::PathBuf;

use clap::Parser;

use crate::rows::{ROWS, Row};
use crate::servers::{SERVERS, Server};

/// Measures what load costs Engine.IO servers, and prints a table in Markdown.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// How often everything is measured. The table has the medians.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// How long the load of one measurement lasts, where it isn't counted.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) seconds: f64,
    /// Only rows whose id begins with one of these.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// Only servers whose id begins with one of these. The first of them is what the others are
    /// compared with.
    #[arg(long, value_delimiter = ',')]
    servers: Vec<String>,
    /// Writes every single value into this file, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) values: Option<PathBuf>,
    /// Says what rows and servers there are.
    #[arg(long)]
    pub(crate) list: bool,
}

impl Options {
    pub(crate) fn rows(&self) -> Vec<Row> {
        ROWS.into_iter().filter(|row| is_chosen(&self.rows, row.id)).collect()
    }

    pub(crate) fn servers(&self) -> Vec<Server> {
        SERVERS.into_iter().filter(|server| is_chosen(&self.servers, server.id)).collect()
    }
}

fn is_chosen(chosen: &[String], id: &str) -> bool {
    chosen.is_empty() || chosen.iter().any(|prefix| id.starts_with(prefix))
}
