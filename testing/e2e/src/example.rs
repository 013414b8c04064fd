//! The examples of the bindings, each in its own process.

use crate::binding::Binding;
use crate::process;
use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

/// A running example. Dropping it ends it at once, without a goodbye to its clients, and
/// fails the test if it panicked or had ended before.
#[derive(Debug)]
pub struct Example {
    name: String,
    authority: String,
    child: Child,
    errors: Option<JoinHandle<String>>,
}

impl Example {
    /// Starts an example that serves, and waits for the line with its address.
    #[must_use]
    pub fn start(binding: Binding, name: &str, arguments: &[&str]) -> Self {
        let (mut example, mut stdout) = Self::launch(binding, name, arguments);
        let mut line = String::new();
        let _ = stdout.read_line(&mut line);
        discard(stdout);
        match line.trim().strip_prefix("listening on http://") {
            Some(authority) => authority.clone_into(&mut example.authority),
            None => {
                let (errors, name) = (example.end(), &example.name);
                panic!("the {name} example said {line:?} instead of its address: {errors}")
            }
        }
        example
    }

    /// Starts an example that is a client.
    #[must_use]
    pub fn start_client(binding: Binding, name: &str, arguments: &[&str]) -> Self {
        let (example, stdout) = Self::launch(binding, name, arguments);
        discard(stdout);
        example
    }

    fn launch(binding: Binding, name: &str, arguments: &[&str]) -> (Self, BufReader<ChildStdout>) {
        let mut child = spawn(binding, name, arguments);
        let name = binding.example(name);
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut stderr = child.stderr.take().expect("its errors");
        // both pipes are read to their ends: a full one would stop the server
        let errors = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        (Self { name, authority: String::new(), child, errors: Some(errors) }, stdout)
    }

    /// Runs an example that ends by itself, and returns whether it succeeded and its standard error.
    #[must_use]
    pub fn run(binding: Binding, name: &str, arguments: &[&str]) -> (bool, String) {
        let output = spawn(binding, name, arguments).wait_with_output().expect("its output");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Host and port of one that serves.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The number of its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Stops its process: it reads, answers and sends nothing, and ends no connection.
    pub(crate) fn pause(&self) {
        process::signal("STOP", self.child.id());
    }

    /// Ends it if it is running, and returns its standard error.
    fn end(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.errors.take().and_then(|reader| reader.join().ok()).unwrap_or_default()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let ended = self.child.try_wait().ok().flatten();
        let errors = self.end();
        let name = &self.name;
        if thread::panicking() {
            eprintln!("the errors of the {name} example: {errors}");
            return;
        }
        assert!(ended.is_none(), "the {name} example ended during the test ({ended:?}): {errors}");
        assert!(!errors.contains("panicked at"), "the {name} example panicked: {errors}");
    }
}

/// Reads on to the end, as a full pipe would stop the example.
fn discard(mut output: BufReader<ChildStdout>) {
    thread::spawn(move || io::copy(&mut output, &mut io::sink()));
}

fn spawn(binding: Binding, name: &str, arguments: &[&str]) -> Child {
    Command::new(executable(binding, name))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("the {name} example doesn't start: {error}"))
}

/// An example's executable. `cargo test --workspace` has built it beside the tests, with default
/// features. Any other is built here.
pub(crate) fn executable(binding: Binding, name: &str) -> PathBuf {
    static BUILT: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let folder = profile_folder();
    let file = format!("{}{}", binding.example(name), env::consts::EXE_SUFFIX);
    let path = folder.join("examples").join(&file);
    // one build at a time
    let mut built = BUILT.lock().expect("examples that can be built");
    let may_have_others = binding.features(name).is_some() && !built.contains(&file);
    if may_have_others || !path.exists() {
        build(binding.package(name), &binding.example(name), binding.features(name), &folder);
        assert!(path.exists(), "no example {name} at {}", path.display());
        built.push(file);
    }
    path
}

/// The executable of the example `cluster`, which is no binding's. It is built if it isn't there.
#[must_use]
pub fn cluster_example() -> PathBuf {
    let folder = profile_folder();
    let path = folder.join("examples").join(format!("cluster{}", env::consts::EXE_SUFFIX));
    if !path.exists() {
        build("examples", "cluster", None, &folder);
    }
    path
}

fn build(package: &str, example: &str, features: Option<&str>, folder: &Path) {
    // the profile's name is not the folder's for one of them
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let features = features.map(|it| ["--no-default-features", "--features", it]);
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", package, "--example", example, "--profile", profile])
        .args(features.iter().flatten())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the example {example} can't be built: {built}");
}

/// `target/<profile>`, where this test or program runs from.
pub(crate) fn profile_folder() -> PathBuf {
    let program = env::current_exe().expect("the path of this program");
    let folder = program.parent().expect("a folder");
    let is_test = folder.ends_with("deps");
    let profile = if is_test { folder.parent() } else { Some(folder) };
    profile.expect("target/<profile>").to_owned()
}
