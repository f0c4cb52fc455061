//! What all findings of one vulnerability say alike: it is read once, and held once.
//!
//! Where a record ends in the very same bytes as one before it, the values in that end are not read again ([`End`]).

use std::collections::{BTreeMap, HashMap};

use model::{CvssScore, CvssVersion, Severity, Shared, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::end::End;
use super::report::severity;
use super::wire::{Cvss, Vulnerability};

/// The vulnerabilities that were seen, each as it was written last.
#[derive(Default)]
pub(super) struct Known(HashMap<String, Seen>);

/// A vulnerability that was seen.
struct Seen {
    end: End,
    /// What it says alike follows from these and from its end.
    primary: String,
    source: String,
    severity: Severity,
    alike: Alike,
}

/// What they say.
#[derive(Default, Clone, PartialEq)]
pub(super) struct Alike {
    pub(super) title: Text,
    pub(super) description: Text,
    pub(super) links: Shared<Vec<String>>,
    pub(super) severities: Shared<BTreeMap<String, Severity>>,
    pub(super) scores: Shared<Vec<CvssScore>>,
}

/// A record as it was read.
pub(super) struct Whole<'a> {
    pub(super) raw: Vulnerability<'a>,
    pub(super) severity: Severity,
    pub(super) alike: Alike,
}

impl Known {
    /// Reads the record that `rest` begins with, if it ends like the one before it; and how long it is. `short` is for
    /// what is read instead.
    pub(super) fn begins<'s>(&self, rest: &[u8], short: &'s mut String) -> Option<(usize, Whole<'s>)> {
        // Whose record it is does not have to be known, only which end to try.
        let seen = self.0.get(first_value(rest)?)?;
        let length = seen.end.shorten(rest, short)?;
        let raw: Vulnerability<'_> = serde_json::from_str(short).ok()?;
        let severity = check(&raw).ok()?;
        seen.is_of(&raw, severity).then(|| (length, Whole { raw, severity, alike: seen.alike.clone() }))
    }

    /// Reads a record.
    pub(super) fn read<'r>(&mut self, record: &'r str) -> Result<Whole<'r>, String> {
        let raw: Vulnerability<'_> = serde_json::from_str(record).map_err(|error| error.to_string())?;
        let severity = check(&raw)?;
        let alike = self.learn(record, &raw, severity)?;
        Ok(Whole { raw, severity, alike })
    }

    fn learn(&mut self, record: &str, raw: &Vulnerability<'_>, severity: Severity) -> Result<Alike, String> {
        let mut alike = read(raw, raw.source(), severity)?;
        if let Some(known) = self.0.get(&*raw.id.0).filter(|known| known.alike == alike) {
            alike = known.alike.clone();
        }
        let seen = Seen {
            end: End::of(record, raw),
            primary: raw.primary().to_owned(),
            source: raw.source().to_owned(),
            severity,
            alike: alike.clone(),
        };
        self.0.insert(raw.id.0.clone().into_owned(), seen);
        Ok(alike)
    }
}

impl Seen {
    fn is_of(&self, raw: &Vulnerability<'_>, severity: Severity) -> bool {
        // None of what is long is in front of the end.
        raw.long().count() == self.end.long()
            && (&*self.primary, &*self.source, self.severity) == (raw.primary(), raw.source(), severity)
    }
}

/// The text that the first member has, where that is a text: Trivy begins with the id.
fn first_value(record: &[u8]) -> Option<&str> {
    std::str::from_utf8(record.split(|byte| *byte == b'"').nth(3)?).ok()
}

/// What every finding has to say; its severity.
fn check(raw: &Vulnerability<'_>) -> Result<Severity, String> {
    if raw.id.0.is_empty() || raw.pkg_name.0.is_empty() {
        return Err("a finding without a VulnerabilityID or a PkgName".into());
    }
    severity(raw.severity.as_ref().map(|severity| &*severity.0))
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
