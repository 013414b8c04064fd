//! Chromium or a browser made of it, driven by a script in its own Node process.

use crate::Script;
use crate::javascript::{self, npm_ci};
use crate::packages::Packages;
use crate::programs::require;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

const PEERS: Packages = Packages {
    name: "chromium",
    manifests: &["package.json", "package-lock.json", ".npmrc"],
    install: |_| vec![npm_ci()],
};

/// Starts a script of `peers/chromium` with `url` and a folder for pictures, which is below
/// `target/e2e`.
#[must_use]
pub fn start(script: &str, url: &str) -> Script {
    start_with(script, json!({ "url": url }))
}

/// The same for a page that takes the official client: `client` is the path of its bundle.
#[must_use]
pub fn start_with_client(script: &str, url: &str) -> Script {
    start_with(script, json!({ "url": url, "client": javascript::bundle() }))
}

/// Starts a script of `peers/chromium` with this, the browser's place and a folder for pictures.
#[must_use]
pub fn start_with(script: &str, mut spec: Value) -> Script {
    require("node");
    let installed = PEERS.installed();
    let pictures = installed.with_file_name("pictures");
    fs::create_dir_all(&pictures).expect("a folder for the pictures");
    spec["executable"] = json!(executable());
    spec["pictures"] = json!(pictures);
    let modules = installed.join("node_modules");
    Script::start("node", &PEERS.script(script), &spec, &[("NODE_PATH", modules.as_ref())])
}

/// The path of the installed browser, which playwright doesn't look for.
fn executable() -> &'static PathBuf {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| require("browser"))
}
