//! Checkov: settings in templates and other descriptions of machines that a check speaks against.
//!
//! # Which severity counts
//! Checkov's own. Without an account of its maker's it has none, and a finding is unknown.
//!
//! # What is no whole scan
//! A report that lists files which could not be parsed.

use std::collections::BTreeSet;
use std::ffi::OsString;

use model::{Class, Finding, Package, Region, Severity};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::entry::{Entry, file, not_empty, quoted, wrong};
use crate::{Log, Options, ReportError, Scan, Scanner, Target, TargetKind};

const WHAT: &str = "the Checkov report";
/// The file that Checkov writes into the folder it is told.
pub const REPORT_FILE: &str = "results_json.json";

/// Checkov, by Palo Alto Networks.
#[derive(Debug, Clone, Copy)]
pub struct Checkov;

impl Log for Checkov {
    fn title(&self) -> &'static str {
        "Checkov"
    }

    fn tells_of_a_gap(&self, line: &str) -> bool {
        line.contains("Failed to run") || line.contains("Failed to parse") || line.contains("Traceback")
    }

    fn is_error(&self, line: &str) -> bool {
        line.contains("[ERROR]") || line.contains("error:") || line.contains("Error:")
    }

    fn message<'l>(&self, line: &'l str) -> &'l str {
        line.split_once("] ").map_or(line, |(_, message)| message.trim_start())
    }
}

impl Scanner for Checkov {
    fn name(&self) -> &'static str {
        "checkov"
    }

    fn uri(&self) -> &'static str {
        "https://github.com/bridgecrewio/checkov"
    }

    fn looks_for(&self, kind: TargetKind) -> &'static [Class] {
        match kind {
            TargetKind::Source => &[Class::Misconfiguration],
            _ => &[],
        }
    }

    fn judges_packages(&self) -> bool {
        false
    }

    /// The folder that the report goes to is `options.output`; `options.rules` are folders of checks of one's own.
    /// What fails does not change the exit code.
    fn arguments(&self, target: &Target<'_>, options: &Options<'_>) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = [
            "--output=json",
            "--compact",
            "--skip-download",
            "--soft-fail",
            "--download-external-modules=False",
            "--output-file-path",
        ]
        .map(OsString::from)
        .into();
        arguments.push(options.output.into());
        for rules in options.rules {
            arguments.extend(["--external-checks-dir".into(), OsString::from(rules)]);
        }
        arguments.push("--directory".into());
        arguments.extend(target.path().map(OsString::from));
        arguments
    }

    fn read_report(&self, bytes: &[u8]) -> Result<Scan, ReportError> {
        read(bytes)
    }
}

#[derive(Deserialize)]
struct Run<'a> {
    check_type: String,
    #[serde(borrow)]
    results: Results<'a>,
    summary: Summary,
}

#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    failed_checks: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    skipped_checks: Vec<&'a RawValue>,
    #[serde(default)]
    passed_checks: Vec<Passed>,
    #[serde(default)]
    parsing_errors: Vec<String>,
}

#[derive(Deserialize)]
struct Passed {
    #[serde(default)]
    file_path: String,
}

#[derive(Deserialize)]
struct Summary {
    failed: u64,
    skipped: u64,
    #[serde(default)]
    passed: u64,
    parsing_errors: u64,
    #[serde(default)]
    resource_count: u64,
    checkov_version: String,
}

#[derive(Deserialize)]
struct Check {
    check_id: String,
    #[serde(default)]
    check_name: Option<String>,
    #[serde(default)]
    file_path: String,
    #[serde(default)]
    file_line_range: Option<Vec<u64>>,
    #[serde(default)]
    resource: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    guideline: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

fn read(bytes: &[u8]) -> Result<Scan, ReportError> {
    not_empty(WHAT, bytes)?;
    let json = |error| ReportError::json(WHAT, error);
    let parts: Vec<&RawValue> = match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => serde_json::from_slice(bytes).map_err(json)?,
        _ => vec![serde_json::from_slice(bytes).map_err(json)?],
    };
    if parts.is_empty() {
        return Err(wrong(WHAT, "the document", "it is an empty list: not even the version is said"));
    }
    let mut scan = Scan::by("checkov");
    let mut files = BTreeSet::new();
    for part in parts {
        // Where Checkov found nothing that it knows, it writes the bare summary.
        if let Ok(summary) = serde_json::from_str::<Summary>(part.get()) {
            nothing(&summary)?;
            scan.version.get_or_insert(summary.checkov_version);
            continue;
        }
        let run: Run<'_> = serde_json::from_str(part.get()).map_err(json)?;
        take(run, bytes, &mut scan, &mut files)?;
    }
    scan.files = Some(files.len() as u64);
    Ok(scan)
}

