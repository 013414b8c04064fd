//! The tests that chapters name, as `file::name`.

use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Every `file::name` of a chapter.
fn named(chapter: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(format!("{ROOT}/docs/src/{chapter}")).unwrap();
    let code = text.split('`').skip(1).step_by(2);
    let names = code.filter_map(|it| it.split_once("::"));
    names
        .filter(|(file, _)| file.ends_with(".rs"))
        .map(|(file, name)| (file.to_owned(), name.to_owned()))
        .collect()
}

#[test]
fn tests_that_chapters_name_exist() {
    for (chapter, least) in [("coverage.md", 120), ("features.md", 3), ("limits.md", 25)] {
        let named = named(chapter);
        assert!(named.len() >= least, "{chapter} names {} tests", named.len());
        for (file, name) in named {
            let text = fs::read_to_string(Path::new(ROOT).join(&file)).unwrap_or_default();
            let is_there = text.contains(&format!("fn {name}("));
            assert!(is_there, "{chapter}: {file} has no test {name}");
        }
    }
}

#[test]
fn each_need_has_a_test_or_says_why_not() {
    let text = fs::read_to_string(format!("{ROOT}/docs/src/coverage.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.contains("| need |"));
    for row in rows {
        let covered = row.trim_end_matches(" |").rsplit_once(" | ").unwrap().1;
        let is_said =
            ["`", "not covered: ", "doesn't apply: "].iter().any(|it| covered.starts_with(it));
        assert!(is_said, "{row}");
    }
}
