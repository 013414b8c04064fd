//! The programs of the cluster.

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// What was started. Dropping it ends all at once.
#[derive(Default)]
pub(crate) struct Programs {
    nodes: Vec<Child>,
    others: Vec<Child>,
}

impl Programs {
    /// Starts a Redis that keeps nothing, and returns its URL.
    pub(crate) fn start_redis(&mut self) -> Result<String, Box<dyn Error>> {
        let address = free_address()?;
        let mut redis = Command::new("redis-server");
        redis.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
        redis.args(["--save", "", "--appendonly", "no"]).stdout(Stdio::null());
        let started = redis.spawn().map_err(|error| {
            format!("redis-server doesn't start ({error}): install it, or give a `--redis URL`")
        })?;
        self.others.push(started);
        for _ in 0..100 {
            if TcpStream::connect(address).is_ok() {
                return Ok(format!("redis://{address}"));
            }
            sleep(Duration::from_millis(50));
        }
        Err(format!("redis-server takes no connections on {address}").into())
    }

    /// Starts a node, and returns its tag and address.
    pub(crate) fn start_node(
        &mut self,
        tag: &'static str,
        redis: &str,
    ) -> Result<(&'static str, String), Box<dyn Error>> {
        let mut node = Command::new(env::current_exe()?);
        node.args([
            "node",
            "--tag",
            tag,
            "--redis",
            redis,
            "--listen",
            "127.0.0.1:0",
            "--attached",
        ]);
        let mut node = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let said = node.stdout.take().map(BufReader::new);
        self.nodes.push(node);
        let mut line = String::new();
        said.ok_or("a node has no output")?.read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://");
        Ok((tag, address.ok_or("a node doesn't start")?.to_owned()))
    }

    /// Starts a balancer that knows nothing of sessions.
    pub(crate) fn start_haproxy(
        &mut self,
        listen: SocketAddr,
        nodes: &[(&str, String)],
    ) -> io::Result<()> {
        let mut config = format!(
            "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n\
             frontend clients\n  bind {listen}\n  default_backend nodes\n\
             backend nodes\n  balance roundrobin\n"
        );
        for (tag, address) in nodes {
            config += &format!("  server {tag} {address} check\n");
        }
        let mut haproxy =
            Command::new("haproxy").args(["-f", "/dev/stdin"]).stdin(Stdio::piped()).spawn()?;
        let stdin = haproxy.stdin.take();
        self.others.push(haproxy);
        stdin.map_or(Ok(()), |mut stdin| stdin.write_all(config.as_bytes()))?;
        for _ in 0..100 {
            if TcpStream::connect(listen).is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        Err(io::Error::other(format!("it takes no connections on {listen}")))
    }

    /// Lets the nodes end in order, and then the others.
    pub(crate) fn end(mut self) {
        // A node that is attached ends with its input.
        self.nodes.iter_mut().for_each(|node| drop(node.stdin.take()));
        for node in &mut self.nodes {
            let _ = node.wait();
        }
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        for program in self.nodes.iter_mut().chain(&mut self.others) {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// An address that nobody listens on.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
