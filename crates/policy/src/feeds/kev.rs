//! CISA's catalogue of known exploited vulnerabilities: a JSON file that dates itself.

use jiff::Timestamp;
use model::Finding;
use serde::Deserialize;

use super::{Cve, FeedError, cves, moment};

/// Twenty times what the catalogue has today.
const MAX_BYTES: usize = 32 << 20;

/// The vulnerabilities that are known to be exploited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kev {
    date: Option<Timestamp>,
    version: String,
    /// Sorted.
    listed: Vec<Cve>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    catalog_version: String,
    date_released: Option<String>,
    count: Option<u64>,
    vulnerabilities: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
}

impl Kev {
    /// Reads CISA's JSON.
    ///
    /// # Errors
    /// It is too long, no JSON of that shape, names something else than CVE ids, or lacks some.
    pub fn parse(bytes: &[u8]) -> Result<Self, FeedError> {
        if bytes.len() > MAX_BYTES {
            return Err(wrong(format!("it has more than {} MiB", MAX_BYTES >> 20)));
        }
        let read: Catalogue = serde_json::from_slice(bytes)
            .map_err(|error| wrong(format!("it is no catalogue of exploited vulnerabilities: {error}")))?;
        let date = match read.date_released.as_deref() {
            Some(text) => Some(moment(text).ok_or_else(|| wrong("its `dateReleased` is no date".into()))?),
            None => None,
        };
        let found = read.vulnerabilities.len() as u64;
        if let Some(count) = read.count.filter(|count| *count != found) {
            return Err(wrong(format!("it says that it lists {count} vulnerabilities, and lists {found}")));
        }
        let entry = |(at, entry): (usize, &Entry)| {
            Cve::parse(&entry.cve).ok_or_else(|| wrong(format!("its entry {} is no CVE id", at + 1)))
        };
        let mut listed = read.vulnerabilities.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>()?;
        if listed.is_empty() {
            return Err(wrong("it lists nothing".into()));
        }
        listed.sort_unstable();
        listed.dedup();
        Ok(Self { date, version: read.catalog_version, listed })
    }

    /// When it was released, by its own word.
    #[must_use]
    pub const fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// Its version, by its own word. Hostile text.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many vulnerabilities it lists.
    #[must_use]
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    /// Never: a catalogue that lists nothing is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// Whether one of a finding's CVE ids is listed.
    #[must_use]
    pub fn lists(&self, finding: &Finding) -> bool {
        cves(finding).any(|cve| self.listed.binary_search(&cve).is_ok())
    }
}

fn wrong(what: String) -> FeedError {
    FeedError { feed: "KEV", what }
}
