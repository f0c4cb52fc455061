//! SARIF 2.1.0 for code scanning: one run, one rule per vulnerability, kind of secret, licence or
//! check, one result per finding.
//!
//! GitHub identifies an alert by rule, file path and `primaryLocationLineHash`. So all findings of
//! an image family sit on one fixed file, the hash is the finding's fingerprint, and the category
//! is family and architecture: a rebuild changes nothing but what really changed.

mod text;

use std::collections::BTreeMap;

use model::{Class, Finding, Severity};
use serde_json::{Value, json};
use serde_sarif::sarif::Sarif;

use text::{escaped, plain, slug, uri};

/// GitHub keeps 5,000 results of a run. We choose which, and say how many were cut.
pub const MAX_RESULTS: usize = 5_000;

const MAX_NAME: usize = 255;
const MAX_DESCRIPTION: usize = 1_024;
const MAX_HELP: usize = 8_192;
const MAX_LINKS: usize = 5;
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What a run says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run<'a> {
    /// The scanner: `Trivy`.
    pub tool: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its home page.
    pub information_uri: &'a str,
    /// The image family, part of each fingerprint and of the category.
    pub family: &'a str,
    /// The architecture, part of the category.
    pub architecture: &'a str,
    /// The file of the repository that the family's findings sit on, relative to its root. It must
    /// never change for a family: moving findings to another file churns every alert.
    pub location: &'a str,
}

/// One finding, and why it is suppressed if it is.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The reason of the exception that suppresses it.
    pub suppressed: Option<&'a str>,
}

impl<'a> From<&'a Finding> for Entry<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self { finding, suppressed: None }
    }
}

/// A log that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the SARIF log could not be written: {0}")]
pub struct SarifError(#[from] serde_json::Error);

/// The category of an upload: family and architecture, and nothing that changes with a rebuild.
#[must_use]
pub fn category(family: &str, architecture: &str) -> String {
    format!("hallmark/{}/{}", slug(family), slug(architecture))
}

/// The log as bytes, pretty-printed.
///
/// # Errors
/// [`SarifError`], which only an unrepresentable value could cause.
pub fn to_bytes<'a>(
    run: &Run<'_>,
    entries: impl IntoIterator<Item = Entry<'a>>,
) -> Result<Vec<u8>, SarifError> {
    let mut bytes = serde_json::to_vec_pretty(&log(run, entries)?)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The log as typed SARIF: sorted (worst first, then by id, package and path, so that equal input
/// in any order gives equal bytes) and trimmed to [`MAX_RESULTS`].
///
/// # Errors
/// [`SarifError`], which only a value outside the SARIF schema could cause.
pub fn log<'a>(run: &Run<'_>, entries: impl IntoIterator<Item = Entry<'a>>) -> Result<Sarif, SarifError> {
    let mut rows: Vec<Row<'_>> = entries.into_iter().map(|entry| Row::new(entry, run.family)).collect();
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
    rows.dedup_by(|a, b| a.order() == b.order());
    let cut = rows.len().saturating_sub(MAX_RESULTS);
    let suppressed = rows.iter().filter(|row| row.entry.suppressed.is_some()).count();
    rows.truncate(MAX_RESULTS);

    let rules = Rules::of(&rows);
    let results: Vec<Value> = rows.iter().map(|row| result(run, row, &rules)).collect();
    // Through JSON and back into the typed form: what is returned is SARIF by its types, and the
    // builders' hundred optional members stay out of sight.
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": plain(run.tool, MAX_NAME),
                "version": plain(run.version, MAX_NAME),
                "informationUri": run.information_uri,
                "rules": rules.rendered,
            }},
            // The last `/` ends the category; what follows would be a run's id.
            "automationDetails": {"id": format!("{}/", category(run.family, run.architecture))},
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {"hallmark": {
                "cutResults": cut, "keptResults": rows.len(), "suppressedResults": suppressed,
            }},
        }],
    });
    Ok(serde_json::from_value(log)?)
}

struct Row<'a> {
    entry: Entry<'a>,
    fingerprint: String,
}

impl<'a> Row<'a> {
    fn new(entry: Entry<'a>, family: &str) -> Self {
        Self { entry, fingerprint: entry.finding.fingerprint(family).to_string() }
    }

    fn order(&self) -> impl Ord + '_ {
        let finding = self.entry.finding;
        (
            // What an exception suppresses is cut before what stands.
            self.entry.suppressed.is_some(),
            std::cmp::Reverse(finding.severity.rank_for_decision()),
            finding.class,
            &finding.id,
            &finding.package,
            &self.fingerprint,
            &finding.scanner,
        )
    }
}

/// The rules that the kept results use, by vulnerability id.
struct Rules {
    index: BTreeMap<String, usize>,
    rendered: Vec<Value>,
}

