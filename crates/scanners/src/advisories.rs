//! The advisories that the sample databases are made of: their YAML, checked once.
//!
//! A sample is a short, dated list of real advisories, as a database that a scanner reads. It lets the chain run where
//! no network is. It is **no** substitute for the real one. Each scanner has a pure function from the list to bytes:
//! the same list always gives the same bytes, so a sample is recognised by its digest wherever it turns up, whatever
//! it is called there. In reports it also names itself, by [`LABEL`].

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::Timestamp;
use model::{Severity, Sha256};
use serde::Deserialize;

/// The advisories, as a person reads and edits them.
pub const ADVISORIES: &str = include_str!("../sample-db/advisories.yml");

/// What the sample calls its data source, after the real source's name.
pub const LABEL: &str = "(a sample by Hallmark, incomplete)";

/// A database, ready to be put into a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The content of the database.
    pub database: Vec<u8>,
    /// The content of the file that describes it.
    pub metadata: Vec<u8>,
    /// The digest of `database`.
    pub digest: Sha256,
    /// The list's own date.
    pub date: Timestamp,
    /// How many advisories (per package and release) it holds.
    pub advisories: usize,
}

/// Whether the list has advisories for this system. Elsewhere it would find nothing, ever.
#[must_use]
pub fn covers(family: &str, release: &str) -> bool {
    let major = release.split('.').next().unwrap_or(release);
    family == "debian" && Release::ALL.iter().any(|known| known.major() == major)
}

/// A list, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// When it was gathered.
    pub date: Timestamp,
    /// The advisories, sorted by vulnerability and package.
    pub advisories: Vec<Advisory>,
}

/// One vulnerability of one source package.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// The CVE id.
    pub id: String,
    /// Debian's source package.
    pub package: String,
    /// Where it stands in each release.
    pub releases: BTreeMap<Release, Status>,
    /// Debian's own rating for this package, where the tracker has one.
    pub urgency: Option<Urgency>,
    /// NVD's rating, where it is known for certain.
    pub nvd: Option<Rating>,
    /// One line.
    pub title: String,
    /// Where to read more, besides Debian's tracker.
    #[serde(default)]
    pub links: Vec<String>,
}

/// NVD's rating.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// In words.
    pub severity: Severity,
    /// The CVSS v3 base score.
    pub v3: Option<f64>,
    /// The CVSS v2 base score.
    pub v2: Option<f64>,
}

/// A release of Debian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Release {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
}

impl Release {
    /// Every release the list may name.
    pub const ALL: [Self; 2] = [Self::Bookworm, Self::Trixie];

    /// The number before the dot.
    #[must_use]
    pub const fn major(self) -> &'static str {
        match self {
            Self::Bookworm => "12",
            Self::Trixie => "13",
        }
    }

    /// As Debian calls it.
    #[must_use]
    pub const fn codename(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }
}

/// Where a vulnerability stands, in the words of Debian's tracker.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Status {
    /// Not mended.
    Unfixed,
    /// Not mended, and no advisory of its own planned.
    NoDsa,
    /// Not going to be mended.
    Ignored,
    /// To be mended some time.
    Postponed,
    /// Mended in this version.
    Fixed(String),
}

impl Status {
    /// trivy-db's number for a status without a fixed version.
    pub(crate) const fn number(&self) -> u8 {
        match self {
            Self::Unfixed | Self::NoDsa => 2,
            Self::Fixed(_) => 3,
            Self::Ignored => 5,
            Self::Postponed => 6,
        }
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "unfixed" => Ok(Self::Unfixed),
            "no-dsa" => Ok(Self::NoDsa),
            "ignored" => Ok(Self::Ignored),
            "postponed" => Ok(Self::Postponed),
            _ => match text.strip_prefix("fixed ") {
                Some(version) if !version.trim().is_empty() => Ok(Self::Fixed(version.trim().to_owned())),
                _ => Err(format!(
                    "`{text}` is no status: unfixed, no-dsa, ignored, postponed or `fixed VERSION` is wanted"
                )),
            },
        }
    }
}

impl TryFrom<String> for Status {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Debian's urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Will not matter. Trivy has no word for it but `low`.
    Unimportant,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

impl Urgency {
    /// As trivy-db maps it.
    pub(crate) const fn severity(self) -> Option<Severity> {
        Some(match self {
            Self::Unimportant | Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
        })
    }
}

/// A list that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// No YAML of this shape.
    #[error("the sample's list of advisories is malformed: {0}")]
    Malformed(String),
    /// An advisory that contradicts itself or another.
    #[error("the sample's list of advisories: {id} of {package}: {problem}")]
    Advisory {
        /// The vulnerability.
        id: String,
        /// The package.
        package: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// More than fits into the file that a scanner reads.
    #[error("the sample's list of advisories is too long for a database: {0}")]
    TooLong(&'static str),
    /// A date that leaves no tomorrow.
    #[error("the sample's list of advisories has a date out of range")]
    Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    date: Timestamp,
    advisories: Vec<Advisory>,
}

impl List {
    /// Reads and checks a list.
    ///
    /// # Errors
    /// Anything malformed, an advisory without a release, the same advisory twice.
    pub fn parse(yaml: &str) -> Result<Self, ListError> {
        let mut file: File =
            serde_saphyr::from_str(yaml).map_err(|error| ListError::Malformed(error.to_string()))?;
        let mut seen = BTreeSet::new();
        for advisory in &file.advisories {
            let problem = if !advisory.id.starts_with("CVE-") {
                Some("the id is no CVE id")
            } else if advisory.releases.is_empty() {
                Some("it names no release")
            } else if !seen.insert((advisory.id.clone(), advisory.package.clone())) {
                Some("it is in the list twice")
            } else {
                None
            };
            if let Some(problem) = problem {
                let (id, package) = (advisory.id.clone(), advisory.package.clone());
                return Err(ListError::Advisory { id, package, problem });
            }
        }
        file.advisories.sort_by(|a, b| (&a.id, &a.package).cmp(&(&b.id, &b.package)));
        Ok(Self { date: file.date, advisories: file.advisories })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_covers_what_it_says_and_nothing_else() {
        for (family, release, covered) in [
            ("debian", "13.2", true),
            ("debian", "12", true),
            ("debian", "11.9", false),
            ("debian", "", false),
            ("ubuntu", "13", false),
        ] {
            assert_eq!(covers(family, release), covered, "{family} {release}");
        }
    }

    #[test]
    fn statuses_read_or_say_what_is_wanted() {
        assert_eq!("fixed 1:2.3-4".parse(), Ok(Status::Fixed("1:2.3-4".into())));
        assert_eq!("no-dsa".parse(), Ok(Status::NoDsa));
        for bad in ["", "fixed", "fixed ", "affected"] {
            assert!(bad.parse::<Status>().unwrap_err().contains("is wanted"));
        }
    }

    #[test]
    fn a_list_that_contradicts_itself_is_refused() {
        let list =
            |entries: &str| List::parse(&format!("date: 2026-01-01T00:00:00Z\nadvisories:\n{entries}"));
        let one = "- {id: CVE-2020-1, package: p, title: t, releases: {trixie: unfixed}}\n";
        assert_eq!(list(one).unwrap().advisories.len(), 1);
        assert!(list(&format!("{one}{one}")).unwrap_err().to_string().contains("twice"));
        assert!(list(&one.replace("trixie", "sid")).is_err());
        assert!(list(&one.replace("CVE-2020-1", "X")).unwrap_err().to_string().contains("no CVE id"));
        assert!(
            list(&one.replace("{trixie: unfixed}", "{}")).unwrap_err().to_string().contains("no release")
        );
    }
}
