//! What makes the guide's files a book that holds together.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");

#[expect(dead_code, reason = "an example has a main of its own")]
#[path = "../../engineio-proto/examples/by_hand.rs"]
mod by_hand;

#[test]
fn the_summary_names_every_chapter_and_every_chapter_is_tested() {
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
    for chapter in chapters() {
        let text = fs::read_to_string(format!("{BOOK}/{chapter}")).unwrap();
        for link in links(&text).filter(|link| !link.contains("://")) {
            let (file, section) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { &chapter } else { file };
            let target = Path::new(BOOK).join(file);
            assert!(target.is_file(), "{chapter} links to {link}");
            if !section.is_empty() {
                let target = fs::read_to_string(target).unwrap();
                assert!(sections(&target).any(|it| it == section), "{chapter} links to {link}");
            }
        }
    }
}

#[test]
fn files_that_chapters_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for chapter in chapters() {
        let text = fs::read_to_string(format!("{BOOK}/{chapter}")).unwrap();
        let code = text.split('`').skip(1).step_by(2);
        for name in code.filter(|it| it.starts_with("engineio-") && it.contains('/')) {
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
fn the_chapter_shows_what_the_example_prints() {
    let chapter = fs::read_to_string(format!("{BOOK}/driving.md")).unwrap();
    let transcript = by_hand::transcript();
    assert!(chapter.contains(transcript.trim_end()), "driving.md lacks this:\n{transcript}");
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
