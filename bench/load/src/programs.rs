//! How the programs under test are built and started.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A program, from this folder's neighbours.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    /// A package of this workspace, with its binary and the feature that it needs.
    Rust { package: &'static str, binary: &'static str, feature: Option<&'static str> },
    /// A script with a `package.json` beside it.
    Node { folder: &'static str, script: &'static str },
    /// A script that needs what the peers of the end-to-end tests need.
    Python { folder: &'static str, script: &'static str },
}

/// A running program. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    /// A package that has one binary of the same name.
    pub(crate) const fn package(package: &'static str) -> Self {
        Self::Rust { package, binary: package, feature: None }
    }

    /// Builds it, or installs what it needs.
    pub(crate) fn build(self) -> io::Result<()> {
        let mut command = match self {
            Self::Rust { package, binary, feature } => {
                let mut cargo = Command::new("cargo");
                cargo.args(["build", "--quiet", "--release", "--locked"]);
                cargo.args(["--package", package, "--bin", binary]);
                cargo.args(feature.map(|feature| format!("--features={feature}")));
                cargo.current_dir(bench());
                cargo
            }
            Self::Node { folder, .. } if bench().join(folder).join("node_modules").exists() => {
                return Ok(());
            }
            Self::Node { folder, .. } => {
                let mut npm = Command::new("npm");
                npm.args(["ci", "--silent"]).current_dir(bench().join(folder));
                npm
            }
            Self::Python { folder, .. } if bench().join(folder).join("venv").exists() => {
                return Ok(());
            }
            Self::Python { folder, .. } => {
                let mut shell = Command::new("sh");
                shell.args(["-c", PYTHON]).current_dir(bench().join(folder));
                shell
            }
        };
        // Its standard output is the table's.
        let status = command.stdout(Stdio::null()).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("{self:?} can't be built: {status}")));
        }
        Ok(())
    }

    /// Starts it on this core.
    pub(crate) fn start(self, core: usize, arguments: &[String]) -> io::Result<Running> {
        let mut command = Command::new("taskset");
        command.arg("--cpu-list").arg(core.to_string());
        match self {
            Self::Rust { binary, .. } => command.arg(bench().join("target/release").join(binary)),
            Self::Node { folder, script } => {
                command.arg("node").arg(bench().join(folder).join(script))
            }
            Self::Python { folder, script } => {
                let folder = bench().join(folder);
                command.arg(folder.join("venv/bin/python")).arg(folder.join(script))
            }
        };
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => {
                Ok(Running { child, input, output: BufReader::new(output) })
            }
            _ => Err(io::Error::other("no pipes")),
        }
    }
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// Sends it an empty line, and gives the line that it answers.
    pub(crate) fn ask(&mut self) -> io::Result<String> {
        self.input.write_all(b"\n")?;
        self.line()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of the workspace.
fn bench() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The peers of the end-to-end tests pin what is needed.
const PYTHON: &str = "python3 -m venv venv && \
    venv/bin/pip install -q -r ../../../testing/e2e/peers/python/requirements.txt";
