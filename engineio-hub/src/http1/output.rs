//! Bytes that wait to be written to a connection.

use bytes::{Buf, Bytes};

/// One answer that waits to be written: its head, and its body behind it.
#[derive(Default)]
pub(super) struct Output {
    head: Vec<u8>,
    /// How much of the head was written.
    written: usize,
    body: Bytes,
}

impl Output {
    /// An answer. Its body is copied behind the head where that is cheap, for one write instead of
    /// two.
    pub(super) fn new(mut head: Vec<u8>, body: Bytes) -> Self {
        if Self::joined(&body) > 0 {
            head.extend_from_slice(&body);
            return Self { head, written: 0, body: Bytes::new() };
        }
        Self { head, written: 0, body }
    }

    /// How much of this body is copied behind its head.
    pub(super) const fn joined(body: &Bytes) -> usize {
        if body.len() <= JOINED { body.len() } else { 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unwritten_head().is_empty() && self.body.is_empty()
    }

    /// What to write, the first part and then the second. The first is empty only if both are.
    pub(super) fn parts(&self) -> [&[u8]; 2] {
        let head = self.unwritten_head();
        if head.is_empty() { [&self.body, &[]] } else { [head, &self.body] }
    }

    fn unwritten_head(&self) -> &[u8] {
        self.head.get(self.written..).unwrap_or_default()
    }

    /// Notes how much was written.
    pub(super) fn written(&mut self, count: usize) {
        let of_head = count.min(self.unwritten_head().len());
        self.written = self.written.saturating_add(of_head);
        let of_body = count.saturating_sub(of_head);
        self.body.advance(of_body.min(self.body.len()));
        if self.is_empty() {
            // A waiting connection holds no memory for what it wrote.
            *self = Self::default();
        }
    }
}

/// The longest body that is copied behind its head, in bytes.
const JOINED: usize = 8 << 10;
