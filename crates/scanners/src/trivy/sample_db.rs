//! The sample vulnerability database: a short, dated list of real advisories, as a database that
//! Trivy reads. It lets the chain run where no network is. It is **no** substitute for the real one.
//!
//! [`build`] is a pure function from the list to bytes, and [`sample`] is that function applied to
//! the list in this repository: the same list always gives the same bytes, so the sample is
//! recognised by its digest wherever it turns up ([`is_sample`]), whatever it is called there.
//! In reports it also names itself: every finding's data source ends in [`LABEL`].

mod list;

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use model::{Severity, Sha256};
use serde_json::{Value, json};

use super::bolt::{self, Bucket};
use super::database::SCHEMA;
pub use list::{Advisory, List, ListError, Release, Status};

/// The advisories, as a person reads and edits them.
pub const ADVISORIES: &str = include_str!("../../sample-db/advisories.yml");

/// What the sample calls its data source, after the real source's name.
pub const LABEL: &str = "(a sample by Hallmark, incomplete)";

/// A database, ready to be put into a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The content of `trivy.db`.
    pub database: Vec<u8>,
    /// The content of `metadata.json`.
    pub metadata: Vec<u8>,
    /// The digest of `database`.
    pub digest: Sha256,
    /// The list's own date.
    pub date: jiff::Timestamp,
    /// How many advisories (per package and release) it holds.
    pub advisories: usize,
}

/// The sample database of this version of Hallmark.
///
/// # Errors
/// A malformed list, which the tests exclude.
pub fn sample() -> Result<Built, ListError> {
    build(&List::parse(ADVISORIES)?)
}

/// Whether a database with this digest is the sample of this version of Hallmark.
///
/// # Errors
/// As [`sample`].
pub fn is_sample(digest: Sha256) -> Result<bool, ListError> {
    Ok(sample()?.digest == digest)
}

/// Whether a report was made with a sample database: any finding that says so is enough. (That none
/// says so proves nothing: a report without findings names no source.)
#[must_use]
pub fn is_named_in(sources: &[String]) -> bool {
    sources.iter().any(|source| source.contains(LABEL))
}

/// Whether the sample has advisories for this system. Elsewhere it would find nothing, ever.
#[must_use]
pub fn covers(family: &str, release: &str) -> bool {
    let major = release.split('.').next().unwrap_or(release);
    family == "debian" && Release::ALL.iter().any(|known| known.major() == major)
}

/// Makes a database of a list.
///
/// # Errors
/// A date at the end of time.
pub fn build(list: &List) -> Result<Built, ListError> {
    let mut root = Bucket::default();
    let mut advisories = 0;
    // Trivy looks into this bucket for every finding, so it is there even for an empty list.
    root.bucket("vulnerability");
    for advisory in &list.advisories {
        for (release, status) in &advisory.releases {
            root.bucket(&platform(*release))
                .bucket(&advisory.package)
                .put(&advisory.id, bytes(&entry(advisory, status)));
            advisories += 1;
        }
    }
    for (id, record) in details(list) {
        root.bucket("vulnerability").put(&id, bytes(&record));
    }
    for release in Release::ALL {
        let source = json!({
            "ID": "debian",
            "Name": format!("Debian Security Tracker {LABEL}"),
            "URL": "https://salsa.debian.org/security-tracker-team/security-tracker",
        });
        root.bucket("data-source").put(&platform(release), bytes(&source));
    }
    let database = bolt::file(&root);
    let date = list.date;
    let next = date.checked_add(24.hours()).map_err(|_| ListError::Date)?;
    let metadata = json!({"Version": SCHEMA, "NextUpdate": next, "UpdatedAt": date, "DownloadedAt": date});
    let digest = Sha256::of(&database);
    Ok(Built { digest, database, metadata: bytes(&metadata), date, advisories })
}

/// The bucket of one release, as Trivy names it.
fn platform(release: Release) -> String {
    format!("debian {}", release.major())
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// One package's advisory in one release (trivy-db's `types.Advisory`).
fn entry(advisory: &Advisory, status: &Status) -> Value {
    let mut entry = serde_json::Map::new();
    if let Some(severity) = advisory.urgency.and_then(list::Urgency::severity) {
        entry.insert("Severity".into(), number(severity).into());
    }
    match status {
        Status::Fixed(version) => entry.insert("FixedVersion".into(), version.clone().into()),
        open => entry.insert("Status".into(), open.number().into()),
    };
    Value::Object(entry)
}

/// What is said about each vulnerability, whatever the package (trivy-db's `types.Vulnerability`).
fn details(list: &List) -> BTreeMap<String, Value> {
    let mut details = BTreeMap::new();
    for advisory in &list.advisories {
        let mut record = serde_json::Map::new();
        record.insert("Title".into(), advisory.title.clone().into());
        let tracker = format!("https://security-tracker.debian.org/tracker/{}", advisory.id);
        let links: Vec<_> = advisory.links.iter().cloned().chain([tracker]).collect();
        record.insert("References".into(), links.into());
        if let Some(nvd) = &advisory.nvd {
            record.insert("Severity".into(), nvd.severity.as_str().to_uppercase().into());
            record.insert("VendorSeverity".into(), json!({"nvd": number(nvd.severity)}));
            let mut cvss = serde_json::Map::new();
            cvss.extend(nvd.v3.map(|score| ("V3Score".to_owned(), score.into())));
            cvss.extend(nvd.v2.map(|score| ("V2Score".to_owned(), score.into())));
            record.insert("CVSS".into(), json!({"nvd": cvss}));
        }
        details.insert(advisory.id.clone(), Value::Object(record));
    }
    details
}

/// Trivy's numbers for severities.
const fn number(severity: Severity) -> u8 {
    match severity {
        Severity::Unknown => 0,
        Severity::Negligible | Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
        Severity::Critical => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_builds_and_is_the_same_every_time() {
        let built = sample().unwrap();
        assert_eq!(built, sample().unwrap());
        assert!(built.advisories > 30, "{}", built.advisories);
        assert!(is_sample(built.digest).unwrap());
        assert!(!is_sample(Sha256::of(b"")).unwrap());
    }

    #[test]
    fn its_metadata_is_what_trivy_writes() {
        let built = sample().unwrap();
        let database = super::super::database::read(&built.metadata).unwrap();
        assert_eq!(database.updated, built.date);
    }

    #[test]
    fn an_empty_list_makes_a_database_too() {
        let list = List { date: jiff::Timestamp::UNIX_EPOCH, advisories: vec![] };
        assert_eq!(build(&list).unwrap().advisories, 0);
    }

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
}
