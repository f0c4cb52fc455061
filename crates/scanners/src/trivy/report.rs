//! Trivy's JSON report (schema 2) → [`Scan`]. All of it, or an error.

use std::collections::{BTreeMap, BTreeSet};

use model::{Class, Finding, Package, Severity};
use serde::Deserialize as _;
use serde_json::Value;

use super::others;
use super::wire::{Cvss, Os, RawPackage, Report, ResultEntry, Vulnerability};
use crate::{OperatingSystem, ReportError, Scan};

const WHAT: &str = "the Trivy report";
const SCHEMA: u64 = 2;

pub(super) fn read(bytes: &[u8]) -> Result<Scan, ReportError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReportError::Empty { what: WHAT });
    }
    let report: Report = serde_json::from_slice(bytes).map_err(|error| ReportError::json(WHAT, error))?;
    match &report.schema_version {
        Some(version) if version.as_u64() == Some(SCHEMA) => {}
        other => {
            let found = other.as_ref().map_or_else(|| "none".to_owned(), Value::to_string);
            return Err(ReportError::Schema { what: WHAT, found, wanted: SCHEMA });
        }
    }
    let mut scan = Scan {
        scanner: "trivy".into(),
        version: report.trivy.and_then(|tool| tool.version),
        created: report.created_at,
        artifact: report.artifact_name,
        os: report.metadata.and_then(|metadata| metadata.os).and_then(operating_system),
        packages: Vec::new(),
        os_packages: 0,
        findings: Vec::new(),
        suppressed: 0,
        other: 0,
        sources: Vec::new(),
    };
    let mut gathered = Gathered::default();
    for (index, result) in report.results.unwrap_or_default().into_iter().enumerate() {
        take_result(index, result, &mut scan, &mut gathered)?;
    }
    scan.sources = gathered.sources.into_iter().collect();
    Ok(scan)
}

/// Trivy writes `none` when it saw packages but no system they could belong to.
fn operating_system(os: Os) -> Option<OperatingSystem> {
    (!os.family.is_empty() && os.family != "none").then_some(OperatingSystem {
        family: os.family,
        name: os.name,
        end_of_life: os.eosl,
    })
}

/// What is gathered over all results of a report.
#[derive(Default)]
struct Gathered {
    sources: BTreeSet<String>,
    packages: others::Packages,
}

fn take_result(
    index: usize,
    result: ResultEntry,
    scan: &mut Scan,
    gathered: &mut Gathered,
) -> Result<(), ReportError> {
    // Packages are found again by Trivy's own id: a name may be installed twice.
    let mut by_uid = BTreeMap::new();
    for raw in result.packages.unwrap_or_default() {
        if let Some(uid) = &raw.identifier.uid {
            by_uid.insert(uid.clone(), scan.packages.len());
        }
        let package = package(raw);
        let key = (package.name.clone(), package.path.clone());
        gathered.packages.entry(key).or_insert_with(|| package.clone());
        scan.packages.push(package);
        scan.os_packages += usize::from(result.class == "os-pkgs");
    }

    let of = |class: Class, records: Option<Vec<Value>>| {
        let places = records.unwrap_or_default().into_iter().enumerate();
        places.map(move |(place, record)| (class, place, record))
    };
    let mut records: Vec<(Class, usize, Value)> = of(Class::Vulnerability, result.vulnerabilities)
        .chain(of(Class::Misconfiguration, result.misconfigurations))
        .chain(of(Class::Secret, result.secrets))
        .chain(of(Class::License, result.licenses))
        .collect();
    let reported = records.len();
    for (place, modified) in result.modified.unwrap_or_default().into_iter().enumerate() {
        match Class::ALL.into_iter().find(|class| class.as_str() == modified.r#type) {
            Some(class) => records.push((class, place, modified.finding)),
            None => scan.other += 1,
        }
    }
    for (at, (class, place, record)) in records.into_iter().enumerate() {
        let entry = |problem: String| ReportError::Entry {
            what: WHAT,
            place: format!("Results[{index}], {class} {place}"),
            problem,
        };
        let found = if class == Class::Vulnerability {
            vulnerability(record, &by_uid, &scan.packages, &mut gathered.sources).map(Some)
        } else {
            others::read(class, &record, &result.target, &gathered.packages)
        };
        if let Some(finding) = found.map_err(entry)? {
            scan.suppressed += usize::from(at >= reported);
            scan.findings.push(finding);
        }
    }
    Ok(())
}

