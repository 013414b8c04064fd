//! What the rules for releases say about the public API.

use std::collections::BTreeSet;
use std::fs;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Pairs of a package and another crate whose types are in its API.
type Uses = BTreeSet<(String, String)>;

#[test]
fn table_of_external_types_is_the_snapshot() {
    let read = |path: &str| fs::read_to_string(format!("{ROOT}/{path}")).unwrap();
    let snapshot = in_snapshot(&read("testing/api/snapshots/external.txt"));
    let table = in_table(&read("RELEASING.md"));
    let pairs = |uses: BTreeSet<&(String, String)>| format!("{uses:?}");
    let missing = pairs(snapshot.difference(&table).collect());
    let obsolete = pairs(table.difference(&snapshot).collect());
    assert_eq!(table, snapshot, "missing: {missing}, obsolete: {obsolete}");
}

/// Lines such as `engineio-proto: bytes bytestring`. The project's own crates don't count.
fn in_snapshot(text: &str) -> Uses {
    let mut uses = Uses::new();
    for line in text.lines() {
        let (package, crates) = line.split_once(':').unwrap();
        let package = package.strip_prefix("engineio-").unwrap();
        for name in crates.split_whitespace().filter(|name| !name.starts_with("engineio_")) {
            uses.insert((package.to_owned(), name.to_owned()));
        }
    }
    uses
}

/// Rows such as ``| `async_io`, `async_net` | async-std | what for |``.
fn in_table(text: &str) -> Uses {
    let (_, table) = text.split_once("\n| crate | in | as |\n").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let mut uses = Uses::new();
    for row in rows {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let (crates, packages) = (cells.next().unwrap(), cells.next().unwrap());
        for name in crates.split(", ").map(|it| it.trim_matches('`')) {
            uses.extend(packages.split(", ").map(|it| (it.to_owned(), name.to_owned())));
        }
    }
    uses
}
