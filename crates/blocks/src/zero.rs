//! Telling a block of zeros from one that holds data, as fast as memory can be compared.

/// A page of zeros small enough to stay in the first-level cache.
pub(crate) static ZEROS: [u8; 4096] = [0; 4096];

/// Whether every byte is zero. Stops at the first page that is not; nothing at all is all zero.
pub fn is_zero(bytes: &[u8]) -> bool {
    bytes.chunks(ZEROS.len()).all(|page| page == &ZEROS[..page.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_all_zero() {
        assert!(is_zero(&[]));
    }

    #[test]
    fn one_bit_anywhere_counts() {
        for length in [1, 4095, 4096, 4097, 8192, 10_000] {
            let mut bytes = vec![0_u8; length];
            assert!(is_zero(&bytes), "{length}");
            for at in [0, length / 2, length - 1] {
                bytes[at] = 1;
                assert!(!is_zero(&bytes), "{length} at {at}");
                bytes[at] = 0;
            }
        }
    }
}
