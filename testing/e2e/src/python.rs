//! python-engineio's clients, each in its own Python process.

use crate::Script;
use crate::packages::Packages;
use crate::programs::require;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const PEERS: Packages = Packages {
    name: "python",
    manifests: &["requirements.txt"],
    install: |folder| vec![make_environment(), pip_install(folder)],
};
/// The environment's interpreter, below its folder.
const INTERPRETER: &str =
    if cfg!(windows) { "environment/Scripts/python.exe" } else { "environment/bin/python" };

/// Installs the clients, so that it doesn't count as a test's wait.
pub fn install() {
    installed();
}

/// Runs a script of `peers/python` with `spec` as its argument, and returns the line of JSON that
/// it printed. A script that fails prints why, and fails the test with that.
pub async fn run(script: &str, spec: &Value) -> Value {
    start(&PEERS.script(script), spec).end().await
}

/// Starts any script that needs these packages.
pub(crate) fn start(script: &Path, spec: &Value) -> Script {
    let environment = [("PYTHONDONTWRITEBYTECODE", "1".as_ref())];
    Script::start(installed(), script, spec, &environment)
}

/// The interpreter that has the packages.
fn installed() -> &'static PathBuf {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(|| PEERS.installed().join(INTERPRETER))
}

fn make_environment() -> Command {
    let mut command = Command::new(require("python"));
    command.args(["-m", "venv", "environment"]);
    command
}

/// Wheels only, so that nothing is compiled and no package runs a script.
fn pip_install(folder: &Path) -> Command {
    let mut command = Command::new(folder.join(INTERPRETER));
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args([
        "--only-binary=:all:",
        "--require-hashes",
        "--requirement",
        "requirements.txt",
    ]);
    command
}
