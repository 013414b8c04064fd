//! Packages of other ecosystems, installed only below `target`.

use crate::example::profile_folder;
use core::hash::{Hash, Hasher};
use std::fs;
use std::hash::DefaultHasher;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::{Mutex, PoisonError};

/// A folder of `peers`: scripts, and manifests that pin what the scripts need.
#[derive(Debug)]
pub(crate) struct Packages {
    /// The folder's name.
    pub(crate) name: &'static str,
    /// The files that list what to install. They are copied to the place of installation.
    pub(crate) manifests: &'static [&'static str],
    /// Returns the commands that install, to run in the given folder.
    pub(crate) install: fn(&Path) -> Vec<Command>,
}

impl Packages {
    /// The path of a script.
    pub(crate) fn script(&self, name: &str) -> PathBuf {
        script(self.name, name)
    }

    /// The folder of the packages. They are installed once for each content of the manifests, by
    /// one thread while the others wait.
    pub(crate) fn installed(&self) -> PathBuf {
        static INSTALLING: Mutex<()> = Mutex::new(());
        // one that failed has left nothing to be afraid of
        let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
        let target = e2e_folder().join(self.name);
        let folder = target.join(self.fingerprint());
        if !folder.exists() {
            self.install(&target, &folder);
        }
        folder
    }

    /// Installs beside `folder` and then renames. Another test process sees all of it or nothing,
    /// and an interrupted one leaves nothing that looks complete.
    fn install(&self, target: &Path, folder: &Path) {
        let scratch = target.join(format!("installing-{}", process::id()));
        fs::create_dir_all(&scratch).expect("a folder for the packages");
        for name in self.manifests {
            fs::copy(self.script(name), scratch.join(name)).expect("a copy of the manifests");
        }
        for mut command in (self.install)(&scratch) {
            let output = command.current_dir(&scratch).output();
            let output = output.unwrap_or_else(|error| panic!("{command:?} doesn't run: {error}"));
            assert!(
                output.status.success(),
                "{command:?} in {}: {}\n{}",
                scratch.display(),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let renamed = fs::rename(&scratch, folder);
        let _ = fs::remove_dir_all(&scratch);
        assert!(folder.exists(), "{} can't be made: {renamed:?}", folder.display());
    }

    fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        for name in self.manifests {
            fs::read(self.script(name)).expect("the manifests of the peers").hash(&mut hasher);
        }
        format!("{:016x}", hasher.finish())
    }
}

/// The path of a script in a folder of `peers`.
pub(crate) fn script(folder: &str, name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers")).join(folder).join(name)
}

/// `target/e2e`: what the tests install, and what they leave for inspection.
pub(crate) fn e2e_folder() -> PathBuf {
    profile_folder().parent().expect("target").join("e2e")
}
