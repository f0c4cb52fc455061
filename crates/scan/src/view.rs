//! What people see: outputs, summary, SARIF. Nothing here changes what is recorded.

use ::report::sarif::Entry;
use model::{Class, Finding, Severity};
use runner::{Context, Result, Summary};
use scanners::{Counts, Scan, Scanner};

use crate::changes::Changes;
use crate::database::Facts;
use crate::decide::{Decision, findings, in_words};
use crate::inputs::Common;
use crate::sarif::{Alerts, SarifFile, Tool};

/// How many vulnerabilities the summary leads with.
const FEW: usize = 10;
/// How many it lists at all: the report and the SARIF have the rest.
const MANY: usize = 1_000;

const HEADER: [&str; 5] = ["severity", "finding", "where", "state", "title"];

/// The classes besides vulnerabilities, by their outputs.
const OTHERS: [(&str, Class); 4] = [
    ("secrets", Class::Secret),
    ("licenses", Class::License),
    ("misconfigurations", Class::Misconfiguration),
    ("weaknesses", Class::Weakness),
];

/// What is to be shown.
pub(crate) struct Shown<'a> {
    pub(crate) scanner: &'a dyn Scanner,
    pub(crate) common: &'a Common,
    pub(crate) look_for: &'a [Class],
    pub(crate) scan: &'a Scan,
    pub(crate) facts: Option<&'a Facts>,
    pub(crate) decision: &'a Decision,
    /// Against the image in the channel, where one was given.
    pub(crate) changes: Option<&'a Changes>,
    /// The SARIF file, where one was asked for.
    pub(crate) sarif: Option<SarifFile>,
}

impl Shown<'_> {
    /// The findings in view, in the report's order.
    fn in_view(&self) -> impl Iterator<Item = &Finding> {
        self.scan.findings.iter().filter(|finding| self.common.view.shows(finding))
    }
}

/// Worst first, fixable ones before others.
fn order(finding: &Finding) -> impl Ord + '_ {
    let severity = Severity::ALL.iter().position(|severity| *severity == finding.severity);
    (severity, !finding.fixable(), finding.class, &finding.id, &finding.package)
}

/// The outputs: of everything that was found, whatever is in view.
pub(crate) fn outputs(ctx: &mut Context, shown: &Shown<'_>) -> Result<()> {
    let counts = Counts::of(shown.scan.findings.iter().filter(|one| shown.common.fails.contains(&one.class)));
    let mut said = vec![("findings", counts.total().to_string()), ("fixable", counts.fixable.to_string())];
    said.extend(Severity::ALL.map(|severity| (severity.as_str(), counts.get(severity).to_string())));
    said.extend(OTHERS.map(|(name, class)| (name, shown.scan.of(class).count().to_string())));
    said.push(("packages", shown.scan.packages.len().to_string()));
    let known = shown.facts.filter(|facts| facts.known);
    said.push(("database-date", known.map(|facts| facts.updated.to_string()).unwrap_or_default()));
    said.push(("database-sample", shown.facts.is_some_and(|facts| facts.sample).to_string()));
    for (name, value) in said {
        if ctx.has_output(name) {
            ctx.output(name, value)?;
        }
    }
    Ok(())
}

/// Writes the SARIF file, if one was asked for: of what is in view.
pub(crate) fn write_sarif(shown: &Shown<'_>, alerts: &Alerts) -> Result<Option<SarifFile>> {
    let Some(path) = &shown.common.sarif else { return Ok(None) };
    let tool = Tool::of(shown.scanner, shown.scan);
    alerts.write(path, &tool, shown.in_view().map(Entry::from)).map(Some)
}

/// What the summary lists: a row for each finding in one state, worst first.
pub(crate) struct Listed {
    rows: Vec<Vec<String>>,
    /// How many findings are not in view.
    hidden: u64,
}

impl Listed {
    /// Of what is in view.
    pub(crate) fn of(shown: &Shown<'_>) -> Self {
        let mut view: Vec<_> = shown.in_view().collect();
        view.sort_by_cached_key(|finding| order(finding));
        let hidden = (shown.scan.findings.len() - view.len()) as u64;
        Self { rows: rows(&view), hidden }
    }
}

/// The summary: the decision, the counts, the few that matter, the rest folded away.
pub(crate) fn summary(ctx: &mut Context, shown: &Shown<'_>, listed: &Listed) {
    let judged = shown.scan.findings.iter().filter(|one| shown.common.fails.contains(&one.class));
    let all = Counts::of(judged);
    let Listed { rows, hidden } = listed;
    let summary = ctx.summary();
    summary.heading(2, &headline(shown.decision, &all));
    if let Some(changes) = shown.changes {
        changes.show(summary);
    }
    if shown.facts.is_some_and(|facts| facts.sample) {
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
        summary.table(&["besides", "how many", "of them"], &others);
    }
    if let Some(left_out) = shown.sarif.as_ref().and_then(SarifFile::left_out) {
        summary.paragraph(&left_out);
    }
    if *hidden > 0 {
        summary.paragraph(&format!(
            "{} below or outside the view (`severity`, `ignore-unfixed`) are counted and recorded, not listed.",
            findings(*hidden)
        ));
    }
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
            let shows = counts.total() > 0 || shown.look_for.contains(&class);
            (shows && !shown.common.fails.contains(&class))
                .then(|| vec![name.to_owned(), counts.total().to_string(), in_words(&counts)])
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
            (Some(path), "") => match finding.region {
                Some(lines) => format!("{path}:{}", lines.start_line),
                None => path.clone(),
            },
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
    let mut how = vec![format!(
        "{} {}",
        scan.tool.as_deref().unwrap_or_else(|| shown.scanner.title()),
        scan.version.as_deref().unwrap_or("of unknown version")
    )];
    how.extend(scan.files.map(|files| format!("Files: {files}")));
    if shown.scanner.judges_packages() {
        how.push(format!("Operating system: {os}"));
        how.push(format!(
            "Packages: {}, of which {} of the operating system",
            scan.packages.len(),
            scan.os_packages
        ));
    }
    how.extend(shown.facts.map(|facts| format!("Database: {}", database(facts))));
    if scan.other > 0 {
        how.push(format!("{} entries of the report are of no known kind, and not judged here", scan.other));
    }
    how
}

fn database(facts: &Facts) -> String {
    match (facts.known, facts.sample) {
        (true, false) => format!("of {}, {}", facts.updated, facts.sha256),
        (true, true) => format!("the sample of {}, {}", facts.updated, facts.sha256),
        (false, _) => "unknown: the report was made elsewhere".into(),
    }
}
