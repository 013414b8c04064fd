use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::{self, JoinHandle};

/// Names a running echo server, for example `http://127.0.0.1:3000`, instead of the one that the
/// tests start.
const URL: &str = "ENGINEIO_E2E_URL";

/// What a test wishes of its server.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Milliseconds between heartbeats.
    pub ping_interval: u32,
    /// Milliseconds that the answer to a heartbeat may take.
    pub ping_timeout: u32,
    /// Bytes.
    pub max_payload: u32,
}

impl Options {
    /// The numbers of the official conformance suites: for the cases that look at them.
    pub const SUITE: Self = Self { ping_interval: 300, ping_timeout: 200, max_payload: 1_000_000 };

    /// The same without a heartbeat during a test: for the cases about everything else. On loaded
    /// cores half a second of patience would only measure the machine.
    pub const PATIENT: Self = Self { ping_interval: 60_000, ping_timeout: 60_000, ..Self::SUITE };
}

/// A running Engine.IO server that sends every message back. Dropping it ends it, and fails the
/// test if the server panicked or had ended before.
#[derive(Debug)]
pub struct Server {
    authority: String,
    process: Option<Process>,
}

impl Server {
    /// A server for tests that any echo server passes: `options` are what it is started with, a
    /// server that runs already is taken as it is.
    #[must_use]
    pub fn echo(options: Options) -> Self {
        match env::var(URL) {
            Ok(url) => {
                let authority =
                    url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/').to_owned());
                Self {
                    authority: authority
                        .unwrap_or_else(|| panic!("{URL} is no http:// URL: {url}")),
                    process: None,
                }
            }
            Err(_) => Self::start(options),
        }
    }

    /// A server for tests that mean nothing without these options. `None`, and a line that says so,
    /// where the suite is pointed at a server that runs already.
    #[must_use]
    pub fn own(options: Options) -> Option<Self> {
        if env::var_os(URL).is_some() {
            let test = thread::current().name().unwrap_or("a test").to_owned();
            println!("{test}: skipped, it needs a server of its own and {URL} is set");
            return None;
        }
        Some(Self::start(options))
    }

    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What a client connects to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    fn start(options: Options) -> Self {
        let mut child = Command::new(echo_example())
            .args(["--listen", "127.0.0.1:0", "--cors", "any"])
            .args(["--ping-interval", &options.ping_interval.to_string()])
            .args(["--ping-timeout", &options.ping_timeout.to_string()])
            .args(["--max-payload", &options.max_payload.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the echo example starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut stderr = child.stderr.take().expect("its errors");
        // both pipes are read to their ends: a full one would stop the server
        let errors = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut line = String::new();
        let _ = stdout.read_line(&mut line);
        thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let mut process = Process { child, errors: Some(errors) };
        match line.trim().strip_prefix("listening on http://") {
            Some(authority) => Self { authority: authority.to_owned(), process: Some(process) },
            None => {
                panic!("the echo example said {line:?} instead of its address: {}", process.end())
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let ended = process.child.try_wait().ok().flatten();
        let errors = process.end();
        if thread::panicking() {
            eprintln!("the server's errors: {errors}");
            return;
        }
        assert!(ended.is_none(), "the server ended during the test ({ended:?}): {errors}");
        assert!(!errors.contains("panicked at"), "the server panicked: {errors}");
    }
}

#[derive(Debug)]
struct Process {
    child: Child,
    errors: Option<JoinHandle<String>>,
}

impl Process {
    /// Ends it, if it runs, and gives what it wrote to its standard error.
    fn end(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.errors.take().and_then(|reader| reader.join().ok()).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The echo example's executable. `cargo test --workspace` has built it beside the tests; a test of
/// this crate alone has it built here.
fn echo_example() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let folder = profile_folder();
        let path = folder.join("examples").join(format!("echo{}", env::consts::EXE_SUFFIX));
        if !path.exists() {
            // the profile's name is not the folder's for one of them
            let profile = match folder.file_name().and_then(|name| name.to_str()) {
                Some("debug") | None => "dev",
                Some(name) => name,
            };
            let built = Command::new(env!("CARGO"))
                .args([
                    "build",
                    "--quiet",
                    "-p",
                    "engineio-tokio",
                    "--example",
                    "echo",
                    "--profile",
                    profile,
                ])
                .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
                .status()
                .expect("cargo runs");
            assert!(
                built.success() && path.exists(),
                "no echo example at {}: {built}",
                path.display()
            );
        }
        path
    })
}

/// `target/<profile>`, where this test runs from.
pub(crate) fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    test.ancestors().nth(2).expect("a test in target/<profile>/deps").to_owned()
}
