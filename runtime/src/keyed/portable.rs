//! Hash of a key that all processes agree on, whatever their machines: the name of the key in a store.

use core::hash::Hash;
use core::hash::Hasher;

use sha2::Digest as _;
use sha2::Sha256;

/// Returns the first 128 bits of the SHA-256 of a key.
pub(super) fn digest<K: Hash + ?Sized>(key: &K) -> [u8; 16] {
    let mut hasher = PortableHasher(Sha256::new());
    key.hash(&mut hasher);
    let mut first = [0; 16];
    let all = hasher.0.finalize();
    first.iter_mut().zip(all).for_each(|(to, byte)| *to = byte);
    first
}

/// Hasher that writes numbers in little-endian order, and `usize` and `isize` in 64 bits.
///
/// The standard library ends a text with a byte that no text contains, and begins a slice with its length, so `("ab", "c")`
/// differs from `("a", "bc")`. It writes the numbers of a slice in the order of the machine.
struct PortableHasher(Sha256);

impl PortableHasher {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

impl Hasher for PortableHasher {
    /// Returns the first 64 bits. A key that asks for them, as few do, gets the same ones everywhere.
    fn finish(&self) -> u64 {
        let all = self.0.clone().finalize();
        let first = all.iter().take(8).rev();
        first.fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }

    fn write(&mut self, bytes: &[u8]) {
        self.add(bytes);
    }

    fn write_u8(&mut self, number: u8) {
        self.add(&[number]);
    }

    fn write_u16(&mut self, number: u16) {
        self.add(&number.to_le_bytes());
    }

    fn write_u32(&mut self, number: u32) {
        self.add(&number.to_le_bytes());
    }

    fn write_u64(&mut self, number: u64) {
        self.add(&number.to_le_bytes());
    }

    fn write_u128(&mut self, number: u128) {
        self.add(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.add(&(number as u64).to_le_bytes());
    }

    fn write_i8(&mut self, number: i8) {
        self.add(&number.to_le_bytes());
    }

    fn write_i16(&mut self, number: i16) {
        self.add(&number.to_le_bytes());
    }

    fn write_i32(&mut self, number: i32) {
        self.add(&number.to_le_bytes());
    }

    fn write_i64(&mut self, number: i64) {
        self.add(&number.to_le_bytes());
    }

    fn write_i128(&mut self, number: i128) {
        self.add(&number.to_le_bytes());
    }

    fn write_isize(&mut self, number: isize) {
        self.add(&(number as i64).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::digest::KeyDigest;

    fn hex<K: Hash + ?Sized>(key: &K) -> String {
        KeyDigest::of(key).to_string()
    }

    #[derive(Hash)]
    enum Account {
        Internal,
        Team(u32),
    }

    /// Vectors that other programs compute as well: `printf '\x07' | sha256sum | head -c 32`. A change would give each key a fresh
    /// limit, and let processes of two versions use twice the quota.
    #[test]
    fn numbers_are_written_in_little_endian_order() {
        assert_eq!(hex(&7_u8), "ca358758f6d27e6cf45272937977a748");
        assert_eq!(hex(&0x1234_u16), "e74d0e44a658ffcdc0ee7266ebd17141");
        assert_eq!(hex(&7_u32), "e8613f5a5bc9f9feeda32a8e7c80b69d");
        assert_eq!(hex(&7_u64), "aae89fc0f03e2959ae4d701a80cc3915");
        assert_eq!(hex(&7_u128), "76108f84396dc2d72ce275fdb0e0ef37");
        assert_eq!(hex(&-7_i64), "9db26f8ea010babf6afb228a7b257afe");
        assert_eq!(hex(&true), "4bf5122f344554c53bde2ebb8cd2b7e3");
        assert_eq!(hex(&'ä'), "f682108a9234d87641fd8dc232214c24");
    }

    #[test]
    fn numbers_of_the_machines_size_are_of_64_bits() {
        assert_eq!(hex(&7_usize), hex(&7_u64));
        assert_eq!(hex(&-7_isize), hex(&-7_i64));
    }

    #[test]
    fn texts_are_ended_by_a_byte_that_no_text_contains() {
        assert_eq!(hex("acme"), "cb04295cfece476663eaedddc2930b79");
        assert_eq!(hex(&"acme".to_owned()), hex("acme"));
        assert_eq!(hex(&&"acme"), hex("acme"));
        assert_eq!(hex(&("ab", "c")), "432605a607cc869c973e00c3e29354e0");
        assert_eq!(hex(&("a", "bc")), "6fef7d6fcc7c048c81ac8c968cb3e4af");
        assert_eq!(hex(&(7_u32, "acme")), "3a044720906fdc6f64744b716e190e79");
        assert_eq!(hex(&()), "e3b0c44298fc1c149afbf4c8996fb924");
    }

    #[test]
    fn slices_begin_with_their_length_and_variants_with_their_number() {
        assert_eq!(hex(&vec![1_u8, 2, 3]), "265540042a8cde29ccc2ba937d5b4dd7");
        assert_eq!(hex(&[1_u8, 2, 3]), hex(&vec![1_u8, 2, 3]));
        assert_eq!(hex(&["a", "b"]), "b93375c98b2fe9dc65ed6e99613f8e7b");
        assert_eq!(hex(&None::<u32>), "af5570f5a1810b7af78caf4bc70a660f");
        assert_eq!(hex(&Some(7_u32)), "34e4bbb2c83290516b8dad48744ca9bb");
        assert_eq!(hex(&Account::Internal), hex(&None::<u32>));
        assert_eq!(hex(&Account::Team(7)), hex(&Some(7_u32)));
    }

    #[test]
    fn other_numbers_are_of_their_own_width() {
        for (one, other) in [
            (hex(&-7_i8), hex(&249_u8)),
            (hex(&-7_i16), hex(&0xfff9_u16)),
            (hex(&-7_i32), hex(&0xffff_fff9_u32)),
            (hex(&-7_i128), hex(&(u128::MAX - 6))),
        ] {
            assert_eq!(one, other);
        }
        let mut hasher = PortableHasher(Sha256::new());
        7_u8.hash(&mut hasher);
        assert_eq!(hasher.finish(), 0x6c7e_d2f6_5887_35ca);
    }
}
