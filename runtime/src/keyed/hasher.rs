//! Fingerprints of keys.
//!
//! A fingerprint takes the place of its key, so keys of equal fingerprints share a bucket. Keys may come from the outside,
//! and collisions can be an attack: each access to keys of one probe sequence is slow, and a key with the fingerprint of
//! another one takes its tokens. So all of the seed comes from the operating system, for each process and for each table.
//! It is never shown, and neither fingerprints nor the order of keys leave the table. foldhash does not withstand an attack
//! with known hashes, and nothing but the time of an access says anything of them here. `SipHash` would, and takes 10 ns more
//! for each permit. Of foldhash's two variants this is the one of better quality: it costs one multiplication more, and all
//! bits of its hashes are alike. The shard and the place in its table are taken from different bits.

use core::fmt;
use core::hash::BuildHasher as _;
use core::hash::Hash;
use std::sync::LazyLock;

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;

/// Part of the seed that all tables of the process share.
static SHARED: LazyLock<SharedSeed> = LazyLock::new(|| SharedSeed::from_u64(rand::random()));

/// Hasher of one table.
pub(super) struct KeyHasher(SeedableRandomState);

impl KeyHasher {
    pub(super) fn new() -> Self {
        Self(SeedableRandomState::with_seed(rand::random(), &SHARED))
    }

    /// Returns the fingerprint of a key, which is not 0.
    #[inline]
    pub(super) fn fingerprint<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.0.hash_one(key).max(1)
    }
}

/// Shows no seed.
impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyHasher").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tables_have_seeds_of_their_own() {
        let [one, other] = [KeyHasher::new(), KeyHasher::new()];
        assert_eq!(one.fingerprint("acme"), one.fingerprint("acme"));
        assert_ne!(one.fingerprint("acme"), other.fingerprint("acme"));
        assert_eq!(format!("{one:?}"), "KeyHasher { .. }");
    }

    #[test]
    fn numbers_in_a_row_and_multiples_spread_over_all_bits() {
        let hasher = KeyHasher::new();
        for step in [1_u64, 4096, 1 << 20, 1 << 32, 1 << 44] {
            let all: Vec<u64> = (0..65_536)
                .map(|key| hasher.fingerprint(&(key * step)))
                .collect();
            assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
            for shift in [0, 16, 32, 48, 57] {
                let mut counts = [0_u32; 128];
                for hash in &all {
                    counts[usize::try_from(hash >> shift & 127).expect("small")] += 1;
                }
                // 512 on average, and eight standard deviations.
                let even = counts.iter().all(|count| (330..=694).contains(count));
                assert!(even, "{step}, {shift}: {counts:?}");
            }
        }
    }
}
