//! Chapters that show parts of programs which are compiled and run elsewhere.

use std::fs;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Each block of a chapter that isn't compiled there is in one of these files, line for line but for
/// the indentation.
fn assert_shown(chapter: &str, files: &[&str]) {
    let read = |path: &str| fs::read_to_string(format!("{ROOT}/{path}")).expect(path);
    let lines = |text: &str| -> String {
        text.lines().map(|line| format!("{}\n", line.trim())).collect::<String>()
    };
    let sources: Vec<_> = files.iter().map(|file| lines(&read(file))).collect();
    let text = read(&format!("docs/src/{chapter}"));
    let blocks = text.split("```rs\n").skip(1);
    let blocks: Vec<_> = blocks.map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty(), "{chapter} shows nothing");
    for block in blocks {
        let shown = lines(block);
        assert!(sources.iter().any(|source| source.contains(&shown)), "{chapter}:\n{block}");
    }
}

#[test]
fn chapter_on_frameworks_shows_the_programs_that_are_tested() {
    let programs = [
        "axum_router",
        "hyper_loop",
        "poem_endpoint",
        "salvo_router",
        "tower_stack",
        "warp_filter",
    ];
    let files = programs.map(|name| format!("testing/frameworks/src/{name}.rs"));
    assert_shown("frameworks.md", &files.each_ref().map(|file| &**file));
}

#[test]
fn chapter_on_operating_shows_a_program_that_is_tested() {
    assert_shown("operating.md", &["docs/tests/metrics.rs"]);
}

#[test]
fn chapter_on_virtual_time_shows_tests_that_run() {
    assert_shown("virtual-time.md", &["docs/tests/virtual_time.rs"]);
}
