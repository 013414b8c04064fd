//! What makes the guide's files a book that holds together.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[expect(dead_code, reason = "an example has a main of its own")]
#[path = "../../engineio-proto/examples/by_hand.rs"]
mod by_hand;

#[test]
fn summary_names_every_chapter_and_every_chapter_is_tested() {
    let summary = fs::read_to_string(format!("{BOOK}/SUMMARY.md")).unwrap();
    let named: BTreeSet<_> = links(&summary).map(str::to_owned).collect();
    assert_eq!(named, chapters().into_iter().collect());
    let doctests = include_str!("../chapters.rs");
    for chapter in named {
        assert!(doctests.contains(&format!("include_str!(\"src/{chapter}\")")), "{chapter}");
    }
}

#[test]
fn links_lead_somewhere() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let name = document.display();
        for link in links(&text).filter(|link| !link.contains("://")) {
            let (file, section) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if file.is_empty() { document.clone() } else { document.with_file_name(file) };
            assert!(target.is_file(), "{name} links to {link}");
            if !section.is_empty() {
                let target = fs::read_to_string(target).unwrap();
                assert!(sections(&target).any(|it| it == section), "{name} links to {link}");
            }
        }
    }
}

#[test]
fn chapters_link_to_chapters_alone() {
    for chapter in chapters() {
        let text = fs::read_to_string(format!("{BOOK}/{chapter}")).unwrap();
        // The rendered book has nothing else.
        let outside: Vec<_> = links(&text).filter(|link| link.starts_with("../")).collect();
        assert!(outside.is_empty(), "{chapter} links to {outside:?}");
    }
}

#[test]
fn files_that_chapters_name_exist() {
    let root = Path::new(ROOT);
    for chapter in chapters() {
        let text = fs::read_to_string(format!("{BOOK}/{chapter}")).unwrap();
        let code = text.split('`').skip(1).step_by(2);
        let is_file = |it: &&str| {
            ["engineio-", "testing/"].iter().any(|folder| it.starts_with(folder))
                && it.contains('/')
        };
        for name in code.filter(is_file) {
            // A test is named behind its file.
            let name = name.split("::").next().unwrap();
            let (folder, file) = name.rsplit_once('/').unwrap();
            let files = match file.strip_prefix('{').and_then(|it| it.strip_suffix("}.rs")) {
                Some(stems) => stems.split(',').map(|stem| format!("{stem}.rs")).collect(),
                None => vec![file.to_owned()],
            };
            for file in files {
                assert!(root.join(folder).join(&file).exists(), "{chapter}: {folder}/{file}");
            }
        }
    }
}

#[test]
fn chapter_shows_what_the_example_prints() {
    let chapter = fs::read_to_string(format!("{BOOK}/driving.md")).unwrap();
    let transcript = by_hand::transcript();
    assert!(chapter.contains(transcript.trim_end()), "driving.md lacks this:\n{transcript}");
}

#[test]
fn blocks_hide_at_most_two_lines() {
    for chapter in chapters() {
        let text = fs::read_to_string(format!("{BOOK}/{chapter}")).unwrap();
        for block in text.split("```rust").skip(1).filter_map(|it| it.split("\n```").next()) {
            let hidden = block.lines().filter(|line| line.starts_with("# ") || *line == "#");
            assert!(hidden.count() <= 2, "{chapter} hides more in this block:{block}");
        }
    }
}

/// All that is written for people: the chapters, and the files beside the code.
fn documents() -> Vec<PathBuf> {
    let beside = [
        "",
        "fuzz/",
        "testing/bindings/",
        "testing/e2e/",
        "testing/frameworks/",
        "testing/no-std/",
    ]
    .map(|it| format!("{ROOT}/{it}README.md"));
    let crates = ["actix", "async-std", "hub", "hyper", "nats", "proto", "redis", "sync", "tokio"]
        .map(|it| format!("{ROOT}/engineio-{it}/README.md"));
    let top = ["CHANGELOG", "CONTRIBUTING", "RELEASING", "SECURITY"];
    let top = top.map(|it| format!("{ROOT}/{it}.md"));
    let chapters = chapters().into_iter().map(|it| format!("{BOOK}/{it}"));
    beside.into_iter().chain(crates).chain(top).chain(chapters).map(PathBuf::from).collect()
}

/// The names of the chapters' files.
fn chapters() -> Vec<String> {
    fs::read_dir(BOOK)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect()
}

/// Where the links and pictures of a chapter lead.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The names that mdBook gives to headings.
fn sections(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter(|line| line.starts_with('#')).map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
        kept.map(|it| if it == ' ' { '-' } else { it }).collect()
    })
}
