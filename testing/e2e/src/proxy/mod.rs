//! A proxy in front of a server, with a snippet of the guide.

mod software;

pub use software::Software;

use crate::LIMIT;
use crate::packages::e2e_folder;
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::time::Duration;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::thread;

/// A snippet of the guide's chapter about proxies.
#[derive(Clone, Debug)]
pub struct Snippet {
    software: Software,
    text: String,
}

impl Snippet {
    /// The one for a single server.
    #[must_use]
    pub fn for_one(software: Software) -> Self {
        Self::read(software, software.for_one())
    }

    /// The one for several nodes with the tags `a`, `b` and `c`.
    #[must_use]
    pub fn for_nodes(software: Software) -> Self {
        Self::read(software, software.for_nodes())
    }

    fn read(software: Software, file: &str) -> Self {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/proxies"));
        let text = fs::read_to_string(folder.join(file));
        Self { software, text: text.unwrap_or_else(|error| panic!("{file}: {error}")) }
    }

    /// Writes `new` wherever it says `old`.
    ///
    /// # Panics
    ///
    /// If it doesn't say that.
    #[must_use]
    pub fn with(mut self, old: &str, new: &str) -> Self {
        assert!(self.text.contains(old), "no {old:?} in the snippet for {:?}", self.software);
        self.text = self.text.replace(old, new);
        self
    }

    /// Leaves out the lines that say `what`.
    ///
    /// # Panics
    ///
    /// If none does.
    #[must_use]
    pub fn without(mut self, what: &str) -> Self {
        let (out, kept): (Vec<_>, Vec<_>) =
            self.text.split_inclusive('\n').partition(|line| line.contains(what));
        assert!(!out.is_empty(), "no {what:?} in the snippet for {:?}", self.software);
        self.text = kept.concat();
        self
    }

    /// Starts the proxy in front of servers of these authorities: of one, or of a node for each tag.
    /// Its ports and certificate are those of this test; everything else is as in the snippet.
    #[must_use]
    pub fn start(self, servers: &[&str]) -> Proxy {
        Proxy::start(self, servers)
    }
}

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Proxy {
    fn start(snippet: Snippet, servers: &[&str]) -> Self {
        let software = snippet.software;
        let port = free_port();
        let places = software.places(port);
        let snippet = places.iter().fold(snippet, |it, (public, here)| it.with(public, here));
        let first = if servers.len() == 1 { 3000 } else { 3001 };
        let snippet = (first..)
            .zip(servers)
            .fold(snippet, |it, (port, server)| it.with(&format!("127.0.0.1:{port}"), server));

        let folder = fresh_folder();
        fs::write(folder.join("site"), snippet.text).expect("a file for the snippet");
        let said = File::create(folder.join("said")).expect("a file for what it says");
        let child = software
            .command(&folder, port)
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("the same file"))
            .stderr(said)
            .spawn()
            .unwrap_or_else(|error| panic!("{software:?} doesn't run: {error}"));
        let mut proxy = Self { child, port, folder };
        proxy.wait();
        proxy
    }

    /// Host and port for clients.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What a client connects to, with [`Certificate::of_these_tests`](crate::Certificate).
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.authority())
    }

    /// Waits until it listens.
    fn wait(&mut self) {
        for _ in 0..LIMIT.as_millis() / PAUSE.as_millis() {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            let ended = self.child.try_wait().expect("its status");
            assert!(ended.is_none(), "the proxy has ended: {ended:?}");
            thread::sleep(PAUSE);
        }
        panic!("the proxy doesn't listen");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let said = fs::read_to_string(self.folder.join("said")).unwrap_or_default();
            eprintln!("the proxy of {} said: {said}", self.folder.display());
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Between two looks whether it listens.
const PAUSE: Duration = Duration::from_millis(20);

/// A free port, for a program that has to be told one. It is none that systems give to those who don't
/// ask for one, so nobody else gets it meanwhile.
///
/// # Panics
///
/// If all are taken.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Test processes that run beside each other begin at different ones.
    let begin = process::id() as usize * 97;
    let mut ports = (0..PORTS.len()).map(|_| {
        let place = (begin + NEXT.fetch_add(1, Relaxed)) % PORTS.len();
        PORTS.start + u16::try_from(place).expect("a port")
    });
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

const PORTS: Range<u16> = 20_000..30_000;

/// A folder of its own for a proxy, below `target/e2e`.
fn fresh_folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("{}-{}", process::id(), COUNT.fetch_add(1, Relaxed));
    let folder = e2e_folder().join("proxies").join(name);
    fs::create_dir_all(&folder).expect("a folder for the proxy");
    folder
}
