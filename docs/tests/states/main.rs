//! The picture of the machine's states is drawn from the table in its source.
//!
//! `DRAW=1 cargo test -p docs --test states` draws it anew.

mod svg;
mod table;

use std::{env, fs};

use table::{Edge, Table};

const TABLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../engineio-proto/src/server/transport.rs");
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/states.svg");

/// The machine's doc comment says it above the table.
const BIRTHS: [(&str, &str); 2] =
    [("Polling", "handshake over polling"), ("Framed", "handshake over a WebSocket")];

#[test]
fn picture_shows_the_table() {
    let table = Table::read(&fs::read_to_string(TABLE).unwrap());
    let drawn = svg::draw(&table, &BIRTHS);
    if env::var_os("DRAW").is_some() {
        fs::write(PICTURE, &drawn).unwrap();
    }
    let committed = fs::read_to_string(PICTURE).unwrap_or_default();
    assert!(committed == drawn, "the table has changed: DRAW=1 cargo test -p docs --test states");
}

#[test]
fn cell_says_when_it_leads_where() {
    let table = Table::read(
        "//! | | Open | Half | Closed |
//! |---|---|---|---|
//! | `end` | half: → Half; else → Closed | the same | nothing |
//! | time | 400, → Closed | | |",
    );
    assert_eq!(table.states, ["Open", "Half", "Closed"]);
    let edge = |from, to, when: &str| Edge { from, to, when: when.into() };
    let edges = [
        edge(0, 1, "end: half"),
        edge(0, 2, "end: else"),
        edge(1, 1, "end: half"),
        edge(1, 2, "end: else"),
        edge(0, 2, "time"),
    ];
    assert_eq!(table.edges, edges);
}
