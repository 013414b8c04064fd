//! Puts Engine.IO servers under load, one after the other, and prints what it costs them.
//!
//! ```text
//!   load ── core 1 ── sockets ── core 0 ── a server, alone in a process
//!     │                                        │
//!     └── messages, sessions, pings            └── CPU time and memory, as the kernel counts them
//! ```
//!
//! A server's cost is what its process used of the CPU while the load ran, divided by the operations
//! that were completed. It says little about latency, and a lot about how many clients a machine carries.

mod cost;
mod load;
mod options;
mod rows;
mod servers;
mod table;

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use clap::Parser as _;
use indicatif::{ProgressBar, ProgressStyle};

use load::Outcome;
use options::Options;
use table::Table;

fn main() -> io::Result<()> {
    let options = Options::parse();
    let rows = options.rows();
    let servers = options.servers();
    if options.list {
        rows.iter().for_each(|row| println!("{:<22} {}", row.id, row.name));
        servers.iter().for_each(|server| println!("{:<22} {}", server.id, server.name));
        return Ok(());
    }
    rlimit::increase_nofile_limit(u64::MAX)?;
    servers::build(&servers)?;
    cost::pin_to(LOAD_CORE)?;
    let progress = ProgressBar::new((options.rounds * rows.len() * servers.len()) as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}<{eta} {msg}");
    progress.set_style(style.map_err(io::Error::other)?);
    let mut outcomes: BTreeMap<(usize, usize), Vec<Outcome>> = BTreeMap::new();
    for round in 0..options.rounds {
        for (row_at, row) in rows.iter().enumerate() {
            // Each round begins with another server, so that none always follows the same one.
            for turn in 0..servers.len() {
                let server_at = (turn + round) % servers.len();
                let Some(server) = servers.get(server_at) else { continue };
                progress.set_message(format!("{}, {}", row.id, server.id));
                if server.can(row) {
                    match load::run(row, server, options.seconds) {
                        Ok(outcome) => {
                            outcomes.entry((row_at, server_at)).or_default().push(outcome);
                        }
                        Err(error) => progress.suspend(|| eprintln!("{error}")),
                    }
                }
                progress.inc(1);
            }
        }
    }
    progress.finish_and_clear();
    let table = Table::new(&rows, &servers, outcomes);
    let mut out = io::stdout().lock();
    write!(out, "{table}")?;
    if let Some(path) = &options.values {
        std::fs::write(path, table.values())?;
    }
    Ok(())
}

/// Servers run on the core before it.
const LOAD_CORE: usize = 1;
