//! Puts Engine.IO servers under load, one after the other, and prints what it costs them. Then the
//! same for clients.
//!
//! ```text
//!   load ── core 1 ── sockets ── core 0 ── a server, alone in a process
//!     │                                        │
//!     └── messages, sessions, pings            └── CPU time and memory, as the kernel counts them
//! ```
//!
//! A server's cost is what its process used of the CPU while the load ran, divided by the operations
//! that were completed. It says little about latency, and a lot about how many clients a machine carries.

mod clients;
mod cost;
mod load;
mod options;
mod pictures;
mod programs;
mod rows;
mod servers;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};

use clap::Parser as _;
use indicatif::{ProgressBar, ProgressStyle};

use clients::Client;
use load::Outcome;
use options::Options;
use rows::Row;
use servers::Server;
use table::Table;

fn main() -> io::Result<()> {
    let options = Options::parse();
    let (servers, clients) = (options.servers(), options.clients());
    let (of_clients, of_servers): (Vec<_>, Vec<_>) =
        options.rows().into_iter().partition(|row| row.work.is_clients());
    let (growth, of_servers): (Vec<_>, Vec<_>) =
        of_servers.into_iter().partition(|row| row.point.is_some());
    let drawn: Vec<_> = servers.iter().filter(|server| pictures::has(server.id)).copied().collect();
    if options.list {
        let rows = of_servers.iter().chain(&growth).chain(&of_clients);
        rows.for_each(|row| println!("{:<26} {}", row.id, row.name));
        servers.iter().for_each(|server| println!("{:<26} {}", server.id, server.name));
        clients.iter().for_each(|client| println!("{:<26} {}", client.id, client.name));
        return Ok(());
    }
    rlimit::increase_nofile_limit(u64::MAX)?;
    let needed = if of_servers.is_empty() { &drawn } else { &servers };
    if !(of_servers.is_empty() && growth.is_empty()) {
        needed.iter().try_for_each(|server| server.build())?;
    }
    if !of_clients.is_empty() {
        clients.iter().try_for_each(|client| client.build())?;
    }
    cost::pin_to(LOAD_CORE)?;
    let of_server = |row: &Row, server: &Server| load::run(row.work, server, options.window());
    let of_client = |row: &Row, client: &Client| client.run(row.work, options.window());
    let measured = [
        Table {
            head: "CPU of the server, µs an operation",
            outcomes: measure(&options, &of_servers, &servers, of_server)?,
            rows: of_servers,
            columns: servers.iter().map(Server::column).collect(),
        },
        Table {
            head: "CPU of the server, µs a message there and back",
            outcomes: measure(&options, &growth, &drawn, of_server)?,
            rows: growth,
            columns: drawn.iter().map(Server::column).collect(),
        },
        Table {
            head: "CPU of the client, µs a message there and back",
            outcomes: measure(&options, &of_clients, &clients, of_client)?,
            rows: of_clients,
            columns: clients.iter().map(Client::column).collect(),
        },
    ];
    let mut out = io::stdout().lock();
    let mut values = String::from("row\tcolumn\tround\tvalue\tp99 in ms\n");
    for table in measured.iter().filter(|table| !table.outcomes.is_empty()) {
        writeln!(out, "{table}")?;
        values += &table.values();
        if let Some(folder) = &options.pictures {
            pictures::draw(folder, table)?;
        }
    }
    if let Some(path) = &options.values {
        fs::write(path, values)?;
    }
    Ok(())
}

/// Measures all rows with all subjects, in all rounds.
fn measure<S>(
    options: &Options,
    rows: &[Row],
    subjects: &[S],
    run: impl Fn(&Row, &S) -> io::Result<Outcome>,
) -> io::Result<BTreeMap<(usize, usize), Vec<Outcome>>> {
    let progress = ProgressBar::new((options.rounds * rows.len() * subjects.len()) as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}<{eta} {msg}");
    progress.set_style(style.map_err(io::Error::other)?);
    let mut outcomes: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for round in 0..options.rounds {
        for (row_at, row) in rows.iter().enumerate() {
            progress.set_message(row.id);
            // Each round begins with another subject, so that none always follows the same one.
            for turn in 0..subjects.len() {
                let at = (turn + round) % subjects.len();
                let Some(subject) = subjects.get(at) else { continue };
                match run(row, subject) {
                    Ok(outcome) => outcomes.entry((row_at, at)).or_default().push(outcome),
                    Err(error) => {
                        progress.suspend(|| eprintln!("{}, column {at}: {error}", row.id));
                    }
                }
                progress.inc(1);
            }
        }
    }
    progress.finish_and_clear();
    Ok(outcomes)
}

/// The core of what has the measured server or serves the measured client.
const SERVER_CORE: usize = 0;

/// The core of all clients.
const LOAD_CORE: usize = 1;
