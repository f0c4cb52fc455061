//! What the world knows about vulnerabilities beyond the scanner: how likely one is to be exploited
//! (EPSS), and whether it is already (KEV). Feeds come from outside: each is bounded, dated, and
//! refused as a whole where it cannot be read.

mod cve;
mod epss;
mod kev;

use jiff::Timestamp;
use model::Finding;

pub(crate) use cve::Cve;
pub use epss::Epss;
pub use kev::Kev;

/// The feeds that a decision was given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feeds {
    /// How likely exploitation is.
    pub epss: Option<Epss>,
    /// What is known to be exploited.
    pub kev: Option<Kev>,
}

/// Why a feed cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{feed}: {what}")]
pub struct FeedError {
    pub(crate) feed: &'static str,
    pub(crate) what: String,
}

/// Both feeds speak of CVE ids only, so a finding is looked up by each that it has.
fn cves(finding: &Finding) -> impl Iterator<Item = Cve> {
    std::iter::once(&finding.id).chain(&finding.aliases).filter_map(|id| Cve::parse(id))
}

/// The feeds' ways to write a moment: RFC 3339, the same with `+0000`, or a date.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let day = || text.parse::<jiff::civil::Date>().ok();
    let midnight =
        |date: jiff::civil::Date| date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp());
    if text.len() == "2026-11-22".len() { day().and_then(midnight) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests;
