//! The servers under test: how each is built and started.

use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::rows::{Row, Work};

/// One column of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    program: Program,
    arguments: &'static [&'static str],
}

#[derive(Clone, Copy, Debug)]
enum Program {
    /// A package of this workspace, with its binary and the feature that it needs.
    Rust { package: &'static str, binary: &'static str, feature: Option<&'static str> },
    /// A program in `servers/javascript`.
    Node,
    /// A program in `servers/python`.
    Python,
}

const fn rust(
    id: &'static str,
    name: &'static str,
    package: &'static str,
    arguments: &'static [&'static str],
) -> Server {
    Server {
        id,
        name,
        program: Program::Rust { package, binary: package, feature: None },
        arguments,
    }
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

pub(crate) const SERVERS: [Server; 12] = [
    rust("engineioxide", "engineioxide 0.17.9", "server-engineioxide", &[]),
    rust("tokio", "tokio, sockets", "server-tokio", &[]),
    rust("handler-tokio", "tokio, handler", "server-tokio", &["--way", "handler"]),
    rust("events-tokio", "tokio, events", "server-tokio", &["--way", "events"]),
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
    Server {
        id: "node-ws",
        name: "engine.io on ws",
        program: Program::Node,
        arguments: &["--on", "ws"],
    },
    Server {
        id: "node-uws",
        name: "engine.io on uWebSockets",
        program: Program::Node,
        arguments: &["--on", "uws"],
    },
    Server { id: "python", name: "python-engineio", program: Program::Python, arguments: &[] },
];

impl Server {
    /// Whether it has what this needs.
    pub(crate) fn can(&self, row: &Row) -> bool {
        // A thread for each of 10,000 sessions, and an interpreter with as many, measure the machine.
        let is_small = matches!(self.id, "sync" | "python");
        !matches!(row.work, Work::Echo { clients: 10_000, .. }) || !is_small
    }

    /// Starts it on its core.
    pub(crate) fn start(&self, ping_interval: Duration) -> io::Result<Running> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", SERVER_CORE]);
        match self.program {
            Program::Rust { binary, .. } => {
                command.arg(folder.join("target/release").join(binary));
            }
            Program::Node => {
                command.arg("node").arg(folder.join("servers/javascript/server.js"));
            }
            Program::Python => {
                let servers = folder.join("servers/python");
                command.arg(servers.join("venv/bin/python")).arg(servers.join("server.py"));
            }
        }
        command
            .args(self.arguments)
            .arg("--ping-interval")
            .arg(ping_interval.as_millis().to_string());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(output) = &mut child.stdout {
            BufReader::new(output).read_line(&mut line)?;
        }
        let running = Running { child, line };
        running.address()?;
        Ok(running)
    }
}

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    line: String,
}

impl Running {
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        let address = self.line.trim().strip_prefix("listening on ").and_then(|it| it.parse().ok());
        address.ok_or_else(|| io::Error::other(format!("a server said {:?}", self.line)))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds and installs what is needed for these.
pub(crate) fn build(servers: &[Server]) -> io::Result<()> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    for server in servers {
        let mut command = match server.program {
            Program::Rust { package, binary, feature } => {
                let mut cargo = Command::new("cargo");
                cargo.args([
                    "build",
                    "--quiet",
                    "--release",
                    "--locked",
                    "--package",
                    package,
                    "--bin",
                    binary,
                ]);
                cargo.args(feature.map(|feature| format!("--features={feature}")));
                cargo.current_dir(&folder);
                cargo
            }
            Program::Node if folder.join("servers/javascript/node_modules").exists() => continue,
            Program::Node => {
                let mut npm = Command::new("npm");
                npm.args(["ci", "--silent"]).current_dir(folder.join("servers/javascript"));
                npm
            }
            Program::Python if folder.join("servers/python/venv").exists() => continue,
            Program::Python => {
                let mut shell = Command::new("sh");
                shell.args(["-c", PYTHON]);
                shell.current_dir(folder.join("servers/python"));
                shell
            }
        };
        // Its standard output is the table's.
        let status = command.stdout(Stdio::null()).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("{} can't be built: {status}", server.name)));
        }
    }
    Ok(())
}

const SERVER_CORE: &str = "0";

/// The peers of the end-to-end tests pin what is needed.
const PYTHON: &str = "python3 -m venv venv && \
    venv/bin/pip install -q -r ../../../testing/e2e/peers/python/requirements.txt";
