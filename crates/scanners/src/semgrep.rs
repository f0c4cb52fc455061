//! Semgrep: weaknesses in code, by local rules.
//!
//! # Which severity counts
//! The rule's own: `CRITICAL`, `HIGH`, `MEDIUM`, `LOW` as they are; of the older words `ERROR` is high, `WARNING`
//! medium, `INFO` low; `INVENTORY` and `EXPERIMENT` are negligible. Any other word is unknown. The `impact` that a
//! rule's metadata names is kept beside it.
//!
//! # What is no whole scan
//! A report that has errors of the level `error` or `warn` (a file that was not or only partly parsed, a rule that took
//! too long), or that says it skipped a file that the rules are about, or a rule.

use std::collections::BTreeMap;
use std::ffi::OsString;

use model::{Class, Finding, Region, Severity};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::entry::{Entry, file, not_empty, quoted, wrong};
use crate::{Log, Options, ReportError, Scan, Scanner, Target, TargetKind};

const WHAT: &str = "the Semgrep report";

/// Why Semgrep leaves files alone that its rules are about. Other reasons (another language, no text) leave nothing out.
const GAPS: [&str; 6] = [
    "analysis_failed_parser_or_internal_error",
    "exceeded_size_limit",
    "too_big",
    "too_many_matches",
    "insufficient_permissions",
    "nonexistent_file",
];

/// Semgrep, by Semgrep, Inc.
#[derive(Debug, Clone, Copy)]
pub struct Semgrep;

impl Log for Semgrep {
    fn title(&self) -> &'static str {
        "Semgrep"
    }

    /// Its report says it, more exactly.
    fn tells_of_a_gap(&self, _line: &str) -> bool {
        false
    }

    fn is_error(&self, line: &str) -> bool {
        line.starts_with("[ERROR]") || line.starts_with("[CRITICAL]") || line.starts_with("Error")
    }

    fn message<'l>(&self, line: &'l str) -> &'l str {
        line.split_once("] ").filter(|_| line.starts_with('[')).map_or(line, |(_, message)| message)
    }
}

impl Scanner for Semgrep {
    fn name(&self) -> &'static str {
        "semgrep"
    }

    fn uri(&self) -> &'static str {
        "https://github.com/semgrep/semgrep"
    }

    fn looks_for(&self, kind: TargetKind) -> &'static [Class] {
        match kind {
            TargetKind::Source => &[Class::Weakness],
            _ => &[],
        }
    }

    fn judges_packages(&self) -> bool {
        false
    }

    /// The rules are `options.rules`: nothing is fetched. Comments and files that tell it to leave something out are
    /// not heeded; ids are those of the rules, wherever their files lie.
    fn arguments(&self, target: &Target<'_>, options: &Options<'_>) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = [
            "scan",
            "--json",
            "--metrics=off",
            "--disable-version-check",
            "--disable-nosem",
            "--no-git-ignore",
            "--x-ignore-semgrepignore-files",
            "--no-rewrite-rule-ids",
            "--max-target-bytes=0",
            "--timeout=120",
            "--timeout-threshold=0",
            // Says which files were skipped.
            "--verbose",
            "--output",
        ]
        .map(OsString::from)
        .into();
        arguments.push(options.output.into());
        for rules in options.rules {
            arguments.extend(["--config".into(), OsString::from(rules)]);
        }
        arguments.push("--".into());
        arguments.extend(target.path().map(OsString::from));
        arguments
    }

    fn read_report(&self, bytes: &[u8]) -> Result<Scan, ReportError> {
        read(bytes)
    }
}

#[derive(Deserialize)]
struct Report<'a> {
    version: Option<String>,
    #[serde(borrow)]
    results: Option<Vec<&'a RawValue>>,
    errors: Option<Vec<Problem>>,
    paths: Option<Paths>,
    #[serde(default)]
    skipped_rules: Vec<Value>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    level: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Paths {
    scanned: Vec<String>,
    #[serde(default)]
    skipped: Vec<Skipped>,
}

#[derive(Deserialize)]
struct Skipped {
    #[serde(default)]
    path: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct Found {
    check_id: String,
    path: String,
    start: Position,
    end: Position,
    extra: Extra,
}

#[derive(Deserialize)]
struct Position {
    line: u64,
}

#[derive(Deserialize)]
struct Extra {
    #[serde(default)]
    message: String,
    severity: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    is_ignored: bool,
}

/// People write one word where a list is meant.
#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    cwe: Value,
    #[serde(default)]
    impact: Value,
    #[serde(default)]
    likelihood: Value,
    #[serde(default)]
    confidence: Value,
    #[serde(default)]
    references: Value,
}

