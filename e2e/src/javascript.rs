//! The official JavaScript clients, each run in a Node process of its own.

use crate::server::profile_folder;
use crate::within;
use core::hash::{Hash, Hasher};
use serde_json::Value;
use std::env;
use std::fs;
use std::hash::DefaultHasher;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::OnceLock;

/// The scripts, and what they need with its lock file.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/javascript");
/// What `npm ci` reads.
const MANIFESTS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Runs a script of `peers/javascript` with `spec` as its argument, and gives the line of JSON that
/// it printed. A script that fails has said why, and fails the test with that.
pub async fn run(script: &str, spec: &Value) -> Value {
    let modules = installed();
    let mut command = tokio::process::Command::new("node");
    command
        .arg(Path::new(PEERS).join(script))
        .arg(spec.to_string())
        .env("NODE_PATH", modules)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = within(&format!("{script} {spec}"), command.output()).await.expect("node runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} {spec}: {}\n{errors}{said}", output.status);
    serde_json::from_str(said.trim())
        .unwrap_or_else(|error| panic!("{script}: {error} in {said:?}\n{errors}"))
}

/// The folder of the installed packages. They are installed once for each content of the lock file.
fn installed() -> &'static PathBuf {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        version_of("node");
        version_of(NPM);
        let target = profile_folder().parent().expect("target").join("e2e").join("javascript");
        let folder = target.join(fingerprint());
        if !folder.exists() {
            install(&target, &folder);
        }
        folder.join("node_modules")
    })
}

/// Installs beside `folder` and then renames: another test process sees all of it or nothing, and
/// one that was ended half-way leaves nothing that looks whole.
fn install(target: &Path, folder: &Path) {
    let scratch = target.join(format!("installing-{}", process::id()));
    fs::create_dir_all(&scratch).expect("a folder for the packages");
    for name in MANIFESTS {
        fs::copy(Path::new(PEERS).join(name), scratch.join(name)).expect("a copy of the manifests");
    }
    let output = Command::new(NPM)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"])
        .current_dir(&scratch)
        .output()
        .expect("npm runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "npm ci in {}: {}\n{errors}",
        scratch.display(),
        output.status
    );
    let renamed = fs::rename(&scratch, folder);
    let _ = fs::remove_dir_all(&scratch);
    assert!(folder.exists(), "{} can't be made: {renamed:?}", folder.display());
}

fn fingerprint() -> String {
    let mut hasher = DefaultHasher::new();
    for name in MANIFESTS {
        fs::read(Path::new(PEERS).join(name))
            .expect("the manifests of the peers")
            .hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn version_of(program: &str) {
    let ran = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    assert!(
        ran.is_ok_and(|status| status.success()),
        "`{program}` is missing: install Node.js 18 or newer with npm to run these tests"
    );
}
