//! How bad something is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How bad a vulnerability is, in the words scanners share.
///
/// The derived order is for showing. Decisions use [`Severity::rank_for_decision`], where a
/// severity nobody has set yet counts as the worst: it is unknown, not harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A distribution says that it will not matter (Debian: `unimportant`).
    Negligible,
    /// Low.
    Low,
    /// Nobody has rated it yet. Sorts above `Low`, so that it is never shown or decided as harmless.
    Unknown,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// Every value, worst first.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Unknown, Self::Low, Self::Negligible];

    /// The place in a decision, greater is worse. `Unknown` ranks with `Medium`: above `Low`
    /// always, without drowning what is known to be worse.
    #[must_use]
    pub const fn rank_for_decision(self) -> u8 {
        match self {
            Self::Negligible => 0,
            Self::Low => 1,
            Self::Unknown | Self::Medium => 2,
            Self::High => 3,
            Self::Critical => 4,
        }
    }

    /// As it is written in policies, outputs and evidence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Unknown => "unknown",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a severity: critical, high, medium, low, negligible or unknown is wanted")]
pub struct UnknownSeverity(pub String);

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownSeverity(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_never_sorts_below_low() {
        assert!(Severity::Unknown > Severity::Low);
        assert!(Severity::Unknown.rank_for_decision() > Severity::Low.rank_for_decision());
    }

    #[test]
    fn severities_read_in_any_case_and_nothing_else_reads() {
        for severity in Severity::ALL {
            assert_eq!(severity.as_str().to_uppercase().parse(), Ok(severity));
        }
        assert!("".parse::<Severity>().is_err());
        assert!("moderate".parse::<Severity>().is_err());
    }
}
