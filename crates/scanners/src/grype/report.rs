//! Grype's JSON report → [`Scan`]. All of it, or an error.
//!
//! Grype's JSON has no number of its schema. What is read is a report that calls itself Grype's and has its list of
//! matches; each match has to name a vulnerability and a package, in words that are known here.

use std::collections::{BTreeMap, BTreeSet};

use model::{Class, CvssScore, CvssVersion, Epss, Finding, Kev, Package, Record, Severity};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::{
    Artifact, Cvss, Descriptor, Distro, Fix, Match, PackageAlerts, Report, Source, Vulnerability,
};
use crate::{OperatingSystem, ReportError, Scan, sbom};

const WHAT: &str = "the Grype report";
/// How long a title may become that is made of a description.
const TITLE: usize = 160;

pub(super) fn read(bytes: &[u8]) -> Result<Scan, ReportError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReportError::Empty { what: WHAT });
    }
    let report: Report<'_> = serde_json::from_slice(bytes).map_err(|error| ReportError::json(WHAT, error))?;
    let entry =
        |place: &str, problem: String| ReportError::Entry { what: WHAT, place: place.to_owned(), problem };
    let descriptor = report.descriptor.filter(|descriptor| descriptor.name == "grype");
    let descriptor =
        descriptor.ok_or_else(|| entry("descriptor", "it does not say that Grype made it".into()))?;
    let matches =
        report.matches.ok_or_else(|| entry("matches", "there are none, not even an empty list".into()))?;
    let mut sources = providers(&descriptor)?;
    let mut scan = Scan {
        version: descriptor.version,
        created: descriptor.timestamp,
        artifact: artifact(report.source),
        os: system(report.distro, &report.alerts_by_package.unwrap_or_default()),
        ..Scan::by("grype")
    };
    for (list, records) in
        [("matches", matches), ("ignoredMatches", report.ignored_matches.unwrap_or_default())]
    {
        for (at, record) in records.into_iter().enumerate() {
            let mut finding =
                finding(record, &mut sources).map_err(|problem| entry(&format!("{list}[{at}]"), problem))?;
            finding.record = Record::of(record.get(), bytes);
            scan.suppressed += usize::from(list != "matches");
            scan.findings.push(finding);
        }
    }
    scan.sources = sources.into_iter().collect();
    Ok(scan)
}

/// The providers of the database that was used, which was none that Grype itself refuses.
fn providers(descriptor: &Descriptor) -> Result<BTreeSet<String>, ReportError> {
    let Some(db) = &descriptor.db else { return Ok(BTreeSet::new()) };
    if let Some(status) = db.status.as_ref().filter(|status| !status.error.is_empty()) {
        return Err(ReportError::Entry {
            what: WHAT,
            place: "descriptor.db.status".into(),
            problem: format!("the database that was used is not valid: {}", status.error),
        });
    }
    Ok(db.providers.iter().flatten().map(|(name, _)| name.clone()).collect())
}

/// A path or name; of a container image, an object has what was asked for.
fn artifact(source: Option<Source>) -> String {
    match source.map(|source| source.target) {
        Some(Value::String(target)) => target,
        Some(target) => target.get("userInput").and_then(Value::as_str).unwrap_or_default().to_owned(),
        None => String::new(),
    }
}

/// Grype writes empty names where it recognised no system.
fn system(distro: Option<Distro>, alerts: &[PackageAlerts]) -> Option<OperatingSystem> {
    let Distro { name, version } = distro.filter(|distro| !distro.name.is_empty())?;
    let end_of_life = alerts.iter().flat_map(|of| &of.alerts).any(|alert| alert.r#type == "distro-eol");
    Some(OperatingSystem { family: name, name: version, end_of_life })
}

fn finding(record: &RawValue, sources: &mut BTreeSet<String>) -> Result<Finding, String> {
    let found: Match = serde_json::from_str(record.get()).map_err(|error| error.to_string())?;
    let (vulnerability, related) = (found.vulnerability, found.related_vulnerabilities);
    if vulnerability.id.is_empty() || found.artifact.name.is_empty() {
        return Err("a match without a vulnerability's id or an artifact's name".into());
    }
    if !vulnerability.namespace.is_empty() {
        sources.insert(vulnerability.namespace.clone());
    }
    let severities = severities(&vulnerability, &related)?;
    let own = severity(&vulnerability)?;
    let (severity, by) = match own {
        Severity::Unknown => worst(&severities),
        known => (known, Some(source(&vulnerability))),
    };
    let (fixed_version, status) = fix(vulnerability.fix.as_ref())?;
    let all = || [&vulnerability].into_iter().chain(&related);
    let finding = Finding {
        aliases: aliases(&vulnerability, &related),
        package: package(found.artifact),
        severity,
        severity_source: by,
        severities: severities.into(),
        fixed_version,
        status,
        description: all()
            .map(|one| one.description.trim())
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .into(),
        epss: all().flat_map(|one| &one.epss).max_by(|a, b| a.epss.total_cmp(&b.epss)).map(|one| Epss {
            score: one.epss,
            percentile: one.percentile,
            date: one.date.clone(),
        }),
        kev: all().flat_map(|one| &one.known_exploited).next().map(|one| Kev {
            added: one.date_added.clone(),
            ransomware: one.known_ransomware_campaign_use.eq_ignore_ascii_case("known"),
        }),
        links: links(&vulnerability, &related).into(),
        ..Finding::new(Class::Vulnerability, vulnerability.id.clone(), "grype")
    };
    let title = title(&finding.description).into();
    let scores = all().flat_map(|one| &one.cvss).map(score).collect::<Result<Vec<_>, _>>()?;
    Ok(Finding { title, ..finding.scored(scores) })
}

/// Who a record is by: `nvd:cpe`, `debian:distro:debian:13`.
fn source(vulnerability: &Vulnerability) -> String {
    match vulnerability.namespace.split_once(':') {
        Some((first, _)) => first.to_owned(),
        None => vulnerability.namespace.clone(),
    }
}

/// What each provider says. Where one has several records, the worst of them.
fn severities(
    vulnerability: &Vulnerability,
    related: &[Vulnerability],
) -> Result<BTreeMap<String, Severity>, String> {
    let mut severities: BTreeMap<String, Severity> = BTreeMap::new();
    for one in std::iter::once(vulnerability).chain(related) {
        let said = severity(one)?;
        let known = severities.entry(source(one)).or_insert(said);
        if *known == Severity::Unknown
            || (said != Severity::Unknown && said.rank_for_decision() > known.rank_for_decision())
        {
            *known = said;
        }
    }
    Ok(severities)
}

/// The fixed versions, and the distribution's word in the words that all scanners share.
fn fix(fix: Option<&Fix>) -> Result<(Option<String>, Option<String>), String> {
    let Some(fix) = fix else { return Ok((None, None)) };
    let versions: Vec<&str> =
        fix.versions.iter().map(|version| version.trim()).filter(|version| !version.is_empty()).collect();
    let status = match fix.state.as_str() {
        "fixed" => "fixed",
        "not-fixed" => "affected",
        "wont-fix" => "will_not_fix",
        "unknown" | "" => return Ok((None, None)),
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(format!("the fix.state `{other}`: fixed, not-fixed, wont-fix and unknown are known"));
        }
    };
    let fixed = (status == "fixed" && !versions.is_empty()).then(|| versions.join(", "));
    Ok((fixed, Some(status.to_owned())))
}

