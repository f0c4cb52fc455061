//! What all findings of one vulnerability say alike: it is read once, and held once.
//!
//! What is compared is the text of the report: only what is written in the very same bytes is taken for the same.

use std::collections::{BTreeMap, HashMap};

use model::{CvssScore, CvssVersion, Severity, Shared, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Cvss, Vulnerability};

/// The vulnerabilities that were seen, each as it was written last.
#[derive(Default)]
pub(super) struct Known(HashMap<String, Alike>);

/// What they say.
#[derive(Default, Clone)]
pub(super) struct Alike {
    pub(super) title: Text,
    pub(super) description: Text,
    pub(super) links: Shared<Vec<String>>,
    pub(super) severities: Shared<BTreeMap<String, Severity>>,
    pub(super) scores: Shared<Vec<CvssScore>>,
    /// What it was read from: the parts one after the other, each with its length.
    written: Vec<u8>,
}

impl Known {
    pub(super) fn of(&mut self, raw: &Vulnerability<'_>, chosen: Severity) -> Result<&Alike, String> {
        let id = &*raw.id.0;
        let source = raw.severity_source.as_ref().map_or("", |source| &*source.0);
        let parts =
            [raw.title, raw.description, raw.vendor_severity, raw.cvss, raw.references, raw.primary_url]
                .map(|part| part.map_or("", RawValue::get));
        let parts = parts.into_iter().chain([source, chosen.as_str()]);
        let same = self.0.get(id).is_some_and(|known| known.is_of(parts.clone()));
        if !same {
            let mut alike = read(raw, source, chosen)?;
            for part in parts {
                alike.written.extend_from_slice(&part.len().to_le_bytes());
                alike.written.extend_from_slice(part.as_bytes());
            }
            self.0.insert(id.to_owned(), alike);
        }
        self.0.get(id).ok_or_else(|| "it could not be kept".into())
    }
}

impl Alike {
    fn is_of<'p>(&self, parts: impl Iterator<Item = &'p str>) -> bool {
        let mut rest = self.written.as_slice();
        for part in parts {
            let next = rest.strip_prefix(part.len().to_le_bytes().as_slice());
            match next.and_then(|next| next.strip_prefix(part.as_bytes())) {
                Some(next) => rest = next,
                None => return false,
            }
        }
        rest.is_empty()
    }
}

fn read(raw: &Vulnerability<'_>, source: &str, chosen: Severity) -> Result<Alike, String> {
    let primary: Option<String> = parse("PrimaryURL", raw.primary_url)?;
    let references: Option<Vec<String>> = parse("References", raw.references)?;
    let cvss: Option<BTreeMap<String, Cvss>> = parse("CVSS", raw.cvss)?;
    let vendors: Option<BTreeMap<String, u8>> = parse("VendorSeverity", raw.vendor_severity)?;
    Ok(Alike {
        title: text("Title", raw.title)?,
        description: text("Description", raw.description)?,
        links: crate::links(primary.into_iter().chain(references.unwrap_or_default())).into(),
        severities: severities(vendors.unwrap_or_default(), source, chosen)?.into(),
        scores: scores(cvss.unwrap_or_default()).into(),
        written: Vec::new(),
    })
}

fn text(name: &str, raw: Option<&RawValue>) -> Result<Text, String> {
    Ok(parse::<Text>(name, raw)?.unwrap_or_default())
}

fn parse<'a, T: Deserialize<'a>>(name: &str, raw: Option<&'a RawValue>) -> Result<Option<T>, String> {
    let parsed = raw.map(|raw| serde_json::from_str(raw.get())).transpose();
    parsed.map_err(|error| format!("{name}: {error}"))
}

/// Trivy numbers the sources' severities: 0 unknown … 4 critical.
fn severities(
    vendors: BTreeMap<String, u8>,
    source: &str,
    chosen: Severity,
) -> Result<BTreeMap<String, Severity>, String> {
    const NUMBERED: [Severity; 5] =
        [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let mut severities = BTreeMap::new();
    for (vendor, number) in vendors {
        let severity = NUMBERED
            .get(usize::from(number))
            .ok_or_else(|| format!("VendorSeverity of {vendor} is {number}: 0 to 4 are known"))?;
        severities.insert(vendor, *severity);
    }
    if !source.is_empty() {
        severities.entry(source.to_owned()).or_insert(chosen);
    }
    Ok(severities)
}

/// Every score of every source, newest version of CVSS first.
fn scores(sources: BTreeMap<String, Cvss>) -> Vec<CvssScore> {
    let mut scores = Vec::new();
    for (source, cvss) in sources {
        let v3 = cvss.v3_vector.as_deref().and_then(CvssVersion::of_vector).unwrap_or(CvssVersion::V31);
        for (version, score, vector) in [
            (CvssVersion::V40, cvss.v40, cvss.v40_vector),
            (v3, cvss.v3, cvss.v3_vector),
            (CvssVersion::V2, cvss.v2, cvss.v2_vector),
        ] {
            let Some(score) = score else { continue };
            scores.push(CvssScore { source: source.clone(), version, vector, score });
        }
    }
    scores
}
