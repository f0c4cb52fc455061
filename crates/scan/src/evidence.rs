//! The evidence: in-toto vulns v0.2, with the whole report beside it.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Context as _;
use attest::predicate::vulns::{
    Alerts, Counts, Database, Db, Extension, Metadata, Os, Others, Predicate, Report, ResultEntry, Scanner,
    Scanners, Score,
};
use attest::{EvidenceDir, Sign, Statement};
use model::{Class, Finding, Severity, Sha256, Subject};
use runner::{Context, Result};
use scanners::Scan;

use crate::Taken;
use crate::database::Facts;

/// What the statement is made of.
pub(crate) struct Made<'a> {
    pub(crate) scanner: &'a dyn scanners::Scanner,
    pub(crate) taken: &'a Taken,
    pub(crate) facts: Option<&'a Facts>,
    pub(crate) scan: &'a Scan,
    /// What was looked for.
    pub(crate) looked_for: &'a [Class],
    /// The report, among the evidence.
    pub(crate) report: Sha256,
    /// The SBOM that was scanned, among the evidence.
    pub(crate) inventory: Option<Sha256>,
    /// Which alerts the findings are.
    pub(crate) alerts: Option<Alerts>,
}

impl Made<'_> {
    /// The statement about these subjects, with what [`results`] gives.
    pub(crate) fn statement(&self, subjects: Vec<Subject>, result: Vec<ResultEntry>) -> Result<Statement> {
        let Self { scanner, taken, facts, scan, .. } = self;
        let version = taken.tool.as_ref().map(|tool| tool.version.clone()).or_else(|| scan.version.clone());
        let kept = |name: String, digest: Sha256| Report { name, digest: digest.into() };
        let predicate = Predicate {
            scanner: Scanner { uri: scanner.uri().into(), version: version.clone(), db: self.db(), result },
            metadata: Metadata { scan_started_on: taken.started, scan_finished_on: taken.finished },
            hallmark: Some(Extension {
                seen: taken.seen,
                report: kept(format!("{}.json", scanner.name()), self.report),
                tool: tool(*scanner, taken, version),
                database: facts.map(|facts| Database {
                    version: facts.version.clone(),
                    updated_on: facts.updated,
                    sha256: facts.sha256,
                    sample: facts.sample,
                }),
                rules: taken.rules.iter().map(|(name, digest)| kept(name.clone(), *digest)).collect(),
                inventory: self.inventory.map(|digest| kept("sbom.cdx.json".into(), digest)),
                packages: scan.packages.len() as u64,
                os: scan.os.as_ref().map(|os| Os { family: os.family.clone(), name: os.name.clone() }),
                scanners: self.looked_for.iter().copied().map(Scanners::of).collect(),
                counts: counts(scan),
                others: others(scan),
                alerts: self.alerts.clone(),
            }),
        };
        Ok(Statement::of(subjects, &predicate)?)
    }

    /// The predicate wants a database. Rules are as new as the scan: they were read then.
    fn db(&self) -> Db {
        match self.facts {
            Some(facts) => Db { uri: None, version: Some(facts.version.clone()), last_update: facts.updated },
            None => Db { uri: None, version: None, last_update: self.taken.started },
        }
    }
}

fn others(scan: &Scan) -> Others {
    let count = |class| scan.of(class).count() as u64;
    Others {
        secrets: count(Class::Secret),
        licenses: count(Class::License),
        misconfigurations: count(Class::Misconfiguration),
        weaknesses: count(Class::Weakness),
    }
}

/// What was looked for. A report that was there already says it only of what it found.
pub(crate) fn looked_for(scanner: &dyn scanners::Scanner, taken: &Taken, scan: &Scan) -> Vec<Class> {
    if !taken.look_for.is_empty() {
        return taken.look_for.clone();
    }
    let vulnerabilities = |class: &Class| *class == Class::Vulnerability && scanner.judges_packages();
    let found = |class: &Class| vulnerabilities(class) || scan.of(*class).next().is_some();
    Class::ALL.into_iter().filter(found).collect()
}

/// The scanner that ran, by its bytes. Of a report that was there already nobody knows them.
fn tool(scanner: &dyn scanners::Scanner, taken: &Taken, version: Option<String>) -> attest::predicate::Tool {
    attest::predicate::Tool {
        name: scanner.name().into(),
        version: version.unwrap_or_else(|| "unknown".into()),
        sha256: taken.tool.as_ref().map_or(Sha256::from_bytes([0; 32]), |tool| tool.sha256),
    }
}

/// One entry for each vulnerability, at its worst. The report has every package of it.
pub(crate) fn results(scanner: &dyn scanners::Scanner, scan: &Scan) -> Vec<ResultEntry> {
    let mut worst: HashMap<&str, &Finding> = HashMap::new();
    for finding in scan.of(Class::Vulnerability) {
        let entry = worst.entry(&finding.id).or_insert(finding);
        if finding.severity.rank_for_decision() > entry.severity.rank_for_decision() {
            *entry = finding;
        }
    }
    let mut worst: Vec<_> = worst.into_values().collect();
    worst.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    worst
        .into_iter()
        .map(|finding| ResultEntry {
            id: finding.id.clone(),
            severity: scores(scanner, finding),
            annotations: Vec::new(),
        })
        .collect()
}

/// What counts first, then what each source says.
fn scores(scanner: &dyn scanners::Scanner, finding: &Finding) -> Vec<Score> {
    let score =
        |method: &str, severity: Severity| Score { method: method.into(), score: severity.to_string() };
    let chosen = score(scanner.name(), finding.severity);
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
///
/// # Errors
/// It cannot be signed or written.
pub fn write(
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
