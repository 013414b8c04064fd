//! How the sessions of a server are spread over shards, so that no lock is shared by all of them.

/// Enough that two cores rarely contend, few enough to iterate.
pub(crate) const SHARDS: usize = 16;

/// The shard of a session. Identifiers are random, so any mix of their characters spreads well.
pub(crate) fn shard_of(sid: &str) -> usize {
    sid.bytes().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % SHARDS
}
