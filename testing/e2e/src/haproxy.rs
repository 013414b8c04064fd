//! HAProxy in front of a server, to which it speaks HTTP/2.

use crate::packages::{e2e_folder, script};
use crate::programs::require;
use crate::{Certificate, LIMIT};
use core::time::Duration;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{self, Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

/// A running HAProxy with `peers/haproxy/haproxy.cfg`. Dropping it ends it.
#[derive(Debug)]
pub struct HaProxy {
    child: Child,
    port: u16,
    tls_port: u16,
}

impl HaProxy {
    /// Starts one in front of the server of this authority.
    #[must_use]
    pub fn start(server: &str) -> Self {
        let (port, tls_port) = free_ports();
        let child = Command::new(require("haproxy"))
            .arg("-db")
            .arg("-f")
            .arg(script("haproxy", "haproxy.cfg"))
            .env("PORT", port.to_string())
            .env("TLS_PORT", tls_port.to_string())
            .env("CERTIFICATE", certificate())
            .env("SERVER", server)
            .stdin(Stdio::null())
            .spawn()
            .expect("haproxy runs");
        let mut proxy = Self { child, port, tls_port };
        proxy.wait();
        proxy
    }

    /// What a client connects to without TLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What a client connects to over TLS, with [`Certificate::of_these_tests`].
    #[must_use]
    pub fn tls_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.tls_port)
    }

    /// Waits until it listens.
    fn wait(&mut self) {
        for _ in 0..LIMIT.as_millis() / PAUSE.as_millis() {
            if TcpStream::connect(("127.0.0.1", self.tls_port)).is_ok() {
                return;
            }
            let ended = self.child.try_wait().expect("its status");
            assert!(ended.is_none(), "haproxy has ended: {ended:?}");
            thread::sleep(PAUSE);
        }
        panic!("haproxy doesn't listen");
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Between two looks whether it listens.
const PAUSE: Duration = Duration::from_millis(20);

/// HAProxy doesn't say which port it got, so it has to be told one.
fn free_ports() -> (u16, u16) {
    let listeners = [0; 2].map(|any| TcpListener::bind(("127.0.0.1", any)).expect("a free port"));
    let [one, other] = listeners.map(|it| it.local_addr().expect("an address").port());
    (one, other)
}

/// The certificate and its key in one file, as HAProxy wants them.
fn certificate() -> &'static PathBuf {
    static BOTH: OnceLock<PathBuf> = OnceLock::new();
    BOTH.get_or_init(|| {
        let parts = Certificate::of_these_tests();
        let key = fs::read_to_string(parts.key_file()).expect("a key");
        let both = e2e_folder().join("tls").join("haproxy.pem");
        let scratch = both.with_extension(process::id().to_string());
        fs::write(&scratch, [&*parts.pem, &*key].concat()).expect("a file for both");
        // Another test process sees all of it or nothing.
        fs::rename(&scratch, &both).expect("a file for both");
        both
    })
}
