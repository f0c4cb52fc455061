//! gitleaks: secrets in files and in the history of a repository.
//!
//! # Which severity counts
//! gitleaks rates nothing. A rule's tags may have one of our words (`critical` … `negligible`); without one a secret is
//! `high`, because whoever reads it may do what it is for.
//!
//! # What is never told
//! The secret. A report that has one is refused: gitleaks hides it if it is run with `--redact`.

use std::ffi::OsString;

use model::{Class, Finding, Region, Severity};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::entry::{Entry, file, not_empty};
use crate::{Log, Options, ReportError, Scan, Scanner, Target, TargetKind};

const WHAT: &str = "the gitleaks report";
/// What gitleaks writes in place of a secret.
const REDACTED: &str = "REDACTED";
/// gitleaks' own rules, said as a configuration, so that none in what is scanned is taken.
pub const OWN_RULES: &str = "[extend]\nuseDefault = true\n";

/// gitleaks, by Zachary Rice.
#[derive(Debug, Clone, Copy)]
pub struct Gitleaks;

impl Log for Gitleaks {
    fn title(&self) -> &'static str {
        "gitleaks"
    }

    /// It goes on after what it cannot read, and says so.
    fn tells_of_a_gap(&self, line: &str) -> bool {
        [
            "partial scan",
            "issue reading file",
            "skipping unknown archive",
            "could read compressed",
            "could not ",
        ]
        .iter()
        .any(|gap| line.contains(gap))
            || self.is_error(line)
    }

    fn is_error(&self, line: &str) -> bool {
        line.contains(" ERR ") || line.contains(" FTL ")
    }

    fn message<'l>(&self, line: &'l str) -> &'l str {
        line.splitn(3, ' ').nth(2).unwrap_or(line)
    }
}

impl Scanner for Gitleaks {
    fn name(&self) -> &'static str {
        "gitleaks"
    }

    fn uri(&self) -> &'static str {
        "https://github.com/gitleaks/gitleaks"
    }

    fn looks_for(&self, kind: TargetKind) -> &'static [Class] {
        match kind {
            TargetKind::Source => &[Class::Secret],
            _ => &[],
        }
    }

    fn judges_packages(&self) -> bool {
        false
    }

    /// The first of `options.rules` is its configuration. Comments that tell it to pass over a line are not heeded; a
    /// finding does not change the exit code.
    fn arguments(&self, target: &Target<'_>, options: &Options<'_>) -> Vec<OsString> {
        let mode = if matches!(target, Target::History(_)) { "git" } else { "dir" };
        let mut arguments: Vec<OsString> = [
            mode,
            "--no-banner",
            "--no-color",
            "--redact=100",
            "--exit-code=0",
            "--ignore-gitleaks-allow",
            "--report-format=json",
            "--report-path",
        ]
        .map(OsString::from)
        .into();
        arguments.push(options.output.into());
        if let Some(rules) = options.rules.first() {
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

/// Several reports as one: the records of each, as they came.
///
/// # Errors
/// One of them is no list.
pub fn joined(reports: &[Vec<u8>]) -> Result<Vec<u8>, ReportError> {
    let mut records: Vec<&RawValue> = Vec::new();
    for report in reports {
        not_empty(WHAT, report)?;
        let more: Vec<&RawValue> =
            serde_json::from_slice(report).map_err(|error| ReportError::json(WHAT, error))?;
        records.extend(more);
    }
    let records: Vec<&str> = records.into_iter().map(RawValue::get).collect();
    Ok(format!("[{}]\n", records.join(",\n")).into_bytes())
}

/// What is read of a record. Not the `Match`, the `Message`, the author.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Leak {
    #[serde(rename = "RuleID")]
    rule_id: String,
    #[serde(default)]
    description: String,
    start_line: u64,
    end_line: u64,
    secret: String,
    file: String,
    #[serde(default)]
    commit: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    tags: Option<Vec<String>>,
    fingerprint: String,
}

fn read(bytes: &[u8]) -> Result<Scan, ReportError> {
    not_empty(WHAT, bytes)?;
    let records: Vec<&RawValue> =
        serde_json::from_slice(bytes).map_err(|error| ReportError::json(WHAT, error))?;
    let mut scan = Scan::by("gitleaks");
    for (at, record) in records.into_iter().enumerate() {
        let entry = Entry { what: WHAT, list: "", at };
        let (leak, lies) = entry.read::<Leak>(record, bytes)?;
        scan.findings.push(Finding { record: lies, ..finding(leak, &entry)? });
    }
    Ok(scan)
}

fn finding(leak: Leak, entry: &Entry<'_>) -> Result<Finding, ReportError> {
    if leak.secret != REDACTED {
        return Err(entry.wrong("it has the secret itself, or a part of it: make the report with `--redact`"));
    }
    if leak.rule_id.is_empty() || leak.fingerprint.is_empty() {
        return Err(entry.wrong("a secret without a RuleID or a Fingerprint"));
    }
    let mut package = file(&leak.file).ok_or_else(|| entry.wrong("it names no file"))?;
    let tagged = leak.tags.unwrap_or_default().iter().find_map(|tag| tag.parse::<Severity>().ok());
    let place = if leak.commit.is_empty() {
        "It is in the file as it is now.".to_owned()
    } else {
        format!("It came with the commit {} of {}.", leak.commit, leak.date)
    };
    package.layer = Some(leak.commit).filter(|commit| !commit.is_empty());
    let title = leak.description.lines().next().unwrap_or_default().to_owned();
    Ok(Finding {
        package,
        // gitleaks counts the lines of history from 0 in some versions: the first line is 1.
        region: Region::of(Some(leak.start_line.max(1)), Some(leak.end_line)),
        severity: tagged.unwrap_or(Severity::High),
        severity_source: Some(if tagged.is_some() { "rule" } else { "hallmark" }.into()),
        title: title.into(),
        description: format!(
            "{}\n{place} Revoke it first: whoever has a copy has the secret. gitleaks' fingerprint: {}",
            leak.description, leak.fingerprint
        )
        .into(),
        ..Finding::new(Class::Secret, leak.rule_id, "gitleaks")
    })
}
