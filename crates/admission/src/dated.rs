//! A statement's own word for when it was made, against what a log or a timestamp authority vouches for.

use jiff::{SignedDuration, Timestamp};

/// How far two machines' clocks may differ.
pub const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A statement that says it was made after it had been signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misdated {
    /// What it says.
    pub issued: Timestamp,
    /// When it had been signed at the latest.
    pub signed_by: Timestamp,
}

impl std::fmt::Display for Misdated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "it says that it was made at {}, and a log or timestamp has it signed by {}: its clock cannot be believed",
            self.issued, self.signed_by
        )
    }
}

impl std::error::Error for Misdated {}

/// From when the age of a statement counts: its own word, and never younger than the verified time says. What says
/// no date has none, whoever vouches for its signature: it may have been made long before that.
///
/// # Errors
/// It says that it was made after it had been signed.
pub fn dated(issued: Option<Timestamp>, signed_by: Option<Timestamp>) -> Result<Option<Timestamp>, Misdated> {
    match (issued, signed_by) {
        (Some(issued), Some(signed_by)) if signed_by.duration_until(issued) > SKEW => {
            Err(Misdated { issued, signed_by })
        }
        (Some(issued), Some(signed_by)) => Ok(Some(issued.min(signed_by))),
        (issued, None) => Ok(issued),
        (None, Some(_)) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_table() {
        let at = |text: &str| format!("2026-11-22T{text}Z").parse::<Timestamp>().unwrap();
        let noon = Some(at("12:00:00"));
        for (name, issued, signed_by, wanted) in [
            ("neither", None, None, Ok(None)),
            ("its own word alone", noon, None, Ok(noon)),
            ("the log's alone", None, noon, Ok(None)),
            ("both the same", noon, noon, Ok(noon)),
            ("signed after, as usual", noon, Some(at("12:00:07")), Ok(noon)),
            ("signed long after", noon, Some(at("23:00:00")), Ok(noon)),
            ("a clock that is a little ahead", noon, Some(at("11:58:00")), Ok(Some(at("11:58:00")))),
            ("as far ahead as may be", noon, Some(at("11:55:00")), Ok(Some(at("11:55:00")))),
            (
                "further ahead",
                noon,
                Some(at("11:54:59")),
                Err(Misdated { issued: at("12:00:00"), signed_by: at("11:54:59") }),
            ),
        ] {
            assert_eq!(dated(issued, signed_by), wanted, "{name}");
        }
    }
}
