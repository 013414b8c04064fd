//! The servers under test.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::SERVER_CORE;
use crate::programs::{self, Program};
use crate::table::Column;

/// One column of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    program: Program,
    arguments: &'static [&'static str],
}

const fn rust(
    id: &'static str,
    name: &'static str,
    package: &'static str,
    arguments: &'static [&'static str],
) -> Server {
    Server { id, name, program: Program::package(package), arguments }
}

const fn futures(
    id: &'static str,
    name: &'static str,
    binary: &'static str,
    feature: &'static str,
) -> Server {
    let program = Program::Rust { package: "server-async-std", binary, feature: Some(feature) };
    Server { id, name, program, arguments: &["--way", "handler"] }
}

pub(crate) const SERVERS: [Server; 16] = [
    rust("engineioxide", "engineioxide 0.17.9", "server-engineioxide", &[]),
    rust("floor", "floor", "server-floor", &[]),
    rust("tokio", "tokio, sockets", "server-tokio", &[]),
    rust("handler-tokio", "tokio, handler", "server-tokio", &["--way", "handler"]),
    rust("events-tokio", "tokio, events", "server-tokio", &["--way", "events"]),
    rust("even-engineioxide", "engineioxide, even turns", "server-engineioxide", &["--even-turns"]),
    rust(
        "even-tokio",
        "tokio, handler, even turns",
        "server-tokio",
        &["--even-turns", "--way", "handler"],
    ),
    rust("even-sockets", "tokio, sockets, even turns", "server-tokio", &["--even-turns"]),
    rust(
        "driver-sync",
        "sync, driver and handler",
        "server-sync",
        &["--one-thread", "--way", "handler"],
    ),
    rust("handler-sync", "sync, handler", "server-sync", &["--way", "handler"]),
    rust("sync", "sync, sockets", "server-sync", &[]),
    futures("async-std", "async-std, handler", "server-async-std", "async-std"),
    futures("smol", "smol, handler", "server-smol", "smol"),
    Server { id: "node-ws", name: "engine.io on ws", program: NODE, arguments: &["--on", "ws"] },
    Server {
        id: "node-uws",
        name: "engine.io on uWebSockets",
        program: NODE,
        arguments: &["--on", "uws"],
    },
    Server { id: "python", name: "python-engineio", program: PYTHON, arguments: &[] },
];

const NODE: Program = Program::Node { folder: "servers/javascript", script: "server.js" };
const PYTHON: Program = Program::Python { folder: "servers/python", script: "server.py" };

impl Server {
    pub(crate) const fn column(&self) -> Column {
        Column { id: self.id, name: self.name }
    }

    /// Whether its runtime gives all tasks even turns, which costs more.
    pub(crate) fn is_even(&self) -> bool {
        self.id.starts_with("even-")
    }

    pub(crate) fn build(&self) -> io::Result<()> {
        self.program.build()
    }

    /// Starts it on its core.
    pub(crate) fn start(&self, ping_interval: Duration) -> io::Result<Running> {
        let mut arguments: Vec<_> = self.arguments.iter().map(ToString::to_string).collect();
        arguments.push("--ping-interval".into());
        arguments.push(ping_interval.as_millis().to_string());
        let mut program = self.program.start(SERVER_CORE, &arguments)?;
        let line = program.line()?;
        let address = line.strip_prefix("listening on ").and_then(|it| it.parse().ok());
        let address = address.ok_or_else(|| io::Error::other(format!("a server said {line:?}")))?;
        Ok(Running { program, address })
    }
}

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    program: programs::Running,
    address: SocketAddr,
}

impl Running {
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }
}
