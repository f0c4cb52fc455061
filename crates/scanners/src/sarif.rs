//! Any SARIF 2.1.0 as a report. <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>
//!
//! # Which severity counts
//! `security-severity` of the result, else of its rule (over 9.0 critical, from 7.0 high, from 4.0 medium, over 0 low,
//! 0 negligible); else the level (`error` high, `warning` medium, `note` low, `none` negligible). Hallmark's own SARIF
//! says class and severity in its properties, and they count.
//!
//! # What is no whole scan
//! Another version; a run without `results`, or whose results lie in other files; an invocation that did not succeed; a
//! notification of the level `error`.

mod finding;
mod wire;

use std::collections::BTreeSet;
use std::ffi::OsString;

use model::{Class, Finding};

use crate::entry::{Entry, not_empty, quoted, wrong};
use crate::{Log, Options, ReportError, Scan, Scanner, Target, TargetKind};
use finding::Rules;
use wire::{Document, Invocation, Notification, Outcome, Run};

const WHAT: &str = "the SARIF log";
const VERSION: &str = "2.1.0";
/// Some tools on Windows begin a file with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Any tool that writes SARIF.
#[derive(Debug, Clone, Copy)]
pub struct Sarif;

impl Log for Sarif {
    fn title(&self) -> &'static str {
        "SARIF"
    }

    fn tells_of_a_gap(&self, _line: &str) -> bool {
        false
    }

    fn is_error(&self, _line: &str) -> bool {
        false
    }

    fn message<'l>(&self, line: &'l str) -> &'l str {
        line
    }
}

impl Scanner for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn uri(&self) -> &'static str {
        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"
    }

    /// It is read, and made elsewhere.
    fn looks_for(&self, _kind: TargetKind) -> &'static [Class] {
        &[]
    }

    fn judges_packages(&self) -> bool {
        false
    }

    /// There is no program to run.
    fn arguments(&self, _target: &Target<'_>, _options: &Options<'_>) -> Vec<OsString> {
        Vec::new()
    }

    fn read_report(&self, bytes: &[u8]) -> Result<Scan, ReportError> {
        read(bytes)
    }
}

/// Whether it looks like SARIF, and not like a tool's own report. It may be broken all the same.
#[must_use]
pub fn is_sarif(bytes: &[u8]) -> bool {
    let head = serde_json::from_slice::<std::collections::BTreeMap<String, serde::de::IgnoredAny>>(
        without_mark(bytes),
    );
    head.is_ok_and(|members| members.contains_key("runs"))
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

fn read(bytes: &[u8]) -> Result<Scan, ReportError> {
    let bytes = without_mark(bytes);
    not_empty(WHAT, bytes)?;
    let document: Document<'_> =
        serde_json::from_slice(bytes).map_err(|error| ReportError::json(WHAT, error))?;
    match document.version.as_deref() {
        Some(VERSION) => {}
        found => {
            let found = found.map_or_else(|| "no version".to_owned(), quoted);
            return Err(wrong(WHAT, "version", format!("{found}: {VERSION} is the one that is read here")));
        }
    }
    let runs = document.runs.ok_or_else(|| wrong(WHAT, "runs", "they are not there"))?;
    if runs.is_empty() {
        return Err(wrong(WHAT, "runs", "there are none: no tool ran"));
    }
    let mut scan = Scan::by("sarif");
    let (mut tools, mut versions) = (BTreeSet::new(), BTreeSet::new());
    for (at, run) in runs.into_iter().enumerate() {
        tools.insert(run.tool.driver.name.clone());
        versions.extend(run.tool.driver.version());
        take(run, at, bytes, &mut scan)?;
    }
    scan.tool = Some(joined(tools));
    scan.version = Some(joined(versions)).filter(|text| !text.is_empty());
    Ok(scan)
}

fn joined(all: BTreeSet<String>) -> String {
    all.into_iter().collect::<Vec<_>>().join(", ")
}

fn take(run: Run<'_>, at: usize, bytes: &[u8], scan: &mut Scan) -> Result<(), ReportError> {
    let place = format!("runs[{at}]");
    if run.tool.driver.name.trim().is_empty() {
        return Err(wrong(WHAT, &place, "it does not say which tool ran"));
    }
    if run.external_property_file_references.is_some() {
        return Err(wrong(WHAT, &place, "a part of it lies in other files (externalPropertyFileReferences)"));
    }
    for invocation in &run.invocations {
        succeeded(invocation, &place)?;
    }
    let results = run.results;
    let results = results.ok_or_else(|| {
        wrong(WHAT, &place, "it has no results, not even an empty list: the tool did not finish")
    })?;
    let rules = Rules::of(&run.tool, &run.artifacts);
    let list = format!("{place}.results");
    for (at, record) in results.into_iter().enumerate() {
        let entry = Entry { what: WHAT, list: &list, at };
        let (found, lies) = entry.read::<Outcome>(record, bytes)?;
        if !found.speaks_against() {
            continue;
        }
        scan.suppressed += usize::from(found.is_suppressed());
        let read = rules.finding(found).map_err(|problem| entry.wrong(problem))?;
        scan.findings.push(Finding { record: lies, ..read });
    }
    Ok(())
}

fn succeeded(invocation: &Invocation, place: &str) -> Result<(), ReportError> {
    let Invocation {
        execution_successful,
        tool_execution_notifications: ran,
        tool_configuration_notifications: set,
    } = invocation;
    let told: Option<&Notification> = ran.iter().chain(set).find(|one| one.level == "error");
    match (execution_successful, told) {
        (_, Some(told)) => {
            let what: String = told.message.text.chars().take(400).collect();
            Err(wrong(WHAT, place, format!("the tool tells of an error, so it is no whole scan: {what}")))
        }
        (false, None) => Err(wrong(WHAT, place, "the tool did not succeed (executionSuccessful: false)")),
        (true, None) => Ok(()),
    }
}
