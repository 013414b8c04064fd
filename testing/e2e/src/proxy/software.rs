//! The proxies, and what is around a snippet in their configuration.

use crate::packages::{e2e_folder, script};
use crate::programs::require;
use crate::tls::Certificate;
use machine::APACHE_MODULES;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::OnceLock;

/// A proxy that the guide has a snippet for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Software {
    /// nginx.
    Nginx,
    /// HAProxy.
    HaProxy,
    /// Caddy.
    Caddy,
    /// Apache httpd, as Debian names its program and folders.
    Apache,
}

impl Software {
    /// The guide's snippet for one server.
    pub(super) const fn for_one(self) -> &'static str {
        match self {
            Self::Nginx => "nginx.conf",
            Self::HaProxy => "haproxy.cfg",
            Self::Caddy => "Caddyfile",
            Self::Apache => "apache.conf",
        }
    }

    /// The guide's snippet for several nodes.
    pub(super) const fn for_nodes(self) -> &'static str {
        match self {
            Self::Nginx => "nginx-nodes.conf",
            Self::HaProxy => "haproxy-nodes.cfg",
            Self::Caddy => "Caddyfile-nodes",
            Self::Apache => "apache-nodes.conf",
        }
    }

    /// What the crate `machine` calls it.
    const fn program(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::HaProxy => "haproxy",
            Self::Caddy => "caddy",
            Self::Apache => "apache",
        }
    }

    /// What stands in a snippet for the place of a public site, and what does in a test.
    pub(super) fn places(self, port: u16) -> Vec<(&'static str, String)> {
        let certificate = Certificate::of_these_tests();
        let key = ("/etc/ssl/chat.key", certificate.key_file().display().to_string());
        let chain = |file: PathBuf| ("/etc/ssl/chat.pem", file.display().to_string());
        let separate = || [chain(certificate.file()), key.clone()];
        let listen = match self {
            Self::Nginx => ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
            Self::HaProxy => {
                let bind = ("bind :443", format!("bind 127.0.0.1:{port}"));
                return vec![bind, chain(certificate_with_key().clone())];
            }
            Self::Caddy => {
                ("chat.example {", format!("https://127.0.0.1:{port} {{\n\tbind 127.0.0.1"))
            }
            Self::Apache => ("<VirtualHost *:443>", format!("<VirtualHost 127.0.0.1:{port}>")),
        };
        [listen].into_iter().chain(separate()).collect()
    }

    /// The command that runs it in the foreground, with `folder/site`.
    pub(super) fn command(self, folder: &Path, port: u16) -> Command {
        let mut command = Command::new(require(self.program()));
        match self {
            Self::Nginx => {
                // It looks for what a file includes beside that file.
                let surroundings = folder.join("nginx.conf");
                fs::copy(script("nginx", "nginx.conf"), &surroundings).expect("a copy");
                command.args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(surroundings);
            }
            Self::HaProxy => {
                command.args(["-db", "-f"]).arg(folder.join("site"));
            }
            Self::Caddy => {
                command.args(["run", "--adapter", "caddyfile", "--config"]);
                command.arg(script("caddy", "Caddyfile")).env("XDG_CONFIG_HOME", folder);
            }
            // One process, without a parent that would outlive or leave children.
            Self::Apache => {
                command.args(["-X", "-f"]).arg(script("apache", "httpd.conf"));
                command.env("MODULES", APACHE_MODULES);
            }
        }
        command.env("FOLDER", folder).env("PORT", port.to_string());
        command
    }
}

/// The certificate and its key in one file, as HAProxy wants them.
fn certificate_with_key() -> &'static PathBuf {
    static BOTH: OnceLock<PathBuf> = OnceLock::new();
    BOTH.get_or_init(|| {
        let parts = Certificate::of_these_tests();
        let key = fs::read_to_string(parts.key_file()).expect("a key");
        let both = e2e_folder().join("tls").join("with-key.pem");
        let scratch = both.with_extension(process::id().to_string());
        fs::write(&scratch, [&*parts.pem, &*key].concat()).expect("a file for both");
        // Another test process sees all of it or nothing.
        fs::rename(&scratch, &both).expect("a file for both");
        both
    })
}
