//! A SARIF file as GitHub wants it: compressed, and no longer than it takes.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The most bytes of a gzipped SARIF file that GitHub takes.
/// <https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning>
pub const MAX_SARIF_GZIPPED: usize = 10 << 20;

/// A file in gzip, at most [`MAX_SARIF_GZIPPED`] bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gzipped(Vec<u8>);

/// A file that cannot go up.
#[derive(Debug, thiserror::Error)]
pub enum SarifTooLarge {
    /// GitHub would refuse it for its length.
    #[error("it has {0} bytes when it is compressed, and GitHub takes {MAX_SARIF_GZIPPED}")]
    Compressed(usize),
    /// It could not be compressed; a writer into memory has no such error.
    #[error("it cannot be compressed: {0}")]
    Io(#[from] std::io::Error),
}

impl Gzipped {
    /// Compresses a file.
    ///
    /// # Errors
    /// It is too long even so.
    pub fn of(sarif: &[u8]) -> Result<Self, SarifTooLarge> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(sarif)?;
        let bytes = encoder.finish()?;
        if bytes.len() > MAX_SARIF_GZIPPED {
            return Err(SarifTooLarge::Compressed(bytes.len()));
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_too_long_is_none() {
        let short = Gzipped::of(b"{}").unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(short.bytes()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "{}");
        // Noise does not get shorter.
        let mut state = 1_u64;
        let noise = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let noise: Vec<u8> = (0..MAX_SARIF_GZIPPED + 1).map(noise).collect();
        let error = Gzipped::of(&noise).unwrap_err();
        assert!(matches!(error, SarifTooLarge::Compressed(bytes) if bytes > MAX_SARIF_GZIPPED), "{error}");
    }
}
