//! The configurations in the chapter about proxies are the files that e2e runs.

use std::collections::BTreeSet;
use std::fs;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What the chapter calls the languages of configurations.
const LANGUAGES: [&str; 4] = ["nginx", "haproxy", "caddy", "apache"];

/// The names and the contents of the files.
fn files() -> Vec<(String, String)> {
    let folder = fs::read_dir(format!("{ROOT}/docs/src/proxies")).unwrap();
    folder
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn chapter_shows_the_files_as_they_are() {
    let chapter = fs::read_to_string(format!("{ROOT}/docs/src/proxies.md")).unwrap();
    let blocks = chapter.split("```").skip(1).step_by(2).filter_map(|it| it.split_once('\n'));
    let shown: BTreeSet<_> = blocks
        .filter(|(language, _)| LANGUAGES.contains(language))
        .map(|(_, text)| text.to_owned())
        .collect();
    let files: BTreeSet<_> = files().into_iter().map(|(_, text)| text).collect();
    assert_eq!(shown, files);
}

#[test]
fn each_file_is_run_by_e2e() {
    let e2e = fs::read_to_string(format!("{ROOT}/testing/e2e/src/proxy/software.rs")).unwrap();
    for (name, _) in files() {
        assert!(e2e.contains(&format!("=> {name:?},")), "nothing runs {name}");
    }
}
