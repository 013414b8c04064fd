//! The official JavaScript clients, each in its own Node process.

use crate::Script;
use crate::packages::Packages;
use crate::programs::require;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

const PEERS: Packages = Packages {
    name: "javascript",
    manifests: &["package.json", "package-lock.json", ".npmrc"],
    install: |_| vec![npm_ci()],
};
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Installs the clients, so that it doesn't count as a test's wait. Call it before a test waits for
/// anything but [`run`].
pub fn install() {
    installed();
}

/// Runs a script of `peers/javascript` with `spec` as its argument, and returns the line of JSON
/// that it printed. A script that fails prints why, and fails the test with that.
pub async fn run(script: &str, spec: &Value) -> Value {
    let modules = installed();
    Script::start("node", &PEERS.script(script), spec, &[("NODE_PATH", modules.as_ref())])
        .end()
        .await
}

/// The official client of revision 4 for a page, which defines `eio`.
pub(crate) fn bundle() -> PathBuf {
    installed().join("engine.io-client-6").join("dist").join("engine.io.js")
}

/// The folder of the installed packages.
fn installed() -> &'static PathBuf {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        require("node");
        PEERS.installed().join("node_modules")
    })
}

/// The command that installs what a lock file pins, without running any of it.
pub(crate) fn npm_ci() -> Command {
    let mut command = Command::new(NPM);
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]);
    command
}
