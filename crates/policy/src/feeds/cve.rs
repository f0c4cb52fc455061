//! CVE ids as numbers: a feed has hundreds of thousands.

/// A CVE id. Equal ids are equal numbers, and no two ids share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cve(u64);

/// A year in front of this many digits fits into 64 bits, with room to spare.
const MAX_DIGITS: usize = 12;
const AFTER_YEAR: u64 = 1_000_000_000_000;

impl Cve {
    /// Reads `CVE-2026-0001` in capital or small letters; nothing else is a CVE id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (prefix, rest) = bytes.split_at_checked(4)?;
        let (year, rest) = rest.split_at_checked(4)?;
        let number = rest.strip_prefix(b"-")?;
        // A leading zero only fills up to four digits, or one id would have two spellings.
        let fills = number.len() == 4 || number.first() != Some(&b'0');
        let long_enough = (4..=MAX_DIGITS).contains(&number.len());
        if !prefix.eq_ignore_ascii_case(b"CVE-") || !fills || !long_enough {
            return None;
        }
        Some(Self(digits(year)? * AFTER_YEAR + digits(number)?))
    }
}

fn digits(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0, |sum: u64, b| b.is_ascii_digit().then(|| sum * 10 + u64::from(b - b'0')))
}
