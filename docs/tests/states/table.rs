//! Reads the transition table of the doc comment that the machine's states have.

/// What is drawn.
pub(crate) struct Table {
    pub(crate) states: Vec<String>,
    pub(crate) edges: Vec<Edge>,
}

/// A way from one state to another. States are counted in the order of the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) when: String,
}

impl Table {
    /// Finds the table in a source file: a header, a line of dashes, then one row for
    /// each input, with what each state does about it.
    pub(crate) fn read(source: &str) -> Self {
        let mut rows = source
            .lines()
            .filter_map(|line| line.strip_prefix("//! |")?.strip_suffix('|'))
            .map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
        let header = rows.next().expect("the file has a table");
        let states: Vec<_> = header[1..].iter().map(ToString::to_string).collect();
        let mut edges = Vec::new();
        for row in rows.skip(1) {
            let mut of_row: Vec<Edge> = Vec::new();
            for (from, cell) in row[1..].iter().enumerate() {
                for clause in cell.split(';').map(str::trim) {
                    if clause == "the same" {
                        let left = of_row.iter().filter(|edge| edge.from + 1 == from);
                        let same: Vec<_> = left.map(|edge| Edge { from, ..edge.clone() }).collect();
                        of_row.extend(same);
                    } else if let Some((act, name)) = clause.split_once('→') {
                        let to = states.iter().position(|state| state == name.trim());
                        let to = to.unwrap_or_else(|| panic!("{name} is no state: {clause}"));
                        of_row.push(Edge { from, to, when: when(row[0], act) });
                    }
                }
            }
            edges.extend(of_row);
        }
        Self { states, edges }
    }
}

/// `illegal: 400, → Closed` in the row `body` is what happens when a "body: illegal"
/// comes. Without a colon it happens always.
fn when(input: &str, act: &str) -> String {
    let condition = match act.split_once(':') {
        Some((condition, _)) => Some(condition),
        None => Some("else").filter(|&it| act.trim() == it),
    };
    let when =
        condition.map_or_else(|| input.to_owned(), |condition| format!("{input}: {condition}"));
    when.replace('`', "")
}
