//! Servers for a client under test, each in its own process: the official ones, python-engineio's,
//! and one that misbehaves.

use crate::javascript::npm_ci;
use crate::packages::{self, Packages};
use crate::programs::require;
use crate::{Certificate, Script, python};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::OnceLock;

const JAVASCRIPT: Packages = Packages {
    name: "servers/javascript",
    manifests: &["package.json", "package-lock.json", ".npmrc"],
    install: |_| vec![npm_ci()],
};

/// A foreign server. Dropping it ends it at once, without a goodbye to its clients.
///
/// Its spec has these fields:
///
/// | field | what |
/// |---|---|
/// | `server` | `engine.io-6`, `engine.io-3`, `python-engineio` or `hostile` |
/// | `behaviour` | what it does with a session: `echo` (as without it), `burst`, `close_after`, `close_at_once` or `count`; for `hostile` what it does wrong, see `hostile.js` |
/// | `options` | what the package is given, by the names of npm's `engine.io`: python-engineio takes `pingInterval`, `pingTimeout`, `maxHttpBufferSize`, `transports`, `allowUpgrades`, `cookie` and `path` |
/// | `refuse` | `{"message": ".."}`: every handshake is refused by the application |
/// | `port` | where an official server listens; a free port without it |
/// | `requests` | `true`: there is a line for each request |
/// | `count` | how many messages a `burst` has |
/// | `status`, `message` | the answer of `hostile` with the behaviour `status` |
///
/// It reports what happens, one line of JSON for each event:
///
/// | line | when |
/// |---|---|
/// | `{"event": "open", "sid", "transport", "query": {..}, "headers": {..}}` | a session began. Of the headers it shows `cookie`, `authorization` and `x-test` |
/// | `{"event": "upgrade", "sid"}` | a session has moved to its WebSocket |
/// | `{"event": "close", "sid", "reason"}` | a session ended, for a reason in the package's words |
/// | `{"event": "request", "method", "url", "query", "headers"}` | a request came; `hostile` shows `transport` in the place of the last two, and always |
/// | `{"event": "gone", "sent"}` | a connection with `hostile` ended, and so many bytes had left for it |
#[derive(Debug)]
pub struct Remote {
    script: Script,
    is_tls: bool,
    authority: String,
}

impl Remote {
    /// Starts the server of `spec` and waits until it listens.
    pub async fn start(spec: Value) -> Self {
        let mut script = match spec["server"].as_str() {
            Some("python-engineio") => {
                python::start(&packages::script("servers/python", "server.py"), &spec)
            }
            Some("hostile") => node("hostile.js", &spec),
            Some(_) => node("server.js", &spec),
            None => panic!("no server in {spec}"),
        };
        let port = script.hear().await["port"].as_u64().expect("a port");
        let is_tls = !spec["tls"].is_null();
        Self { script, is_tls, authority: format!("127.0.0.1:{port}") }
    }

    /// The same over TLS, with [`Certificate::of_these_tests`]. `hostile` has no TLS.
    pub async fn start_tls(mut spec: Value) -> Self {
        let certificate = Certificate::of_these_tests();
        spec["tls"] = json!({ "certificate": certificate.file(), "key": certificate.key_file() });
        Self::start(spec).await
    }

    /// Host and port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What a client connects to, with the scheme `http` or `https`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.is_tls { "https" } else { "http" }, self.authority)
    }

    /// The same with the scheme `ws` or `wss`.
    #[must_use]
    pub fn websocket_url(&self) -> String {
        format!("{}://{}", if self.is_tls { "wss" } else { "ws" }, self.authority)
    }

    /// Waits for the next line of this name, and returns it. Other lines are skipped.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            let said = self.script.hear().await;
            if said["event"] == name {
                return said;
            }
        }
    }

    /// Stops its process: it reads, answers and sends nothing, and ends no connection.
    pub fn pause(&self) {
        self.script.pause();
    }

    /// Resumes a paused process.
    pub fn resume(&self) {
        self.script.resume();
    }

    /// Makes it close its sessions and end, and returns the lines that weren't read yet.
    pub async fn stop(self) -> Vec<Value> {
        self.script.stop().await
    }
}

fn node(script: &str, spec: &Value) -> Script {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    let modules = MODULES.get_or_init(|| {
        require("node");
        JAVASCRIPT.installed().join("node_modules")
    });
    Script::start("node", &JAVASCRIPT.script(script), spec, &[("NODE_PATH", modules.as_ref())])
}

/// Makes tests of functions that take a server's name in a spec and its revision, one test for each
/// function and each of the servers in the brackets: `another_path_is_refused::engine_io_3`.
///
/// ```text
/// with_servers! {
///     [engine_io_6 engine_io_3 python_engineio]
///     another_path_is_refused
/// }
///
/// async fn another_path_is_refused(server: &str, revision: Revision) { .. }
/// ```
#[macro_export]
macro_rules! with_servers {
    (@ engine_io_6) => {
        $crate::with_servers!(@ engine_io_6 "engine.io-6" V4 needs node);
    };
    (@ engine_io_3) => {
        $crate::with_servers!(@ engine_io_3 "engine.io-3" V3 needs node);
    };
    (@ python_engineio) => {
        $crate::with_servers!(@ python_engineio "python-engineio" V4 needs python);
    };
    (@ $name:ident $server:literal $revision:ident needs $program:ident) => {
        #[$crate::needs($program)]
        #[tokio::test]
        async fn $name() {
            test($server, Revision::$revision).await;
        }
    };
    ([$($server:ident)*] $test:ident) => {
        mod $test {
            use super::{$test as test, Revision};

            $($crate::with_servers!(@ $server);)*
        }
    };
    ($servers:tt $($test:ident)*) => {
        $($crate::with_servers!($servers $test);)*
    };
}
