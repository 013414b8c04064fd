//! What came out, as a table in Markdown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::load::Outcome;
use crate::rows::Row;

/// One server or client under test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

/// The outcomes of all rounds, by row and column.
pub(crate) struct Table {
    /// What is measured.
    pub(crate) head: &'static str,
    pub(crate) rows: Vec<Row>,
    pub(crate) columns: Vec<Column>,
    pub(crate) outcomes: BTreeMap<(usize, usize), Vec<Outcome>>,
}

impl Table {
    /// Every single value, separated by tabs.
    pub(crate) fn values(&self) -> String {
        let mut text = String::new();
        for ((row, column), outcomes) in &self.outcomes {
            let (Some(row), Some(column)) = (self.rows.get(*row), self.columns.get(*column)) else {
                continue;
            };
            for (round, Outcome { value, p99 }) in outcomes.iter().enumerate() {
                let p99 = p99.map(|p99| millis(p99).to_string()).unwrap_or_default();
                text += &format!("{}\t{}\t{round}\t{value}\t{p99}\n", row.id, column.id);
            }
        }
        text
    }

    fn outcomes(&self, row: usize, column: usize) -> &[Outcome] {
        self.outcomes.get(&(row, column)).map_or(&[], Vec::as_slice)
    }

    /// The median of a column's values.
    pub(crate) fn median(&self, row: usize, column: usize) -> Option<f64> {
        let outcomes = self.outcomes(row, column);
        let values = outcomes.iter().map(|outcome| outcome.value).collect();
        (!outcomes.is_empty()).then(|| median(values))
    }

    /// The median of a column's values, and of their ratios to the first column's, round by round.
    fn cell(&self, row: usize, column: usize, unit: &Unit) -> String {
        let values = |column| self.outcomes(row, column).iter().filter_map(unit.of);
        let value = median(values(column).collect());
        if value.is_nan() {
            return String::new();
        }
        let value = (unit.format)(value);
        let ratio = median(values(column).zip(values(0)).map(|(it, first)| it / first).collect());
        if column == 0 || ratio.is_nan() { value } else { format!("{value} ({ratio:.2})") }
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, row: usize, name: &str, unit: &Unit) -> fmt::Result {
        let cells: Vec<_> =
            (0..self.columns.len()).map(|column| self.cell(row, column, unit)).collect();
        if cells.iter().all(String::is_empty) {
            return Ok(());
        }
        writeln!(f, "| {name} | {} |", cells.join(" | "))
    }
}

/// A value of an outcome, and how it is written.
struct Unit {
    of: fn(&Outcome) -> Option<f64>,
    format: fn(f64) -> String,
}

const COST: Unit = Unit {
    of: |outcome| Some(outcome.value),
    format: |value| if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") },
};

const P99: Unit =
    Unit { of: |outcome| outcome.p99.map(millis), format: |value| format!("{value:.1} ms") };

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.columns.iter().map(|column| column.name).collect();
        writeln!(f, "| {} | {} |", self.head, names.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(names.len()))?;
        for (at, row) in self.rows.iter().enumerate() {
            let unit = if row.work.is_memory() { ", bytes" } else { "" };
            self.line(f, at, &format!("{}{unit}", row.name), &COST)?;
            self.line(f, at, &format!("{}, 99th percentile", row.name), &P99)?;
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
