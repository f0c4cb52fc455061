//! The sample vulnerability database as Grype reads it.
//!
//! The providers that its findings are by end in [`LABEL`], and every report lists the providers of its database, so
//! that a report without findings names the sample too. Debian's word is the first for each package; NVD's is what
//! Grype calls related. It has no CVSS: Grype takes vectors, and the list has base scores only.

use std::collections::BTreeMap;
use std::hash::Hasher as _;

use jiff::Timestamp;
use model::Sha256;
use serde_json::{Value as Json, json};

use super::schema::{Tables, VERSION};
use super::sqlite::{self, Value};
use crate::advisories::{ADVISORIES, Advisory, Built, LABEL, List, ListError, Release, Status, Urgency};

/// Whose word NVD's ratings are. Grype asks for it by this name.
const NVD: &str = "nvd";

/// The sample database of this version of Hallmark.
///
/// # Errors
/// A malformed list, which the tests exclude.
pub fn sample() -> Result<Built, ListError> {
    build(&List::parse(ADVISORIES)?)
}

/// Whether a report was made with a sample database.
#[must_use]
pub fn is_named_in(sources: &[String]) -> bool {
    sources.iter().any(|source| source.contains(LABEL))
}

/// Makes a database of a list.
///
/// # Errors
/// An advisory that is longer than a page of the database.
pub fn build(list: &List) -> Result<Built, ListError> {
    let mut maker = Maker::new(list.date);
    let advisories = list.advisories.iter().map(|advisory| maker.advisory(advisory)).sum();
    let too_long = || ListError::TooLong("an advisory, or their number");
    let database = sqlite::file(&maker.tables.all()).ok_or_else(too_long)?;
    let mut hasher = twox_hash::XxHash64::with_seed(0);
    hasher.write(&database);
    let [model, revision, addition] = VERSION;
    let metadata = json!({
        "digest": format!("xxh64:{:016x}", hasher.finish()),
        "source": format!("Hallmark {LABEL}"),
        "client_version": format!("v{model}.{revision}.{addition}"),
    });
    Ok(Built {
        digest: Sha256::of(&database),
        database,
        metadata: metadata.to_string().into_bytes(),
        date: list.date,
        advisories,
    })
}

#[derive(Debug)]
struct Maker {
    tables: Tables,
    /// Packages and ratings of NVD that there are already, by their number.
    packages: BTreeMap<String, i64>,
    rated: BTreeMap<String, i64>,
}

impl Maker {
    fn new(date: Timestamp) -> Self {
        let mut tables = Tables::default();
        let when = datetime(date);
        let [model, revision, addition] = VERSION;
        // There are no scores here, and Grype asks for their date all the same.
        tables.scored.push(vec![when.clone()]);
        tables.metadata.push(vec![when.clone(), model.into(), revision.into(), addition.into()]);
        for name in [debian(), NVD.to_owned()] {
            tables.providers.push(vec![
                name.into(),
                "1".into(),
                "hallmark".into(),
                when.clone(),
                Value::from(format!("sha256:{}", Sha256::of(ADVISORIES.as_bytes()))),
            ]);
        }
        for release in Release::ALL {
            let (major, codename) = (release.major().into(), release.codename().into());
            let empty = || Value::from("");
            // Number, name, release, major, minor, label, codename, channel, and two ends of life that nobody says here.
            tables.systems.push(vec![
                Value::Null,
                "debian".into(),
                "debian".into(),
                major,
                empty(),
                empty(),
                codename,
                empty(),
                Value::Null,
                Value::Null,
            ]);
        }
        Self { tables, packages: BTreeMap::new(), rated: BTreeMap::new() }
    }

    /// Adds an advisory. Returns in how many releases it is one.
    fn advisory(&mut self, advisory: &Advisory) -> usize {
        self.rating(advisory);
        let tracker = format!("https://security-tracker.debian.org/tracker/{}", advisory.id);
        let links = std::iter::once(tracker).chain(advisory.links.iter().cloned());
        let blob = json!({
            "id": advisory.id,
            "description": advisory.title,
            "refs": links.map(|url| json!({"url": url})).collect::<Vec<_>>(),
            "severities": [{"scheme": "CHMLN", "value": urgency(advisory.urgency), "rank": 1}],
        });
        let vulnerability = self.vulnerability(&advisory.id, debian(), &blob);
        let package = self.package(&advisory.package);
        for (release, status) in &advisory.releases {
            let blob = self.blob(&affected(status));
            let system = Release::ALL.iter().position(|known| known == release).unwrap_or_default();
            self.tables.affected.push(vec![
                Value::Null,
                vulnerability.into(),
                number(system + 1).into(),
                package.into(),
                blob.into(),
            ]);
        }
        advisory.releases.len()
    }

