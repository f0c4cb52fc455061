//! The sample vulnerability database as Trivy reads it.
//!
//! [`build`] is a pure function from the list to bytes, and [`sample`] is that function applied to
//! the list in this repository. In reports it names itself: every finding's data source ends in [`LABEL`].

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use model::{Severity, Sha256};
use serde_json::{Value, json};

use super::bolt::{self, Bucket};
use super::database::SCHEMA;
use crate::advisories::Urgency;
pub use crate::advisories::{ADVISORIES, Advisory, Built, LABEL, List, ListError, Release, Status, covers};

/// The sample database of this version of Hallmark.
///
/// # Errors
/// A malformed list, which the tests exclude.
pub fn sample() -> Result<Built, ListError> {
    build(&List::parse(ADVISORIES)?)
}

/// Whether a report was made with a sample database: any finding that says so is enough. (That none
/// says so proves nothing: a report without findings names no source.)
#[must_use]
pub fn is_named_in(sources: &[String]) -> bool {
    sources.iter().any(|source| source.contains(LABEL))
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
    if let Some(severity) = advisory.urgency.and_then(Urgency::severity) {
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
}