fn read(bytes: &[u8]) -> Result<Scan, ReportError> {
    not_empty(WHAT, bytes)?;
    let report: Report<'_> = serde_json::from_slice(bytes).map_err(|error| ReportError::json(WHAT, error))?;
    let lacks = |member: &str| wrong(WHAT, member, "it is not there, and every report of Semgrep has it");
    let errors = report.errors.ok_or_else(|| lacks("errors"))?;
    let paths = report.paths.ok_or_else(|| lacks("paths"))?;
    whole(&errors, &paths, &report.skipped_rules)?;
    let mut scan = Scan {
        version: Some(report.version.ok_or_else(|| lacks("version"))?),
        files: Some(paths.scanned.len() as u64),
        ..Scan::by("semgrep")
    };
    for (at, record) in report.results.ok_or_else(|| lacks("results"))?.into_iter().enumerate() {
        let entry = Entry { what: WHAT, list: "results", at };
        let (found, lies) = entry.read::<Found>(record, bytes)?;
        scan.suppressed += usize::from(found.extra.is_ignored);
        scan.findings.push(Finding { record: lies, ..finding(found, &entry)? });
    }
    Ok(scan)
}

/// Whether all files were looked at with all rules.
fn whole(errors: &[Problem], paths: &Paths, skipped_rules: &[Value]) -> Result<(), ReportError> {
    let told = |level: &str| !level.eq_ignore_ascii_case("info");
    if let Some(error) = errors.iter().find(|error| told(&error.level)) {
        let first: String = error.message.lines().collect::<Vec<_>>().join(" ").chars().take(400).collect();
        return Err(wrong(
            WHAT,
            "errors",
            format!(
                "it left something out, so it is no whole scan: {first}. Mend the file or the rule, or exclude the file"
            ),
        ));
    }
    if let Some(skipped) = paths.skipped.iter().find(|skipped| GAPS.contains(&skipped.reason.as_str())) {
        let (path, reason) = (quoted(&skipped.path), quoted(&skipped.reason));
        return Err(wrong(
            WHAT,
            "paths.skipped",
            format!("{path} was left out ({reason}), so it is no whole scan"),
        ));
    }
    if !skipped_rules.is_empty() {
        return Err(wrong(WHAT, "skipped_rules", format!("{} rules were left out", skipped_rules.len())));
    }
    Ok(())
}

fn finding(found: Found, entry: &Entry<'_>) -> Result<Finding, ReportError> {
    let Found { check_id, path, start, end, extra } = found;
    if check_id.is_empty() {
        return Err(entry.wrong("it names no rule"));
    }
    let metadata = extra.metadata;
    let rated = severity(&extra.severity);
    let mut severities = BTreeMap::from([("rule".to_owned(), rated)]);
    if let Some(impact) = metadata.impact.as_str() {
        severities.insert("impact".into(), severity(impact));
    }
    let title = extra.message.lines().next().unwrap_or_default().to_owned();
    let mut description = vec![extra.message.trim().to_owned()];
    description.extend(words(&metadata.cwe));
    for (name, value) in [
        ("Impact", &metadata.impact),
        ("Likelihood", &metadata.likelihood),
        ("Confidence", &metadata.confidence),
    ] {
        description.extend(value.as_str().map(|word| format!("{name}: {word}")));
    }
    Ok(Finding {
        package: file(&path).ok_or_else(|| entry.wrong("it names no file"))?,
        region: Region::of(Some(start.line), Some(end.line)),
        severity: rated,
        severity_source: Some("rule".into()),
        severities: severities.into(),
        title: title.into(),
        description: description.join("\n").into(),
        links: crate::links(words(&metadata.references)).into(),
        ..Finding::new(Class::Weakness, check_id, "semgrep")
    })
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(word) => vec![word.clone()],
        Value::Array(all) => all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn severity(word: &str) -> Severity {
    match word.to_ascii_uppercase().as_str() {
        "ERROR" => Severity::High,
        "WARNING" => Severity::Medium,
        "INFO" => Severity::Low,
        "INVENTORY" | "EXPERIMENT" => Severity::Negligible,
        other => other.parse().unwrap_or(Severity::Unknown),
    }
}
