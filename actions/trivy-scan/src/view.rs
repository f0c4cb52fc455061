//! What people see: outputs, summary, SARIF. Nothing here changes what is recorded.

use std::path::PathBuf;

use anyhow::Context as _;
use model::{Class, Finding, Severity};
use report::sarif;
use runner::{Context, Result, Summary};
use scanners::trivy::Trivy;
use scanners::{Counts, Scan, Scanner as _};

use crate::database::Facts;
use crate::decide::{Decision, findings, in_words};
use crate::inputs::{Inputs, write};

/// How many vulnerabilities the summary leads with.
const FEW: usize = 10;
/// How many it lists at all: the report and the SARIF have the rest.
const MANY: usize = 1_000;

const HEADER: [&str; 5] = ["severity", "finding", "where", "state", "title"];

/// The classes besides vulnerabilities, by their outputs.
const OTHERS: [(&str, Class); 3] = [
    ("secrets", Class::Secret),
    ("licenses", Class::License),
    ("misconfigurations", Class::Misconfiguration),
];

/// What is to be shown.
pub(crate) struct Shown<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) scan: &'a Scan,
    pub(crate) facts: &'a Facts,
    pub(crate) decision: &'a Decision,
}

impl Shown<'_> {
    /// The findings in view, worst first, fixable ones before others.
    fn in_view(&self) -> Vec<&Finding> {
        let mut view: Vec<_> = self
            .scan
            .findings
            .iter()
            .filter(|finding| {
                self.inputs.severity.is_empty() || self.inputs.severity.contains(&finding.severity)
            })
            .filter(|finding| {
                !self.inputs.ignore_unfixed || finding.class != Class::Vulnerability || finding.fixable()
            })
            .collect();
        view.sort_by(|a, b| order(a).cmp(&order(b)));
        view
    }
}

fn order(finding: &Finding) -> impl Ord + '_ {
    let severity = Severity::ALL.iter().position(|severity| *severity == finding.severity);
    (severity, !finding.fixable(), finding.class, &finding.id, &finding.package)
}

/// The outputs: of everything that was found, whatever is in view.
pub(crate) fn outputs(ctx: &mut Context, shown: &Shown<'_>) -> Result<()> {
    let counts = shown.scan.counts();
    ctx.output("findings", counts.total().to_string())?;
    for severity in Severity::ALL {
        ctx.output(severity.as_str(), counts.get(severity).to_string())?;
    }
    ctx.output("fixable", counts.fixable.to_string())?;
    for (name, class) in OTHERS {
        ctx.output(name, shown.scan.of(class).count().to_string())?;
    }
    ctx.output("packages", shown.scan.packages.len().to_string())?;
    let date = if shown.facts.known { shown.facts.updated.to_string() } else { String::new() };
    ctx.output("database-date", date)?;
    ctx.output("database-sample", shown.facts.sample.to_string())
}

/// Writes the SARIF file, if one was asked for: of what is in view.
pub(crate) fn write_sarif(shown: &Shown<'_>, family: &str, architecture: &str) -> Result<Option<PathBuf>> {
    let Some(path) = &shown.inputs.sarif else { return Ok(None) };
    let location = shown.inputs.sarif_location.clone().unwrap_or_else(|| format!("images/{family}"));
    let run = sarif::Run {
        tool: Trivy.title(),
        version: shown.scan.version.as_deref().unwrap_or("unknown"),
        information_uri: Trivy.uri(),
        family,
        architecture,
        location: &location,
    };
    let bytes = sarif::to_bytes(&run, shown.in_view().into_iter().map(sarif::Entry::from))?;
    write(path, &bytes).context("the SARIF file could not be written")?;
    Ok(Some(path.clone()))
}

