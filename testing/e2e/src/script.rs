//! A peer's script in its own process.

use crate::process::signal;
use crate::within;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinHandle;

/// A running script. It prints lines of JSON, and may wait for lines of JSON. One that fails prints
/// why, and fails the test with that. Dropping it ends it.
#[derive(Debug)]
pub struct Script {
    what: String,
    child: Child,
    input: Option<ChildStdin>,
    output: UnboundedReceiver<String>,
    errors: JoinHandle<String>,
}

impl Script {
    /// Starts `program script spec`.
    pub(crate) fn start(
        program: impl AsRef<OsStr>,
        script: &Path,
        spec: &Value,
        environment: &[(&str, &OsStr)],
    ) -> Self {
        let name = script.file_name().unwrap_or_default().to_string_lossy();
        let what = format!("{name} {spec}");
        let mut child = Command::new(program)
            .arg(script)
            .arg(spec.to_string())
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{what} doesn't start: {error}"));
        let input = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut stderr = child.stderr.take().expect("its errors");
        // both pipes are read to their ends: a full one would stop the script
        let (said, output) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(line) = stdout.next_line().await.expect("text") {
                // a script without a listener is at its end
                let _ = said.send(line);
            }
        });
        let errors = tokio::spawn(async move {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text).await;
            String::from_utf8_lossy(&text).into_owned()
        });
        Self { what, child, input, output, errors }
    }

    /// The next line that the script prints.
    pub async fn hear(&mut self) -> Value {
        if let Some(said) = self.hear_or_end().await {
            return said;
        }
        let (status, errors) = self.wait().await;
        panic!("{}: {status}\n{errors}", self.what)
    }

    /// The next line that the script prints, or `None` if it prints no more.
    async fn hear_or_end(&mut self) -> Option<Value> {
        let line = within(&self.what, self.output.recv()).await?;
        let said = serde_json::from_str(&line);
        Some(said.unwrap_or_else(|error| panic!("{}: {error} in {line:?}", self.what)))
    }

    /// Sends a line to the script.
    pub async fn tell(&mut self, value: &Value) {
        // `hear` reports why a script has ended
        if let Some(input) = &mut self.input {
            let _ = input.write_all(format!("{value}\n").as_bytes()).await;
        }
    }

    /// The last line that the script prints. Then it has to end by itself, with success.
    pub async fn end(mut self) -> Value {
        let said = self.hear().await;
        self.end_well().await;
        said
    }

    /// Closes the script's input, which has to end it, with success. Returns the lines that weren't
    /// read yet.
    pub(crate) async fn stop(mut self) -> Vec<Value> {
        drop(self.input.take());
        let mut rest = Vec::new();
        while let Some(said) = self.hear_or_end().await {
            rest.push(said);
        }
        self.end_well().await;
        rest
    }

    /// Ends its process, as a crash would.
    pub(crate) fn kill(&self) {
        signal("KILL", self.pid());
    }

    /// Stops its process: it reads, answers and sends nothing, and ends no connection.
    pub(crate) fn pause(&self) {
        signal("STOP", self.pid());
    }

    /// Lets its process go on.
    pub(crate) fn resume(&self) {
        signal("CONT", self.pid());
    }

    /// The number of its process.
    fn pid(&self) -> u32 {
        self.child.id().unwrap_or_else(|| panic!("{} has ended", self.what))
    }

    async fn end_well(&mut self) {
        let (status, errors) = self.wait().await;
        assert!(status.success(), "{}: {status}\n{errors}", self.what);
    }

    /// Waits for the end, and returns the status and the standard error.
    async fn wait(&mut self) -> (ExitStatus, String) {
        let status = within(&self.what, self.child.wait()).await.expect("its status");
        let errors = within(&self.what, &mut self.errors).await.unwrap_or_default();
        (status, errors)
    }
}
