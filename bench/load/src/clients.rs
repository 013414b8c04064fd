//! The clients under test, each against the same server.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use crate::LOAD_CORE;
use crate::cost;
use crate::load::Outcome;
use crate::programs::{Program, Running};
use crate::rows::Work;
use crate::servers::SERVERS;
use crate::table::Column;

/// One column of the table of clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    program: Program,
}

const fn futures(
    id: &'static str,
    name: &'static str,
    binary: &'static str,
    feature: &'static str,
) -> Client {
    let program = Program::Rust { package: "client-async-std", binary, feature: Some(feature) };
    Client { id, name, program }
}

pub(crate) const CLIENTS: [Client; 6] = [
    Client {
        id: "client-rust-engineio",
        name: "rust_engineio 0.6.0",
        program: Program::package("client-rust-engineio"),
    },
    Client { id: "client-tokio", name: "tokio", program: Program::package("client-tokio") },
    futures("client-async-std", "async-std", "client-async-std", "async-std"),
    futures("client-smol", "smol", "client-smol", "smol"),
    Client { id: "client-sync", name: "sync", program: Program::package("client-sync") },
    Client {
        id: "client-node",
        name: "engine.io-client 6.6.8",
        program: Program::Node { folder: "clients/javascript", script: "client.js" },
    },
];

impl Client {
    pub(crate) const fn column(&self) -> Column {
        Column { id: self.id, name: self.name }
    }

    /// Builds it, and the server for it.
    pub(crate) fn build(&self) -> io::Result<()> {
        SERVERS
            .iter()
            .filter(|server| server.id == SERVER)
            .try_for_each(|server| server.build())?;
        self.program.build()
    }

    /// What a message costs it, there and back.
    pub(crate) fn run(&self, work: Work, window: Duration) -> io::Result<Outcome> {
        let Work::Client { transport, in_flight } = work else {
            return Err(io::Error::other("no work for a client"));
        };
        let server = SERVERS.iter().find(|server| server.id == SERVER);
        let server = server.ok_or_else(|| io::Error::other("no server for clients"))?;
        let server = server.start(Duration::from_secs(120))?;
        let arguments = [
            format!("http://{}", server.address()),
            format!("--transport={transport}"),
            format!("--sessions={SESSIONS}"),
            format!("--in-flight={in_flight}"),
        ];
        let mut client = self.program.start(LOAD_CORE, &arguments)?;
        let line = client.line()?;
        if line != "running" {
            return Err(io::Error::other(format!("a client said {line:?}")));
        }
        sleep(window / 4);
        let (count, cpu) = (count(&mut client)?, cost::cpu(client.id())?);
        sleep(window);
        let (count, cpu) = (self::count(&mut client)? - count, cost::cpu(client.id())? - cpu);
        Ok(Outcome { value: cost::per(cpu, count)?, p99: None })
    }
}

/// How many messages have come back to a client.
fn count(client: &mut Running) -> io::Result<u64> {
    let line = client.ask()?;
    line.parse().map_err(|_| io::Error::other(format!("a client said {line:?}")))
}

/// The server that all clients have.
const SERVER: &str = "handler-tokio";

/// How many sessions a client opens.
pub(crate) const SESSIONS: usize = 16;
