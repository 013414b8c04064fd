//! The programs, and how each is looked for.

use super::{Path, PathBuf, Program, env};
use std::process::{Command, Stdio};
use which::which;

/// All programs that a test may need.
pub const ALL: [Program; 10] = [
    Program {
        name: "node",
        what: "Node.js 20 or newer with npm",
        remedy: "https://nodejs.org, or `apt install nodejs npm`",
        look: || {
            which("npm").ok()?;
            first_that_says_yes(
                &["node"],
                &["-e", "process.exit(+(parseInt(process.versions.node) < 20))"],
            )
        },
    },
    Program {
        name: "python",
        what: "Python 3.10 or newer with its venv module",
        remedy: "https://www.python.org, or `apt install python3-venv`",
        look: || {
            let question = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
            first_that_says_yes(&["python3", "python"], &["-c", question])
        },
    },
    Program {
        name: "browser",
        what: "Chromium, Chrome or Edge",
        remedy: "https://www.google.com/chrome, or `apt install chromium`",
        look: || {
            browsers_elsewhere().find(|path| path.is_file()).or_else(|| {
                // On Ubuntu one of these names may be a script that only asks for another package.
                first_that_says_yes(&BROWSERS, &["--version"])
            })
        },
    },
    Program {
        name: "haproxy",
        what: "HAProxy 2.4 or newer",
        remedy: "https://www.haproxy.org, or `apt install haproxy`",
        look: || at_least("haproxy", "-v", (2, 4)),
    },
    Program {
        name: "nats",
        what: "nats-server 2.2 or newer",
        remedy: "https://nats.io, or `apt install nats-server`",
        look: || at_least("nats-server", "--version", (2, 2)),
    },
    Program {
        name: "redis",
        what: "redis-server 6 or newer",
        remedy: "https://redis.io, or `apt install redis-server`",
        look: || at_least("redis-server", "--version", (6, 0)),
    },
    Program {
        name: "nginx",
        what: "nginx 1.19 or newer",
        remedy: "https://nginx.org, or `apt install nginx`",
        look: || at_least("nginx", "-v", (1, 19)),
    },
    Program {
        name: "caddy",
        what: "Caddy 2.6 or newer",
        remedy: "https://caddyserver.com, or `apt install caddy`",
        look: || at_least("caddy", "version", (2, 6)),
    },
    Program {
        name: "apache",
        what: "Apache httpd 2.4 with its modules where Debian has them",
        remedy: "`apt install apache2`",
        look: || which_of_system("apache2").filter(|_| Path::new(APACHE_MODULES).is_dir()),
    },
    Program {
        name: "ps",
        what: "ps, with POSIX's options",
        remedy: "`apt install procps`",
        look: || first_that_says_yes(&["ps"], &["-A", "-o", "pid=,ppid=,args="]),
    },
];

/// Where Debian's Apache has its modules.
pub const APACHE_MODULES: &str = "/usr/lib/apache2/modules";

const BROWSERS: [&str; 8] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "brave-browser",
];

/// Where browsers are that aren't in `PATH`.
fn browsers_elsewhere() -> impl Iterator<Item = PathBuf> {
    let macos = ["Google Chrome", "Chromium", "Microsoft Edge"];
    let macos = macos.map(|it| format!("/Applications/{it}.app/Contents/MacOS/{it}").into());
    let windows = ["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"].into_iter();
    let windows = windows.filter_map(env::var_os).flat_map(|folder| {
        [r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe"]
            .map(|file| Path::new(&folder).join(file))
    });
    macos.into_iter().chain(windows)
}

/// The path of the first of these programs that ends well when it is asked this.
fn first_that_says_yes(names: &[&str], question: &[&str]) -> Option<PathBuf> {
    let paths = names.iter().filter_map(|name| which(name).ok());
    let mut that_answer = paths.filter(|path| {
        let mut command = Command::new(path);
        command.args(question).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    });
    that_answer.next()
}

/// The path of this program if the version that it prints isn't less.
fn at_least(name: &str, question: &str, least: (u32, u32)) -> Option<PathBuf> {
    let path = which_of_system(name)?;
    let output = Command::new(&path).arg(question).stdin(Stdio::null()).output().ok()?;
    // Some print it to their standard error.
    let said = [output.stdout, output.stderr].concat();
    (version(&String::from_utf8_lossy(&said))? >= least).then_some(path)
}

/// The path of a program that may be where only the `PATH` of `root` leads.
fn which_of_system(name: &str) -> Option<PathBuf> {
    let elsewhere = ["/usr/local/sbin", "/usr/sbin"].map(|folder| Path::new(folder).join(name));
    which(name).ok().or_else(|| elsewhere.into_iter().find(|path| path.is_file()))
}

/// The first number with a point in it.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut words = said.split(|it: char| !it.is_ascii_digit() && it != '.');
    words.find_map(|word| {
        let mut numbers = word.split('.').map_while(|number| number.parse().ok());
        Some((numbers.next()?, numbers.next()?))
    })
}

/// The folders in which a program that is missing will appear.
///
/// Without those of Windows, also as seen from its Linux: cargo goes through all that is in them.
pub(super) fn where_programs_come() -> Vec<PathBuf> {
    let path = env::var_os("PATH").filter(|_| cfg!(unix)).unwrap_or_default();
    let is_near = |folder: &PathBuf| folder.is_dir() && !folder.starts_with("/mnt");
    let mut folders: Vec<_> = env::split_paths(&path).filter(is_near).collect();
    folders.extend(python_modules());
    folders
}

/// The folder of the modules of a Python, which may lack one.
fn python_modules() -> Option<PathBuf> {
    let question = "import os; print(os.path.dirname(os.__file__))";
    let output = Command::new(which("python3").ok()?).args(["-c", question]).output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    folder.is_dir().then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn version_is_found_in_what_programs_print() {
        for (said, expected) in [
            ("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", Some((2, 6))),
            ("HA-Proxy version 2.2.9-2+deb11u6 2023/12/15", Some((2, 2))),
            ("nginx version: nginx/1.22.1", Some((1, 22))),
            ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0", Some((7, 0))),
            ("command not found", None),
        ] {
            assert_eq!(version(said), expected, "{said}");
        }
    }
}
