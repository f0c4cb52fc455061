//! Markdown for people who read a job's summary: verdict first, then counts and what changed, then
//! the reasons and the rows that matter, then the rest folded away. Escaping is [`runner::Summary`]'s.

mod folded;

use model::{Reason, Severity, Verdict};
use runner::Summary;
use runner::escape::shortened;

use crate::view::{Finding, View};
use crate::words;

/// Rows that are shown before the rest is only counted: a summary is read, not searched.
const ROWS: usize = 20;
const FOLDED_ROWS: usize = 200;

/// Characters of one value: what hides the rest is not read either. The page has all of it.
const CELL: usize = 200;
const SENTENCE: usize = 2000;

/// Pieces of evidence that a reason names before it counts the rest.
const EVIDENCE: usize = 5;

/// The decision brief: what an approver reads before deciding.
#[must_use]
pub fn brief(view: &View) -> String {
    let mut summary = Summary::default();
    let word = headline(view.verdict);
    summary.heading(2, &format!("{word}: {}", shortened(&view.image.name, CELL)));
    if view.report_only {
        summary.raw(&format!("> [!WARNING]\n> **{}**", words::REPORT_ONLY));
    }
    summary.table(&["", ""], &cut(facts(view)));
    counts(&mut summary, view);
    if let Some(changes) = &view.changes {
        let since = shortened(&changes.since, CELL);
        summary.paragraph(&format!("Since {since}: {}.", words::changes(changes)));
    }
    reasons(&mut summary, "Reasons", &view.reasons);
    if let Some(waived) = &view.waived {
        let title = format!("Waived by {}", shortened(&waived.approver, CELL));
        if waived.reasons.is_empty() {
            summary.heading(3, &title).paragraph(words::WAIVES_NOTHING);
        }
        reasons(&mut summary, &title, &waived.reasons);
        if !waived.comment.is_empty() {
            summary.code(&shortened(&waived.comment, SENTENCE));
        }
    }
    approved(&mut summary, view);
    findings(&mut summary, view);
    folded::all(&mut summary, view);
    summary.markdown()
}

/// A scan's own summary: counts, then the worst findings.
#[must_use]
pub fn scan(title: &str, facts: &[(&str, String)], view_of: &[Finding]) -> String {
    let mut summary = Summary::default();
    summary.heading(2, title);
    let rows: Vec<Vec<String>> =
        facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
    summary.table(&["", ""], &rows);
    summary.table(
        &["severity", "findings", "with a fix"],
        &Severity::ALL
            .iter()
            .map(|severity| {
                let of: Vec<&Finding> = view_of.iter().filter(|f| f.severity == *severity).collect();
                let fixable = of.iter().filter(|f| f.fixed.is_some()).count();
                vec![severity.to_string(), of.len().to_string(), fixable.to_string()]
            })
            .collect::<Vec<_>>(),
    );
    rows_of(&mut summary, &view_of.iter().collect::<Vec<_>>(), ROWS);
    summary.markdown()
}

const fn headline(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✅ Pass",
        Verdict::Review => "🟡 Review",
        Verdict::Fail => "❌ Fail",
    }
}

fn facts(view: &View) -> Vec<Vec<String>> {
    let image = &view.image;
    let mut rows = vec![
        vec!["image".into(), format!("{} ({}, {})", image.name, image.family, image.architecture)],
        vec!["content".into(), image.content_digest.clone()],
        vec![
            "policy".into(),
            format!("{}, {} ({})", view.policy.name, words::mode(view), view.policy.digest),
        ],
        vec!["decided".into(), view.decided_on.clone()],
    ];
    if let Some(environment) = &view.environment {
        rows.insert(2, vec!["environment".into(), environment.clone()]);
    }
    if !image.os.is_empty() {
        rows.insert(1, vec!["system".into(), image.os.clone()]);
    }
    rows
}

fn reasons(summary: &mut Summary, title: &str, reasons: &[Reason]) {
    if reasons.is_empty() {
        return;
    }
    summary.heading(3, title);
    let rows: Vec<Vec<String>> = reasons.iter().map(reason).collect();
    summary.table(&["", "code", "reason", "rests on", "what clears it"], &rows);
}

fn reason(r: &Reason) -> Vec<String> {
    let few: Vec<String> = r.evidence.iter().take(EVIDENCE).map(|one| shortened(one, CELL)).collect();
    let more = r.evidence.len().saturating_sub(EVIDENCE);
    let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
    vec![
        words::weight(r.weight).to_owned(),
        r.code.clone(),
        shortened(&r.message, SENTENCE),
        few.join("\n") + &more,
        shortened(&r.clears, SENTENCE),
    ]
}

/// What no person had to look at, and by which of the policy's conditions.
fn approved(summary: &mut Summary, view: &View) {
    if view.auto_approved.is_empty() {
        return;
    }
    summary.heading(3, "Approved by the policy itself");
    let rows: Vec<Vec<String>> = view
        .auto_approved
        .iter()
        .map(|one| {
            let r = &one.reason;
            vec![r.code.clone(), shortened(&r.message, SENTENCE), shortened(&one.rule, CELL)]
        })
        .collect();
    summary.table(&["code", "reason", "approved by"], &rows);
}

fn counts(summary: &mut Summary, view: &View) {
    summary.heading(3, "Findings");
    let rows: Vec<Vec<String>> = Severity::ALL
        .iter()
        .map(|severity| {
            let (stand, suppressed) = view.count(*severity);
            vec![severity.to_string(), stand.to_string(), suppressed.to_string()]
        })
        .collect();
    summary.table(&["severity", "findings", "suppressed"], &rows);
}

/// The findings that decided something.
fn findings(summary: &mut Summary, view: &View) {
    let matter: Vec<&Finding> =
        view.findings.iter().filter(|f| matches!(f.outcome.as_str(), "fail" | "review")).collect();
    rows_of(summary, &matter, ROWS);
}

fn rows_of(summary: &mut Summary, findings: &[&Finding], most: usize) {
    summary.table(&["", "id", "severity", "package", "installed", "fixed in"], &cut(table(findings, most)));
    if findings.len() > most {
        summary.paragraph(&format!("and {} more", findings.len() - most));
    }
}

/// Rows whose values are of bearable length.
fn cut(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.into_iter().map(|row| row.iter().map(|cell| shortened(cell, CELL)).collect()).collect()
}

fn table(findings: &[&Finding], most: usize) -> Vec<Vec<String>> {
    let fixed = |f: &Finding| f.fixed.clone().unwrap_or_else(|| "-".into());
    findings
        .iter()
        .take(most)
        .map(|f| {
            vec![
                f.outcome.clone(),
                f.id.clone(),
                f.severity.to_string(),
                f.package.clone(),
                f.version.clone(),
                fixed(f),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests;