fn vulnerability(
    record: Value,
    by_uid: &BTreeMap<String, usize>,
    packages: &[Package],
    sources: &mut BTreeSet<String>,
) -> Result<Finding, String> {
    let raw = Vulnerability::deserialize(&record).map_err(|error| error.to_string())?;
    if let Some(source) = raw.data_source.as_ref().filter(|source| !source.name.is_empty()) {
        sources.insert(source.name.clone());
    }
    let known = raw.pkg_identifier.uid.as_ref().and_then(|uid| by_uid.get(uid)).copied();
    finding(raw, known.and_then(|at| packages.get(at)), record)
}

fn package(raw: RawPackage) -> Package {
    let mut version = raw.version;
    if !raw.release.is_empty() {
        version = format!("{version}-{}", raw.release);
    }
    if raw.epoch != 0 {
        version = format!("{}:{version}", raw.epoch);
    }
    Package {
        source: raw.src_name.filter(|source| *source != raw.name && !source.is_empty()),
        name: raw.name,
        version,
        purl: raw.identifier.purl,
        path: raw.file_path.filter(|path| !path.is_empty()),
        layer: raw.layer.name(),
    }
}

fn finding(raw: Vulnerability, known: Option<&Package>, record: Value) -> Result<Finding, String> {
    if raw.id.is_empty() || raw.pkg_name.is_empty() {
        return Err("a finding without a VulnerabilityID or a PkgName".into());
    }
    let severity = severity(raw.severity.as_deref())?;
    let severities = severities(&raw, severity)?;
    let path = raw.pkg_path.filter(|path| !path.is_empty());
    let package = Package {
        name: raw.pkg_name,
        source: known.and_then(|package| package.source.clone()),
        version: raw.installed_version,
        purl: raw.pkg_identifier.purl.or_else(|| known.and_then(|package| package.purl.clone())),
        path: path.or_else(|| known.and_then(|package| package.path.clone())),
        layer: raw.layer.name(),
    };
    Ok(Finding {
        class: Class::Vulnerability,
        id: raw.id,
        aliases: raw.vendor_ids,
        package,
        severity,
        severities,
        fixed_version: raw.fixed_version.filter(|version| !version.trim().is_empty()),
        status: raw.status,
        title: raw.title,
        description: raw.description,
        cvss: cvss(raw.cvss.as_ref()),
        links: links(raw.primary_url, raw.references.unwrap_or_default()),
        published: raw.published_date,
        scanner: "trivy".into(),
        record: Some(record),
    })
}

/// A missing severity is unknown; a word nobody knows is an error, because whatever it means it
/// would be decided wrongly.
pub(super) fn severity(word: Option<&str>) -> Result<Severity, String> {
    match word {
        None | Some("") => Ok(Severity::Unknown),
        Some(word) => word.parse().map_err(|error: model::UnknownSeverity| error.to_string()),
    }
}

/// Trivy numbers the sources' severities: 0 unknown … 4 critical.
fn severities(raw: &Vulnerability, chosen: Severity) -> Result<BTreeMap<String, Severity>, String> {
    const NUMBERED: [Severity; 5] =
        [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let mut severities = BTreeMap::new();
    for (source, number) in raw.vendor_severity.iter().flatten() {
        let severity = NUMBERED
            .get(usize::from(*number))
            .ok_or_else(|| format!("VendorSeverity of {source} is {number}: 0 to 4 are known"))?;
        severities.insert(source.clone(), *severity);
    }
    if let Some(source) = raw.severity_source.as_ref().filter(|source| !source.is_empty()) {
        severities.entry(source.clone()).or_insert(chosen);
    }
    Ok(severities)
}

/// The highest base score of any source and any CVSS version.
fn cvss(sources: Option<&BTreeMap<String, Cvss>>) -> Option<f64> {
    sources?
        .values()
        .flat_map(|cvss| [cvss.v40, cvss.v3, cvss.v2])
        .flatten()
        .filter(|score| (0.0..=10.0).contains(score))
        .reduce(f64::max)
}

/// Only what a browser would take as a web page, each once.
pub(super) fn links(primary: Option<String>, references: Vec<String>) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for link in primary.into_iter().chain(references) {
        if (link.starts_with("https://") || link.starts_with("http://")) && seen.insert(link.clone()) {
            links.push(link);
        }
    }
    links
}