    /// NVD's word, once for each vulnerability.
    fn rating(&mut self, advisory: &Advisory) {
        let Some(nvd) = &advisory.nvd else { return };
        if self.rated.contains_key(&advisory.id) {
            return;
        }
        let page = format!("https://nvd.nist.gov/vuln/detail/{}", advisory.id);
        let blob = json!({
            "id": advisory.id,
            "description": advisory.title,
            "refs": [{"url": page}],
            "severities": [{"scheme": "CHML", "value": nvd.severity.as_str(), "source": "nvd@nist.gov", "rank": 1}],
        });
        let row = self.vulnerability(&advisory.id, NVD.to_owned(), &blob);
        self.rated.insert(advisory.id.clone(), row);
    }

    fn vulnerability(&mut self, id: &str, provider: String, blob: &Json) -> i64 {
        let blob = self.blob(blob);
        let none = || Value::Null;
        self.tables.vulnerabilities.push(vec![
            Value::Null,
            id.into(),
            "active".into(),
            none(),
            none(),
            none(),
            provider.into(),
            blob.into(),
        ]);
        number(self.tables.vulnerabilities.len())
    }

    fn package(&mut self, name: &str) -> i64 {
        if let Some(known) = self.packages.get(name) {
            return *known;
        }
        self.tables.packages.push(vec![Value::Null, "deb".into(), name.into()]);
        let row = number(self.tables.packages.len());
        self.packages.insert(name.to_owned(), row);
        row
    }

    fn blob(&mut self, blob: &Json) -> i64 {
        self.tables.blobs.push(vec![Value::Null, blob.to_string().into()]);
        number(self.tables.blobs.len())
    }
}

/// Debian's security tracker, as far as the list has it.
fn debian() -> String {
    format!("debian {LABEL}")
}

/// Which versions have it, and whether one has not.
fn affected(status: &Status) -> Json {
    let (constraint, fix) = match status {
        Status::Fixed(version) => (format!("< {version}"), json!({"version": version, "state": "fixed"})),
        Status::NoDsa | Status::Ignored => (String::new(), json!({"state": "wont-fix"})),
        Status::Unfixed | Status::Postponed => (String::new(), json!({"state": "not-fixed"})),
    };
    json!({"ranges": [{"version": {"type": "dpkg", "constraint": constraint}, "fix": fix}]})
}

/// Debian's word in Grype's.
const fn urgency(urgency: Option<Urgency>) -> &'static str {
    match urgency {
        None => "unknown",
        Some(Urgency::Unimportant) => "negligible",
        Some(Urgency::Low) => "low",
        Some(Urgency::Medium) => "medium",
        Some(Urgency::High) => "high",
    }
}

/// As the database's own library writes a time.
fn datetime(date: Timestamp) -> Value {
    Value::from(date.strftime("%Y-%m-%d %H:%M:%S+00:00").to_string())
}

/// A row's number; lists are far shorter than numbers go.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_builds_and_is_the_same_every_time() {
        let built = sample().unwrap();
        assert_eq!(built, sample().unwrap());
        assert!(built.advisories > 30, "{}", built.advisories);
        assert!(built.database.len() < 1 << 20, "{}", built.database.len());
    }

    #[test]
    fn it_has_the_advisories_that_trivys_has() {
        assert_eq!(sample().unwrap().advisories, crate::trivy::sample_db::sample().unwrap().advisories);
    }

    #[test]
    fn an_empty_list_makes_a_database_too_and_a_book_does_not() {
        let mut list = List { date: Timestamp::UNIX_EPOCH, advisories: vec![] };
        assert_eq!(build(&list).unwrap().advisories, 0);
        list.advisories = List::parse(ADVISORIES).unwrap().advisories[..1].to_vec();
        list.advisories[0].title = "x".repeat(1 << 20);
        assert!(build(&list).unwrap_err().to_string().contains("too long"));
    }
}
