//! How the sessions of a server are spread, so that no lock is shared by all of them.

/// Enough that two cores rarely meet, few enough to walk.
pub(crate) const SHARDS: usize = 16;

/// The shard of a session. Identifiers are random, so any mix of their characters is.
pub(crate) fn shard_of(sid: &str) -> usize {
    sid.bytes().fold(0, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % SHARDS
}
