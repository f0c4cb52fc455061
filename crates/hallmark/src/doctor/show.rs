//! How the findings are told: on a runner as annotations and a summary, on a terminal as a list.

use runner::{Annotation, Context, Result};
use serde_json::Value;

use super::checks::title;
use super::finding::{Finding, Level, Place, count};
use super::project::Project;

/// What a step may have of each level; more are dropped by GitHub.
const MOST: usize = 10;

/// How many there are of what matters.
pub(super) struct Counts {
    pub(super) problems: usize,
    pub(super) warnings: usize,
    pub(super) unknown: usize,
}

impl Counts {
    pub(super) fn of(findings: &[Finding]) -> Self {
        let number = |level| findings.iter().filter(|finding| finding.level == level).count();
        Self {
            problems: number(Level::Problem),
            warnings: number(Level::Warning),
            unknown: number(Level::Unknown),
        }
    }

    /// The first line of everything.
    fn sentence(&self) -> String {
        if self.problems + self.warnings + self.unknown == 0 {
            return "Nothing is missing".to_owned();
        }
        let lead = if self.problems == 0 { "no problem".to_owned() } else { count(self.problems, "problem") };
        let mut all = vec![lead];
        if self.warnings > 0 {
            all.push(count(self.warnings, "warning"));
        }
        if self.unknown > 0 {
            all.push(format!("{} unknown", self.unknown));
        }
        all.join(", ")
    }
}

/// Findings that say the same, and where.
struct Group<'a> {
    finding: &'a Finding,
    places: Vec<String>,
}

/// The worst first, otherwise in the checks' order; what says the same is told once.
fn grouped(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in findings {
        let same = |group: &&mut Group<'_>| {
            let known = group.finding;
            (known.check, known.level, &known.what, &known.mend)
                == (finding.check, finding.level, &finding.what, &finding.mend)
        };
        let group = match groups.iter_mut().find(same) {
            Some(group) => group,
            None => {
                groups.push(Group { finding, places: Vec::new() });
                let last = groups.len() - 1;
                &mut groups[last]
            }
        };
        group.places.extend(finding.at.as_ref().map(Place::to_string));
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.finding.level));
    groups
}

impl Group<'_> {
    fn places(&self) -> String {
        const MOST_PLACES: usize = 5;
        let mut shown: Vec<String> = self.places.iter().take(MOST_PLACES).cloned().collect();
        if self.places.len() > MOST_PLACES {
            shown.push(format!("{} more", self.places.len() - MOST_PLACES));
        }
        shown.join(", ")
    }
}

/// Tells everything.
pub(super) fn show(cx: &mut Context, project: &Project, findings: &[Finding]) -> Result<()> {
    let counts = Counts::of(findings);
    if cx.github().on_runner {
        annotate(cx, project, findings);
        summarize(cx, &counts, &grouped(findings));
    } else {
        list(cx, &counts, &grouped(findings));
    }
    cx.output("problems", counts.problems.to_string())?;
    cx.output("warnings", counts.warnings.to_string())?;
    cx.output("unknown", counts.unknown.to_string())?;
    // On a terminal it would bury what was said.
    if cx.env("GITHUB_OUTPUT").is_some() {
        cx.output("findings", json(findings).to_string())?;
    }
    Ok(())
}

/// All findings, for machines.
pub(super) fn json(findings: &[Finding]) -> Value {
    findings.iter().map(Finding::json).collect()
}

fn annotate(cx: &mut Context, project: &Project, findings: &[Finding]) {
    for level in [Level::Problem, Level::Warning, Level::Unknown] {
        let of_level: Vec<_> = findings.iter().filter(|finding| finding.level == level).collect();
        // One line less than there is room for, where one has to say how many there are.
        let room = if of_level.len() > MOST { MOST - 1 } else { MOST };
        for finding in of_level.iter().take(room) {
            put(cx, level, annotation(project, finding));
        }
        if of_level.len() > room {
            let more = of_level.len() - room;
            put(cx, level, Annotation::new(format!("{more} more of this level are in the summary")));
        }
    }
}

fn put(cx: &mut Context, level: Level, annotation: Annotation) {
    match level {
        Level::Problem => cx.error(annotation),
        Level::Warning => cx.warning(annotation),
        Level::Unknown | Level::Note | Level::Ok => cx.notice(annotation),
    }
}

fn annotation(project: &Project, finding: &Finding) -> Annotation {
    let message = match finding.mend.as_str() {
        "" => finding.what.clone(),
        mend => format!("{}\n{mend}", finding.what),
    };
    let mut annotation = Annotation::new(message).title(title(finding.check));
    if let Some(at) = &finding.at {
        annotation = annotation.file(project.root.join(&at.file).to_string_lossy());
        if at.line > 0 {
            annotation = annotation.line(at.line);
        }
        if at.col > 0 {
            annotation = annotation.col(at.col);
        }
    }
    annotation
}

fn summarize(cx: &mut Context, counts: &Counts, groups: &[Group<'_>]) {
    let (good, other): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.finding.level == Level::Ok);
    let row = |group: &&Group<'_>| {
        let Finding { check, level, what, mend, .. } = group.finding;
        vec![level.as_str().to_owned(), title(check).to_owned(), what.clone(), group.places(), mend.clone()]
    };
    let line = |group: &&Group<'_>| {
        let (title, what) = (title(group.finding.check), &group.finding.what);
        format!("- {}: {}", runner::escape::markdown(title), runner::escape::markdown(what))
    };
    let rows: Vec<Vec<String>> = other.iter().map(row).collect();
    let lines: Vec<String> = good.iter().map(line).collect();
    let summary = cx.summary();
    summary.heading(2, &format!("Hallmark doctor: {}", counts.sentence()));
    summary.table(&["", "Check", "Found", "Where", "What to do"], &rows);
    if !lines.is_empty() {
        summary.details(&format!("{} as it should be", count(lines.len(), "check")), &lines.join("\n"));
    }
}

fn list(cx: &mut Context, counts: &Counts, groups: &[Group<'_>]) {
    // The worst last: nearest to the prompt.
    let mut groups: Vec<&Group<'_>> = groups.iter().collect();
    groups.sort_by_key(|group| group.finding.level);
    for group in groups {
        let Finding { check, level, what, mend, .. } = group.finding;
        cx.info(&format!("{:8} {}: {what}", level.as_str(), title(check)));
        for line in [group.places(), if mend.is_empty() { String::new() } else { format!("→ {mend}") }] {
            if !line.is_empty() {
                cx.info(&format!("{:8} {line}", ""));
            }
        }
    }
    cx.info("");
    cx.info(&counts.sentence());
}
