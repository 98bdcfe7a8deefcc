//! The hashes of the ring and of the digests. They are the same on every machine and in every version, or nodes
//! would disagree about who owns what: `vectors/ring.json` pins them.

use std::hash::{BuildHasher, Hasher};

use sha2::{Digest, Sha256};

/// 64-bit FNV-1a, finished by [`mix`]. The ring's crate feeds it nothing but `u64`, here as 8 little-endian bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RingHash;

impl BuildHasher for RingHash {
    type Hasher = RingHasher;

    fn build_hasher(&self) -> RingHasher {
        RingHasher(0xcbf2_9ce4_8422_2325)
    }
}

/// The state of one [`RingHash`].
#[derive(Debug)]
pub(crate) struct RingHasher(u64);

impl Hasher for RingHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    // The default feeds the machine's own byte order.
    fn write_u64(&mut self, n: u64) {
        self.write(&n.to_le_bytes());
    }

    // FNV alone leaves neighbouring keys beside each other on the ring.
    fn finish(&self) -> u64 {
        mix(self.0)
    }
}

/// The finaliser of splitmix64: every bit of `z` reaches every bit of the result.
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The first 8 bytes of the SHA-256 of `name`, little-endian: names come from strangers, who could otherwise
/// choose where they land.
pub(crate) fn key(name: &str) -> u64 {
    let hash = Sha256::digest(name);
    u64::from_le_bytes(std::array::from_fn(|i| hash[i]))
}