fn nothing(summary: &Summary) -> Result<(), ReportError> {
    let Summary { failed, skipped, passed, parsing_errors, resource_count, .. } = summary;
    if [failed, skipped, passed, parsing_errors, resource_count].into_iter().any(|count| *count > 0) {
        return Err(wrong(WHAT, "results", "they are not there, and the summary counts some"));
    }
    Ok(())
}

fn take(
    run: Run<'_>,
    bytes: &[u8],
    scan: &mut Scan,
    files: &mut BTreeSet<String>,
) -> Result<(), ReportError> {
    let Run { check_type, results, summary } = run;
    if !results.parsing_errors.is_empty() || summary.parsing_errors > 0 {
        let named: Vec<_> = results.parsing_errors.iter().take(3).map(|path| quoted(path)).collect();
        return Err(wrong(
            WHAT,
            &format!("{check_type}, parsing_errors"),
            format!(
                "{} files could not be read, so it is no whole scan: {}. Mend or exclude them",
                summary.parsing_errors.max(results.parsing_errors.len() as u64),
                named.join(", ")
            ),
        ));
    }
    let (failed, skipped) = (results.failed_checks.len() as u64, results.skipped_checks.len() as u64);
    if failed != summary.failed || skipped != summary.skipped {
        let problem = format!(
            "it counts {} failed and {} skipped checks, and lists {failed} and {skipped}",
            summary.failed, summary.skipped
        );
        return Err(wrong(WHAT, &format!("{check_type}, summary"), problem));
    }
    let class = class(&check_type)?;
    scan.version.get_or_insert(summary.checkov_version);
    files.extend(results.passed_checks.into_iter().map(|passed| passed.file_path));
    for (list, records) in
        [("failed_checks", results.failed_checks), ("skipped_checks", results.skipped_checks)]
    {
        for (at, record) in records.into_iter().enumerate() {
            let entry = Entry { what: WHAT, list: &format!("{check_type}, {list}"), at };
            let (check, lies) = entry.read::<Check>(record, bytes)?;
            files.insert(check.file_path.clone());
            // A comment in the file does not make it right: what may be excepted is the policy's to say.
            scan.suppressed += usize::from(list == "skipped_checks");
            scan.findings.push(Finding { record: lies, ..finding(check, class, &entry)? });
        }
    }
    Ok(())
}

/// The class of what a part of Checkov finds.
fn class(check_type: &str) -> Result<Class, ReportError> {
    match check_type {
        "secrets" => Ok(Class::Secret),
        kind if kind.starts_with("sast") => Ok(Class::Weakness),
        kind if kind.starts_with("sca_") => {
            let problem = "vulnerabilities of packages are not read from Checkov: scan an SBOM for them";
            Err(wrong(WHAT, &quoted(kind), problem))
        }
        _ => Ok(Class::Misconfiguration),
    }
}

fn finding(check: Check, class: Class, entry: &Entry<'_>) -> Result<Finding, ReportError> {
    if check.check_id.is_empty() {
        return Err(entry.wrong("it names no check"));
    }
    let in_file = file(&check.file_path).ok_or_else(|| entry.wrong("it names no file"))?;
    // Of a secret the resource is its unsalted digest, which would tell a short one.
    let name = check.resource.filter(|_| class != Class::Secret).unwrap_or_default();
    let lines = check.file_line_range.unwrap_or_default();
    let title = check.check_name.unwrap_or_else(|| check.check_id.clone());
    let severity = check.severity.as_deref().map_or(Severity::Unknown, rated);
    Ok(Finding {
        package: Package { name, ..in_file },
        region: Region::of(lines.first().map(|line| (*line).max(1)), lines.get(1).copied()),
        severity,
        severity_source: (severity != Severity::Unknown).then(|| "checkov".to_owned()),
        description: check.description.unwrap_or_else(|| title.clone()).into(),
        title: title.into(),
        links: crate::links(check.guideline).into(),
        ..Finding::new(class, check.check_id, "checkov")
    })
}

fn rated(word: &str) -> Severity {
    match word.to_ascii_uppercase().as_str() {
        "MODERATE" => Severity::Medium,
        "INFO" | "NONE" => Severity::Negligible,
        other => other.parse().unwrap_or(Severity::Unknown),
    }
}
