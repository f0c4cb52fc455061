//! The evidence: in-toto vulns v0.2, with the whole report beside it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use attest::predicate::vulns::{
    Counts, Database, Db, Extension, Metadata, Os, Others, Predicate, Report, ResultEntry, Scanner, Scanners,
    Score,
};
use attest::{EvidenceDir, Sign, Statement};
use model::{Class, Finding, Severity, Sha256, Subject};
use runner::{Context, Result};
use scanners::Scan;
use scanners::Scanner as _;
use scanners::trivy::Trivy;

use crate::Taken;
use crate::database::Facts;

/// The statement about these subjects.
pub(crate) fn statement(
    subjects: Vec<Subject>,
    taken: &Taken,
    facts: &Facts,
    scan: &Scan,
    report: Sha256,
) -> Result<Statement> {
    let version = taken.tool.as_ref().map(|tool| tool.version.clone()).or_else(|| scan.version.clone());
    let predicate = Predicate {
        scanner: Scanner {
            uri: Trivy.uri().into(),
            version: version.clone(),
            db: Db { uri: None, version: Some(facts.version.clone()), last_update: facts.updated },
            result: results(scan),
        },
        metadata: Metadata { scan_started_on: taken.started, scan_finished_on: taken.finished },
        hallmark: Some(Extension {
            seen: taken.seen,
            report: Report { name: "trivy.json".into(), digest: report.into() },
            tool: tool(taken, version),
            database: Database {
                version: facts.version.clone(),
                updated_on: facts.updated,
                sha256: facts.sha256,
                sample: facts.sample,
            },
            packages: scan.packages.len() as u64,
            os: scan.os.as_ref().map(|os| Os { family: os.family.clone(), name: os.name.clone() }),
            scanners: looked_for(taken, scan).into_iter().map(Scanners::of).collect(),
            counts: counts(scan),
            others: Others {
                secrets: scan.of(Class::Secret).count() as u64,
                licenses: scan.of(Class::License).count() as u64,
                misconfigurations: scan.of(Class::Misconfiguration).count() as u64,
            },
        }),
    };
    Ok(Statement::of(subjects, &predicate)?)
}

/// What was looked for. A report that was there already says it only of what it found.
fn looked_for(taken: &Taken, scan: &Scan) -> Vec<Class> {
    if !taken.look_for.is_empty() {
        return taken.look_for.clone();
    }
    let found = |class: &Class| *class == Class::Vulnerability || scan.of(*class).next().is_some();
    Class::ALL.into_iter().filter(found).collect()
}

/// The Trivy that ran, by its bytes. Of a report that was there already nobody knows them.
fn tool(taken: &Taken, version: Option<String>) -> attest::predicate::Tool {
    attest::predicate::Tool {
        name: Trivy.name().into(),
        version: version.unwrap_or_else(|| "unknown".into()),
        sha256: taken.tool.as_ref().map_or(Sha256::from_bytes([0; 32]), |tool| tool.sha256),
    }
}

/// One entry for each vulnerability, at its worst. The report has every package of it.
fn results(scan: &Scan) -> Vec<ResultEntry> {
    let mut worst: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in scan.of(Class::Vulnerability) {
        let entry = worst.entry(&finding.id).or_insert(finding);
        if finding.severity.rank_for_decision() > entry.severity.rank_for_decision() {
            *entry = finding;
        }
    }
    worst
        .into_values()
        .map(|finding| ResultEntry {
            id: finding.id.clone(),
            severity: scores(finding),
            annotations: Vec::new(),
        })
        .collect()
}

/// What counts first, then what each source says.
fn scores(finding: &Finding) -> Vec<Score> {
    let score =
        |method: &str, severity: Severity| Score { method: method.into(), score: severity.to_string() };
    let chosen = score(Trivy.name(), finding.severity);
    let sources = finding.severities.iter().map(|(source, severity)| score(source, *severity));
    std::iter::once(chosen).chain(sources).collect()
}

fn counts(scan: &Scan) -> Counts {
    let counts = scan.counts();
    Counts {
        critical: counts.critical,
        high: counts.high,
        medium: counts.medium,
        low: counts.low,
        negligible: counts.negligible,
        unknown: counts.unknown,
    }
}

/// Writes the statement, or says why there is none.
pub(crate) fn write(
    ctx: &mut Context,
    directory: &EvidenceDir,
    statement: Option<&Statement>,
    signer: Option<&dyn Sign>,
) -> Result<Option<PathBuf>> {
    let Some(statement) = statement else {
        ctx.warning(
            "No evidence was written: a directory or a reference has no digest that it could be about. Give \
             `image` as well",
        );
        return Ok(None);
    };
    if signer.is_none() {
        ctx.warning(
            "the evidence is not signed: no `signing-key` was given, so a policy has to allow it by name",
        );
    }
    Ok(Some(directory.write(statement, signer).context("the evidence could not be written")?))
}
