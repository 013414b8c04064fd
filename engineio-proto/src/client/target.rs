//! The targets of a client's requests.

use alloc::string::String;
use core::fmt::Write;

use bytestring::ByteString;

use super::config::ClientConfig;
use crate::revision::Revision;
use crate::sid::Sid;
use crate::transport::Transport;

/// Numbers that don't repeat soon: SplitMix64, after Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators" (2014).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Path and query, in the reference client's order (`createUri` of
/// `engine.io-client/lib/transport.ts`).
pub(super) fn target(
    config: &ClientConfig,
    revision: Revision,
    transport: Transport,
    sid: Option<&Sid>,
    random: &mut Random,
) -> ByteString {
    let path = config.path();
    let mut target = String::from(path.strip_suffix('/').unwrap_or(path));
    if config.trailing_slash() || target.is_empty() {
        target.push('/');
    }
    target.push('?');
    if !config.query().is_empty() {
        target.push_str(config.query());
        target.push('&');
    }
    // Writing to a `String` can't fail.
    let _ = write!(target, "EIO={}&transport={transport}", revision.number());
    if config.timestamp() && transport == Transport::Polling {
        let _ = write!(target, "&t={:011x}", random.next() >> 20);
    }
    if let Some(sid) = sid {
        let _ = write!(target, "&sid={}", sid.as_str());
    }
    target.into()
}
