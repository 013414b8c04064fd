//! What came out, as a table in Markdown.

use std::collections::BTreeMap;
use std::fmt;

use crate::load::Outcome;
use crate::rows::Row;
use crate::servers::Server;

/// The outcomes of all rounds, by row and server.
pub(crate) struct Table<'a> {
    rows: &'a [Row],
    servers: &'a [Server],
    outcomes: BTreeMap<(usize, usize), Vec<Outcome>>,
}

impl<'a> Table<'a> {
    pub(crate) const fn new(
        rows: &'a [Row],
        servers: &'a [Server],
        outcomes: BTreeMap<(usize, usize), Vec<Outcome>>,
    ) -> Self {
        Self { rows, servers, outcomes }
    }

    /// Every single value, separated by tabs.
    pub(crate) fn values(&self) -> String {
        let mut text = String::from("row\tserver\tround\tvalue\n");
        for ((row, server), outcomes) in &self.outcomes {
            for (round, outcome) in outcomes.iter().enumerate() {
                if let (Some(row), Some(server)) = (self.rows.get(*row), self.servers.get(*server))
                {
                    text += &format!("{}\t{}\t{round}\t{}\n", row.id, server.id, outcome.value);
                }
            }
        }
        text
    }

    fn outcomes(&self, row: usize, server: usize) -> &[Outcome] {
        self.outcomes.get(&(row, server)).map_or(&[], Vec::as_slice)
    }

    /// The median of a server's values, and of their ratios to the first server's, round by round.
    fn cell(&self, row: usize, server: usize) -> String {
        let outcomes = self.outcomes(row, server);
        if outcomes.is_empty() {
            return String::new();
        }
        let value = median(outcomes.iter().map(|outcome| outcome.value).collect());
        let first = self.outcomes(row, 0);
        let ratio =
            median(outcomes.iter().zip(first).map(|(it, first)| it.value / first.value).collect());
        let value = if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") };
        if server == 0 { value } else { format!("{value} ({ratio:.2})") }
    }

    fn p99(&self, row: usize, server: usize) -> Option<String> {
        let outcomes = self.outcomes(row, server).iter();
        let millis: Vec<_> = outcomes.filter_map(|it| Some(it.p99?.as_secs_f64() * 1e3)).collect();
        (!millis.is_empty()).then(|| format!("{:.1} ms", median(millis)))
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.servers.iter().map(|server| server.name).collect();
        writeln!(f, "| CPU of the server, µs an operation | {} |", names.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(names.len()))?;
        for (at, row) in self.rows.iter().enumerate() {
            let unit = if row.work.is_memory() { ", bytes" } else { "" };
            let cells: Vec<_> = (0..names.len()).map(|server| self.cell(at, server)).collect();
            writeln!(f, "| {}{unit} | {} |", row.name, cells.join(" | "))?;
            let p99: Vec<_> = (0..names.len()).map(|server| self.p99(at, server)).collect();
            if p99.iter().any(Option::is_some) {
                let cells: Vec<_> = p99.into_iter().map(Option::unwrap_or_default).collect();
                writeln!(f, "| its 99th percentile | {} |", cells.join(" | "))?;
            }
        }
        Ok(())
    }
}

/// The middle of these, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    match (values.get(low), values.get(high)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => f64::NAN,
    }
}
