use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::clients::{CLIENTS, Client};
use crate::rows::{ROWS, Row};
use crate::servers::{SERVERS, Server};

/// Measures what load costs Engine.IO servers and clients, and prints tables in Markdown.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// How often everything is measured. The table has the medians.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// How long the load of one measurement lasts, where it isn't counted.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Only rows whose id begins with one of these; otherwise all, those of
    /// `growth` with `--pictures` only.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// Only servers and clients whose id begins with one of these; otherwise all but those of
    /// `even-`. The first of them is what the others are compared with.
    #[arg(long, value_delimiter = ',')]
    servers: Vec<String>,
    /// Writes every single value into this file, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) values: Option<PathBuf>,
    /// Draws how costs grow, into this folder, from the rows of `growth`.
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,
    /// Says what rows, servers and clients there are.
    #[arg(long)]
    pub(crate) list: bool,
}

impl Options {
    pub(crate) fn rows(&self) -> Vec<Row> {
        let has_growth = self.pictures.is_some() || !self.rows.is_empty();
        let rows = ROWS.into_iter().filter(|row| has_growth || row.point.is_none());
        rows.filter(|row| is_chosen(&self.rows, row.id)).collect()
    }

    pub(crate) fn servers(&self) -> Vec<Server> {
        let has_even = !self.servers.is_empty();
        let servers = SERVERS.into_iter().filter(|server| has_even || !server.is_even());
        servers.filter(|server| is_chosen(&self.servers, server.id)).collect()
    }

    pub(crate) fn clients(&self) -> Vec<Client> {
        CLIENTS.into_iter().filter(|client| is_chosen(&self.servers, client.id)).collect()
    }

    /// How long the load of one measurement lasts.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

fn is_chosen(chosen: &[String], id: &str) -> bool {
    chosen.is_empty() || chosen.iter().any(|prefix| id.starts_with(prefix))
}
