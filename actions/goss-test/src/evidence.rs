//! The evidence: an in-toto test-result about the image's content, and Goss's JSON beside it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use attest::predicate::test_result::{Extension, Predicate, Seen, TestOutcome};
use attest::predicate::{ResourceDescriptor, Tool};
use attest::{EvidenceDir, Sign, Statement};
use jiff::Timestamp;
use model::Subject;

use crate::report::{Outcome, Report};

/// What the statement says beside the report.
pub(crate) struct Facts {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) specs: Vec<ResourceDescriptor>,
    pub(crate) url: Option<String>,
    pub(crate) seen: Seen,
    pub(crate) tool: Tool,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
}

/// What was written.
pub(crate) struct Written {
    pub(crate) statement: PathBuf,
    pub(crate) report: PathBuf,
}

/// Writes the statement and keeps the report.
pub(crate) fn write(
    directory: &Path,
    signer: Option<&dyn Sign>,
    facts: Facts,
    report: &Report,
) -> Result<Written> {
    let evidence = EvidenceDir::new(directory);
    let digest = evidence.put_report(&report.json)?;
    let predicate = predicate(&facts, report, digest);
    let statement = Statement::of(facts.subjects, &predicate)?;
    Ok(Written { statement: evidence.write(&statement, signer)?, report: evidence.report_path(&digest) })
}

fn predicate(facts: &Facts, report: &Report, digest: model::Sha256) -> Predicate {
    let names = |wanted: fn(&Outcome) -> bool| {
        report.tests.iter().filter(|test| wanted(&test.outcome)).map(crate::report::Test::name).collect()
    };
    Predicate {
        result: if report.is_passed() { TestOutcome::Passed } else { TestOutcome::Failed },
        configuration: facts.specs.clone(),
        url: facts.url.clone(),
        passed_tests: names(|outcome| *outcome == Outcome::Passed),
        warned_tests: Vec::new(),
        failed_tests: names(|outcome| matches!(outcome, Outcome::Failed { .. })),
        hallmark: Some(Extension {
            seen: facts.seen,
            counts: report.counts,
            tool: facts.tool.clone(),
            started_on: facts.started,
            finished_on: facts.finished,
            report: digest.into(),
        }),
    }
}