impl Rules {
    fn of(rows: &[Row<'_>]) -> Self {
        let mut by_id: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
        for row in rows {
            by_id.entry(rule_id(row.entry.finding)).or_default().push(row.entry.finding);
        }
        let index = by_id.keys().enumerate().map(|(at, id)| (id.clone(), at)).collect();
        let rendered = by_id.iter().map(|(id, findings)| rule(id, findings)).collect();
        Self { index, rendered }
    }
}

/// A vulnerability's own id; of another class the class before it, so that no two rules have one name.
fn rule_id(finding: &Finding) -> String {
    match finding.class {
        Class::Vulnerability => finding.id.clone(),
        class => format!("{class}/{}", finding.id),
    }
}

fn rule(id: &str, findings: &[&Finding]) -> Value {
    let worst = findings.iter().map(|f| f.severity).max_by_key(|s| s.rank_for_decision());
    let severity = worst.unwrap_or(Severity::Unknown);
    let cvss = findings.iter().filter_map(|f| f.cvss).max_by(f64::total_cmp);
    let first = findings.first();
    let title = first.map_or("", |f| f.title.as_str());
    let description = first.map_or("", |f| f.description.as_str());
    let class = first.map_or(Class::Vulnerability, |f| f.class);
    let short = if title.trim().is_empty() { id } else { title };
    let mut rule = json!({
        "id": plain(id, MAX_NAME),
        "name": plain(id, MAX_NAME),
        "shortDescription": {"text": escaped(short, MAX_DESCRIPTION)},
        "fullDescription": {"text": escaped(if description.is_empty() { short } else { description }, MAX_DESCRIPTION)},
        "defaultConfiguration": {"level": level(severity)},
        "help": {"text": escaped(&help(id, short, description, findings), MAX_HELP)},
        "properties": {
            "tags": ["security", class.as_str(), severity.as_str()],
            "security-severity": security_severity(severity, cvss),
            "precision": precision(class),
        },
    });
    if let Some(link) = links(findings).into_iter().next()
        && let Some(rule) = rule.as_object_mut()
    {
        rule.insert("helpUri".into(), json!(link));
    }
    rule
}

/// A vulnerability comes from an advisory; the others are by patterns and checks, and may be wrong.
const fn precision(class: Class) -> &'static str {
    match class {
        Class::Vulnerability => "very-high",
        Class::Secret | Class::License | Class::Misconfiguration => "high",
    }
}

fn help(id: &str, title: &str, description: &str, findings: &[&Finding]) -> String {
    let mut text = format!("{id}: {title}\n\n{description}\n");
    for link in links(findings) {
        text.push_str(&link);
        text.push('\n');
    }
    text
}

/// Only plain web addresses: a viewer makes these clickable.
fn links(findings: &[&Finding]) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    for link in findings.iter().flat_map(|f| &f.links) {
        let plain_address = (link.starts_with("https://") || link.starts_with("http://"))
            && link.len() < 2_000
            && link.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}[]".contains(&b));
        if plain_address && !links.contains(link) && links.len() < MAX_LINKS {
            links.push(link.clone());
        }
    }
    links
}

fn result(run: &Run<'_>, row: &Row<'_>, rules: &Rules) -> Value {
    let finding = row.entry.finding;
    let package = &finding.package;
    let rule_id = rule_id(finding);
    let mut result = json!({
        "ruleId": plain(&rule_id, MAX_NAME),
        "ruleIndex": rules.index.get(&rule_id),
        "level": level(finding.severity),
        "message": {"text": escaped(&sentence(finding), MAX_DESCRIPTION)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(run.location)},
                "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
            },
            "message": {"text": escaped(&format!("image family {}", run.family), MAX_DESCRIPTION)},
        }],
        "partialFingerprints": {"primaryLocationLineHash": format!("{}:1", row.fingerprint)},
        "properties": {
            "package": package.name,
            "version": package.version,
            "purl": package.purl,
            "fixedVersion": finding.fixed_version,
            "severity": finding.severity.as_str(),
            "scanner": finding.scanner,
            "class": finding.class.as_str(),
            "path": package.path,
        },
    });
    if let Some(why) = row.entry.suppressed
        && let Some(result) = result.as_object_mut()
    {
        let note = json!([{"kind": "external", "status": "accepted", "justification": escaped(why, MAX_DESCRIPTION)}]);
        result.insert("suppressions".into(), note);
    }
    result
}

/// What was found, and where.
fn sentence(finding: &Finding) -> String {
    let Finding { id, package, severity, title, .. } = finding;
    let path = package.path.as_deref();
    if finding.class != Class::Vulnerability {
        let place = match (package.name.as_str(), path) {
            ("", path) => path.unwrap_or("the image").to_owned(),
            (name, None) => name.to_owned(),
            (name, Some(path)) => format!("{name}, at {path}"),
        };
        return format!("{}: {id} in {place} ({severity}): {title}", finding.class);
    }
    let fix = finding
        .fixed_version
        .as_deref()
        .map_or_else(|| "no fixed version is known".to_owned(), |version| format!("fixed in {version}"));
    let place = path.map(|path| format!(", at {path}")).unwrap_or_default();
    format!("{id} in {} {} ({severity}{place}): {fix}. {title}", package.name, package.version)
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Unknown => "warning",
        Severity::Low | Severity::Negligible => "note",
    }
}

/// GitHub's own bands: over 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low. A CVSS score
/// is shown only where it lies in the band of the severity that decides, so that the Security tab
/// and the verdict never disagree.
fn security_severity(severity: Severity, cvss: Option<f64>) -> String {
    let (least, greatest, usual) = match severity {
        Severity::Critical => (9.1, 10.0, 9.5),
        Severity::High => (7.0, 8.9, 8.0),
        Severity::Medium | Severity::Unknown => (4.0, 6.9, 5.5),
        Severity::Low => (0.1, 3.9, 2.0),
        Severity::Negligible => (0.1, 3.9, 0.1),
    };
    let score = cvss.filter(|score| (least..=greatest).contains(score)).unwrap_or(usual);
    format!("{score:.1}")
}

#[cfg(test)]
mod tests;
