//! The numbers of messages between nodes, which show what is missing.

use std::collections::HashMap;

/// The numbers that were given out, for each subject.
#[derive(Default)]
pub(crate) struct Numbers(HashMap<String, u64>);

/// The last number that came of each node, for one subject.
#[derive(Default)]
pub(crate) struct Seen(HashMap<String, u64>);

impl Numbers {
    /// The next number for this subject. They begin with 1.
    pub(crate) fn next(&mut self, subject: &str) -> u64 {
        if let Some(last) = self.0.get_mut(subject) {
            *last += 1;
            return *last;
        }
        if self.0.len() >= MOST {
            // All begin again, which looks like a new node.
            self.0.clear();
        }
        self.0.insert(subject.to_owned(), 1);
        1
    }
}

impl Seen {
    /// Notes a number, and returns how many are missing before it. The first one says nothing about
    /// those before it, and neither does a smaller one: its node began again.
    pub(crate) fn note(&mut self, node: &str, number: u64) -> u64 {
        if let Some(last) = self.0.get_mut(node) {
            let missing = number.saturating_sub(*last).saturating_sub(1);
            *last = number;
            return missing;
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(node.to_owned(), number);
        0
    }
}

/// The most subjects or nodes that are kept.
const MOST: usize = 8192;
