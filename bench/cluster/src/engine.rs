//! The buses, each a process of its own on a free port of this machine.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::process::Usage;

/// What carries messages between the nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// There is one node.
    Nothing,
    Nats,
    Redis,
}

/// A running nats-server or redis-server on core 0. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Engine {
    child: Option<Child>,
    pub(crate) url: String,
}

impl Engine {
    pub(crate) fn start(kind: Kind) -> io::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let port = address.port().to_string();
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]);
        let scheme = match kind {
            Kind::Nothing => return Ok(Self { child: None, url: "none".to_owned() }),
            Kind::Nats => {
                command.args(["nats-server", "--addr", "127.0.0.1", "--port", &port]);
                "nats"
            }
            Kind::Redis => {
                let address = ["--bind", "127.0.0.1", "--port", &port];
                command.arg("redis-server").args(address).args(["--save", ""]);
                "redis"
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let engine = Self { child: Some(command.spawn()?), url: format!("{scheme}://{address}") };
        for _ in 0..100 {
            if TcpStream::connect(address).is_ok() {
                return Ok(engine);
            }
            sleep(Duration::from_millis(50));
        }
        Err(io::Error::other(format!("{kind:?} takes no connections: is its server installed?")))
    }

    /// The CPU time that it has used.
    pub(crate) fn usage(&self) -> Usage {
        self.child.as_ref().map_or(Usage(Duration::ZERO), Usage::of)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
