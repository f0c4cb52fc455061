//! Lengths of time as policies write them: `90s`, `15m`, `24h`, `7d`, `2w`.

use jiff::SignedDuration;

const UNITS: [(char, i64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A century: longer than any freshness, and far from any overflow.
const MAX_SECONDS: i64 = 100 * 366 * 86_400;

/// One whole number above zero and one unit; anything else is no length of time.
pub(crate) fn parse(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().last()?;
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let total = digits.parse::<i64>().ok()?.checked_mul(*seconds)?;
    (1..=MAX_SECONDS).contains(&total).then(|| SignedDuration::from_secs(total))
}

/// The shortest spelling, so that equal lengths have equal canonical forms. Weeks are written as
/// days, which is how people speak of them.
pub(crate) fn show(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    UNITS[1..]
        .iter()
        .find(|(unit, size)| seconds % size == 0 && !(*unit == 'd' && seconds < 2 * size))
        .map_or_else(|| format!("{seconds}s"), |(unit, size)| format!("{}{unit}", seconds / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_and_how_it_is_shown() {
        for (text, seconds, shown) in [
            ("1s", 1, "1s"),
            ("90s", 90, "90s"),
            ("120s", 120, "2m"),
            ("24h", 86_400, "24h"),
            ("1d", 86_400, "24h"),
            ("48h", 172_800, "2d"),
            ("7d", 604_800, "7d"),
            ("2w", 1_209_600, "14d"),
            ("90d", 7_776_000, "90d"),
        ] {
            let span = parse(text).unwrap();
            assert_eq!(span.as_secs(), seconds, "{text}");
            assert_eq!(show(span), shown, "{text}");
            assert_eq!(parse(shown), Some(span));
        }
    }

    #[test]
    fn what_does_not() {
        for text in [
            "",
            "h",
            "0h",
            "-1h",
            "+1h",
            "1",
            "1.5h",
            "1 h",
            "1y",
            "1H",
            "99999999999999999999h",
            "9999999w",
            "1ü",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