/// The summary: the decision, the counts, the few that matter, the rest folded away.
pub(crate) fn summary(ctx: &mut Context, shown: &Shown<'_>) {
    let all = shown.scan.counts();
    let view = shown.in_view();
    let hidden = (shown.scan.findings.len() - view.len()) as u64;
    let summary = ctx.summary();
    summary.heading(2, &headline(shown.decision, &all));
    if shown.facts.sample {
        summary.paragraph(
            "Made with the sample database, which knows a few dozen of tens of thousands of advisories: this \
             proves nothing about the image.",
        );
    }
    summary.table(
        &["critical", "high", "medium", "unknown", "low", "negligible", "fixable"],
        &[vec![
            all.critical.to_string(),
            all.high.to_string(),
            all.medium.to_string(),
            all.unknown.to_string(),
            all.low.to_string(),
            all.negligible.to_string(),
            all.fixable.to_string(),
        ]],
    );
    let others = others(shown);
    if !others.is_empty() {
        summary.table(&["besides vulnerabilities", "how many", "of them"], &others);
    }
    if hidden > 0 {
        summary.paragraph(&format!(
            "{} below or outside the view (`severity`, `ignore-unfixed`) are counted and recorded, not listed.",
            findings(hidden)
        ));
    }
    let rows = rows(&view);
    summary.table(&HEADER, &rows[..rows.len().min(FEW)]);
    if rows.len() > FEW {
        let mut rest = Summary::default();
        rest.table(&HEADER, &rows[FEW..rows.len().min(MANY)]);
        if rows.len() > MANY {
            rest.paragraph(&format!("{} more are in the report.", rows.len() - MANY));
        }
        summary.details(&format!("{} more", rows.len() - FEW), &rest.markdown());
    }
    let mut made = Summary::default();
    made.list(&how(shown));
    summary.details("How this was found", &made.markdown());
}

/// A row for each other class that was looked for, or found all the same.
fn others(shown: &Shown<'_>) -> Vec<Vec<String>> {
    OTHERS
        .into_iter()
        .filter_map(|(name, class)| {
            let counts = Counts::of(shown.scan.of(class));
            let shows = counts.total() > 0 || shown.inputs.look_for.contains(&class);
            shows.then(|| vec![name.to_owned(), counts.total().to_string(), in_words(&counts)])
        })
        .collect()
}

fn headline(decision: &Decision, all: &Counts) -> String {
    match decision {
        Decision::NotAsked => format!("Scanned: {}", findings(all.total())),
        Decision::Passed => format!("Passed: nothing that fail-on names, of {}", findings(all.total())),
        Decision::Failed { counts, .. } => {
            format!("Failed: {} ({})", findings(counts.total()), in_words(counts))
        }
    }
}

/// One row for each finding in one state, with the packages it is in.
fn rows(view: &[&Finding]) -> Vec<Vec<String>> {
    view.chunk_by(|a, b| {
        a.class == b.class && a.id == b.id && a.severity == b.severity && state(a) == state(b)
    })
    .filter_map(|group| {
        let finding = group.first()?;
        Some(vec![
            finding.severity.to_string(),
            finding.id.clone(),
            packages(group),
            state(finding),
            runner::escape::shortened(&finding.title, 120),
        ])
    })
    .collect()
}

fn state(finding: &Finding) -> String {
    if finding.class != Class::Vulnerability {
        return finding.class.to_string();
    }
    match (&finding.fixed_version, &finding.status) {
        (Some(version), _) => format!("fixed in {version}"),
        (None, Some(status)) => status.replace('_', " "),
        (None, None) => "no fix known".into(),
    }
}

/// The first few by name and version, and how many more.
fn packages(group: &[&Finding]) -> String {
    const NAMED: usize = 3;
    let mut names: Vec<_> = group
        .iter()
        .take(NAMED)
        .map(|finding| match (&finding.package.path, finding.package.name.as_str()) {
            (Some(path), "") => path.clone(),
            (_, name) => format!("{name} {}", finding.package.version).trim_end().to_owned(),
        })
        .collect();
    if group.len() > NAMED {
        names.push(format!("{} more", group.len() - NAMED));
    }
    names.join(", ")
}

fn how(shown: &Shown<'_>) -> Vec<String> {
    let scan = shown.scan;
    let os = scan.os.as_ref().map_or_else(|| "none".to_owned(), |os| format!("{} {}", os.family, os.name));
    let database = match (shown.facts.known, shown.facts.sample) {
        (true, false) => format!("of {}, {}", shown.facts.updated, shown.facts.sha256),
        (true, true) => format!("the sample of {}, {}", shown.facts.updated, shown.facts.sha256),
        (false, _) => "unknown: the report was made elsewhere".into(),
    };
    let mut how = vec![
        format!("Trivy {}", scan.version.as_deref().unwrap_or("of unknown version")),
        format!("Operating system: {os}"),
        format!("Packages: {}, of which {} of the operating system", scan.packages.len(), scan.os_packages),
        format!("Database: {database}"),
    ];
    if scan.other > 0 {
        how.push(format!("{} entries of the report are of no known kind, and not judged here", scan.other));
    }
    how
}