/// Grype has no titles: the first line of the description, shortened.
fn title(description: &str) -> String {
    let line = description.lines().next().unwrap_or_default().trim();
    if line.chars().count() <= TITLE {
        return line.to_owned();
    }
    let begin: String = line.chars().take(TITLE - 1).collect();
    format!("{}…", begin.trim_end())
}

/// A word nobody knows is an error, because whatever it means it would be decided wrongly.
fn severity(vulnerability: &Vulnerability) -> Result<Severity, String> {
    match vulnerability.severity.as_deref() {
        None | Some("") => Ok(Severity::Unknown),
        Some(word) => word.parse().map_err(|error: model::UnknownSeverity| error.to_string()),
    }
}

fn worst(severities: &BTreeMap<String, Severity>) -> (Severity, Option<String>) {
    let known = severities.iter().filter(|(_, severity)| **severity != Severity::Unknown);
    match known.max_by_key(|(_, severity)| severity.rank_for_decision()) {
        Some((source, severity)) => (*severity, Some(source.clone())),
        None => (Severity::Unknown, None),
    }
}

fn aliases(vulnerability: &Vulnerability, related: &[Vulnerability]) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    let others = related.iter().map(|one| &one.id);
    for id in others.chain(vulnerability.advisories.iter().map(|advisory| &advisory.id)) {
        if !id.is_empty() && *id != vulnerability.id && !aliases.contains(id) {
            aliases.push(id.clone());
        }
    }
    aliases
}

fn links(vulnerability: &Vulnerability, related: &[Vulnerability]) -> Vec<String> {
    let of = |one: &Vulnerability| {
        std::iter::once(one.data_source.clone())
            .chain(one.advisories.iter().map(|advisory| advisory.link.clone()))
            .chain(one.urls.iter().cloned())
            .collect::<Vec<_>>()
    };
    crate::links(of(vulnerability).into_iter().chain(related.iter().flat_map(of)))
}

fn score(cvss: &Cvss) -> Result<CvssScore, String> {
    let by_vector = cvss.vector.as_deref().and_then(CvssVersion::of_vector);
    let by_name = match cvss.version.as_str() {
        "2.0" | "2" => Some(CvssVersion::V2),
        "3.0" => Some(CvssVersion::V30),
        "3.1" => Some(CvssVersion::V31),
        "4.0" | "4" => Some(CvssVersion::V40),
        _ => None,
    };
    let version = by_vector.or(by_name).ok_or_else(|| {
        let version: String = cvss.version.chars().take(20).collect();
        format!("CVSS version `{version}`: 2.0 to 4.0 are known")
    })?;
    Ok(CvssScore {
        source: cvss.source.clone(),
        version,
        vector: cvss.vector.clone(),
        score: cvss.metrics.base_score,
    })
}

fn package(artifact: Artifact) -> Package {
    let of_a_system = matches!(artifact.r#type.as_str(), "deb" | "rpm" | "apk" | "alpm")
        || sbom::is_of_a_system(&artifact.purl);
    let location = artifact.locations.into_iter().find(|location| !location.path.is_empty());
    let (path, layer) = location.map(|one| (one.path, one.layer_id)).unwrap_or_default();
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let source = artifact.upstreams.into_iter().map(|one| one.name).find(|name| !name.is_empty());
    Package {
        source: source.filter(|source| *source != artifact.name),
        name: artifact.name,
        version: artifact.version,
        purl: given(artifact.purl),
        // A package of the system is what the package manager says, in whatever file that is.
        // Of others the path is as other scanners write it: from the root, without a `/` first.
        path: given(path.trim_start_matches('/').to_owned()).filter(|_| !of_a_system),
        layer: given(layer),
    }
}
