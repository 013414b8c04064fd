use crate::packages::e2e_folder;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::{fs, process};

/// A self-signed certificate for 127.0.0.1 and `localhost`. It is made below `target/e2e` and kept
/// there.
#[derive(Debug)]
pub struct Certificate {
    /// The certificate in PEM, for a client that should trust it.
    pub pem: String,
    folder: PathBuf,
}

impl Certificate {
    /// The certificate of all servers of these tests.
    #[must_use]
    pub fn of_these_tests() -> &'static Self {
        static MADE: OnceLock<Certificate> = OnceLock::new();
        MADE.get_or_init(|| {
            let folder = e2e_folder().join("tls").join("self-signed");
            if !folder.exists() {
                make(&folder);
            }
            let pem = fs::read_to_string(folder.join(CERTIFICATE)).expect("a certificate");
            Self { pem, folder }
        })
    }

    /// The path of the certificate, in PEM.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join(CERTIFICATE)
    }

    /// The path of its private key, in PEM.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.folder.join(KEY)
    }
}

/// Writes beside `folder` and then renames, so that another test process sees both key and
/// certificate or nothing.
fn make(folder: &PathBuf) {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let scratch = folder.with_file_name(format!("making-{}", process::id()));
    fs::create_dir_all(&scratch).expect("a folder for the certificate");
    fs::write(scratch.join(CERTIFICATE), made.cert.pem()).expect("a certificate");
    fs::write(scratch.join(KEY), made.signing_key.serialize_pem()).expect("a key");
    let renamed = fs::rename(&scratch, folder);
    let _ = fs::remove_dir_all(&scratch);
    assert!(folder.exists(), "{} can't be made: {renamed:?}", folder.display());
}

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
