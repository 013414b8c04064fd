//! The counts on record, and how new ones compare with them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;

/// Instructions by operation.
#[derive(Debug, Default)]
pub(crate) struct Record(BTreeMap<String, u64>);

/// How one count compares with the record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Kept { name: String, count: u64, recorded: u64 },
    Risen { name: String, count: u64, recorded: u64 },
    Fallen { name: String, count: u64, recorded: u64 },
    New { name: String, count: u64 },
    Gone { name: String },
}

impl Record {
    pub(crate) fn read() -> io::Result<Self> {
        let mut record = Self::default();
        for line in fs::read_to_string(PATH)?.lines().filter(|line| !line.starts_with('#')) {
            let fields = line
                .split_once(' ')
                .and_then(|(name, count)| Some((name.to_owned(), count.trim().parse().ok()?)));
            let (name, count) =
                fields.ok_or_else(|| io::Error::other(format!("{FILE}: not a count: {line}")))?;
            record.add(name, count);
        }
        Ok(record)
    }

    pub(crate) fn write(&self) -> io::Result<()> {
        let mut text = String::from(HEAD);
        for (name, count) in &self.0 {
            text += &format!("{name:<40} {count:>6}\n");
        }
        fs::write(PATH, text)
    }

    pub(crate) fn add(&mut self, name: String, count: u64) {
        self.0.insert(name, count);
    }

    /// How these counts compare with those on record.
    pub(crate) fn compare(&self, recorded: &Self) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for (name, &count) in &self.0 {
            let name = name.clone();
            verdicts.push(match recorded.0.get(&name) {
                None => Verdict::New { name, count },
                Some(&recorded) if count > bound(recorded) => {
                    Verdict::Risen { name, count, recorded }
                }
                Some(&recorded) if bound(count) < recorded => {
                    Verdict::Fallen { name, count, recorded }
                }
                Some(&recorded) => Verdict::Kept { name, count, recorded },
            });
        }
        let gone = recorded.0.keys().filter(|name| !self.0.contains_key(*name));
        verdicts.extend(gone.map(|name| Verdict::Gone { name: name.clone() }));
        verdicts
    }
}

/// The most that an operation may take, if this is on record: 3 % more.
const fn bound(recorded: u64) -> u64 {
    recorded + recorded * 3 / 100
}

impl Verdict {
    pub(crate) const fn is_failure(&self) -> bool {
        matches!(self, Self::Risen { .. } | Self::New { .. } | Self::Gone { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept { name, count, recorded } => {
                write!(f, "{name:<40} {count:>6} (bound {})", bound(*recorded))
            }
            Self::Risen { name, count, recorded } => write!(
                f,
                "FAILED: {name} takes {count} instructions, its bound is {} (3 % above {recorded}): \
                 lower the cost, or raise the bound in {FILE}, with the reason in the commit \
                 ({WRITE})",
                bound(*recorded),
            ),
            Self::Fallen { name, count, recorded } => write!(
                f,
                "hint: {name} takes {count} instructions, well below the {recorded} on record: \
                 let the bound in {FILE} follow ({WRITE})"
            ),
            Self::New { name, count } => write!(
                f,
                "FAILED: {name} takes {count} instructions, and {FILE} has no bound for it ({WRITE})"
            ),
            Self::Gone { name } => {
                write!(f, "FAILED: {FILE} has a bound for {name}, which isn't counted ({WRITE})")
            }
        }
    }
}

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.txt");
const FILE: &str = "bench/counts/counts.txt";
const WRITE: &str = "`bench/counts/run --write` does it for all";
const HEAD: &str = "\
# Instructions of one operation; 3 % more is the bound. Written by `bench/counts/run --write`.
";

#[cfg(test)]
mod tests {
    use super::{Record, Verdict};

    fn record(counts: &[(&str, u64)]) -> Record {
        Record(counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect())
    }

    #[test]
    fn only_more_than_three_percent_above_the_record_is_a_failure() {
        let recorded = record(&[("echo", 1000)]);
        for (count, is_failure) in [(500, false), (970, false), (1030, false), (1031, true)] {
            let verdicts = record(&[("echo", count)]).compare(&recorded);
            assert_eq!(verdicts.len(), 1);
            assert!(verdicts.iter().all(|it| it.is_failure() == is_failure), "{verdicts:?}");
        }
    }

    #[test]
    fn count_well_below_the_record_gives_a_hint() {
        let verdicts = record(&[("echo", 900)]).compare(&record(&[("echo", 1000)]));
        let name = "echo".to_owned();
        assert_eq!(verdicts, [Verdict::Fallen { name, count: 900, recorded: 1000 }]);
    }

    #[test]
    fn record_and_counts_name_the_same_operations() {
        let verdicts = record(&[("new", 1)]).compare(&record(&[("old", 1)]));
        assert!(verdicts.len() == 2 && verdicts.iter().all(Verdict::is_failure), "{verdicts:?}");
    }
}
