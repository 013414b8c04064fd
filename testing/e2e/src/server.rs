use crate::binding::Binding;
use crate::example::Example;
use std::{env, thread};

/// The variable for the URL of a running echo server, for example `http://127.0.0.1:3000`, instead
/// of the one that the tests start.
const URL: &str = "ENGINEIO_E2E_URL";

/// The options of a test's server.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Milliseconds between heartbeats.
    pub ping_interval: u32,
    /// Milliseconds to wait for the answer to a heartbeat.
    pub ping_timeout: u32,
    /// The longest body and message, in bytes.
    pub max_payload: u32,
    /// Whether messages over WebSockets are compressed, however short.
    pub compress: bool,
}

impl Options {
    /// The numbers of the official conformance suites, for the cases that check them.
    pub const SUITE: Self =
        Self { ping_interval: 300, ping_timeout: 200, max_payload: 1_000_000, compress: false };

    /// The same without a heartbeat during a test, for all other cases. On loaded cores half a
    /// second of patience would only measure the machine.
    pub const PATIENT: Self = Self { ping_interval: 60_000, ping_timeout: 60_000, ..Self::SUITE };
}

/// A running Engine.IO server that sends every message back. Dropping it ends it, and fails the
/// test if the server panicked or had ended before.
#[derive(Debug)]
pub struct Server {
    authority: String,
    example: Option<Example>,
}

impl Server {
    /// A server for tests that any echo server passes. It starts with `options`; a running server
    /// is used as it is.
    #[must_use]
    pub fn echo(binding: Binding, options: Options) -> Self {
        match env::var(URL) {
            Ok(url) => {
                let authority =
                    url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/').to_owned());
                Self {
                    authority: authority
                        .unwrap_or_else(|| panic!("{URL} is no http:// URL: {url}")),
                    example: None,
                }
            }
            Err(_) => Self::start(binding, options),
        }
    }

    /// A server for tests that need these options. `None`, with a printed line, if the suite is
    /// pointed at a running server.
    #[must_use]
    pub fn own(binding: Binding, options: Options) -> Option<Self> {
        needs_own_server().then(|| Self::start(binding, options))
    }

    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The URL for a client.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// The number of its process, if it is one that this started.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.example.as_ref().map(Example::process_id)
    }

    /// Stops its process: it reads, answers and sends nothing, and ends no connection.
    ///
    /// # Panics
    ///
    /// If the test didn't start the server.
    pub fn pause(&self) {
        self.example.as_ref().expect("a server of its own").pause();
    }

    fn start(binding: Binding, options: Options) -> Self {
        let [ping_interval, ping_timeout, max_payload] =
            [options.ping_interval, options.ping_timeout, options.max_payload]
                .map(|number| number.to_string());
        let mut arguments = vec![
            "--listen",
            "127.0.0.1:0",
            "--any-origin",
            "--ping-interval",
            &ping_interval,
            "--ping-timeout",
            &ping_timeout,
            "--max-payload",
            &max_payload,
        ];
        if binding == Binding::ClusterPerRequest {
            arguments.push("--per-request");
        }
        if options.compress {
            arguments.extend(["--compress-from", "0"]);
        }
        let example = Example::start(binding, "echo", &arguments);
        Self { authority: example.authority().to_owned(), example: Some(example) }
    }
}

/// False, with a printed line, if the suite is pointed at a running server.
pub(crate) fn needs_own_server() -> bool {
    let is_given = env::var_os(URL).is_some();
    if is_given {
        let test = thread::current().name().unwrap_or("a test").to_owned();
        println!("{test}: skipped, it needs a server of its own and {URL} is set");
    }
    !is_given
}
