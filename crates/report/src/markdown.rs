//! Markdown for people who read a job's summary: verdict first, then counts, then the rows that
//! matter, then the rest folded away. Escaping is [`runner::Summary`]'s.

use model::{Reason, Severity, Verdict, Weight};
use runner::Summary;
use runner::escape::shortened;

use crate::view::{Finding, View};

/// Rows that are shown before the rest is only counted: a summary is read, not searched.
const ROWS: usize = 20;
const FOLDED_ROWS: usize = 200;

/// Characters of one value: what hides the rest is not read either. The page has all of it.
const CELL: usize = 200;
const SENTENCE: usize = 2000;

/// The decision brief: what an approver reads before deciding.
#[must_use]
pub fn brief(view: &View) -> String {
    let mut summary = Summary::default();
    let word = headline(view.verdict);
    summary.heading(2, &format!("{word}: {}", shortened(&view.image.name, CELL)));
    summary.table(&["", ""], &cut(facts(view)));
    reasons(&mut summary, "Reasons", &view.reasons);
    if let Some(waived) = &view.waived {
        reasons(&mut summary, &format!("Waived by {}", shortened(&waived.approver, CELL)), &waived.reasons);
        if !waived.comment.is_empty() {
            summary.code(&shortened(&waived.comment, SENTENCE));
        }
    }
    counts(&mut summary, view);
    findings(&mut summary, view);
    folded(&mut summary, view);
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
        vec!["policy".into(), format!("{} ({})", view.policy.name, view.policy.digest)],
        vec!["decided".into(), view.decided_on.clone()],
    ];
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
    let rows: Vec<Vec<String>> = reasons
        .iter()
        .map(|r| {
            vec![
                weight(r.weight).to_owned(),
                r.code.clone(),
                shortened(&r.message, SENTENCE),
                r.clears.clone(),
            ]
        })
        .collect();
    summary.table(&["", "code", "reason", "what clears it"], &rows);
}

const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Fail => "fail",
        Weight::Review => "review",
        Weight::Note => "note",
    }
}

fn counts(summary: &mut Summary, view: &View) {
    summary.heading(3, "Vulnerabilities");
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

fn folded(summary: &mut Summary, view: &View) {
    let suppressed: Vec<&Finding> = view.findings.iter().filter(|f| !f.exceptions.is_empty()).collect();
    if !suppressed.is_empty() {
        let mut body = Summary::default();
        rows_of(&mut body, &suppressed, FOLDED_ROWS);
        summary.details(&format!("{} suppressed findings", suppressed.len()), &body.markdown());
    }
    if !view.exceptions.is_empty() {
        let rows: Vec<Vec<String>> = view
            .exceptions
            .iter()
            .take(FOLDED_ROWS)
            .map(|e| {
                let (line, covers) = (e.line.to_string(), e.suppressed.to_string());
                vec![
                    e.label.clone(),
                    line,
                    e.state.clone(),
                    covers,
                    e.owner.clone(),
                    e.expires.clone(),
                    e.reason.clone(),
                ]
            })
            .collect();
        let mut body = Summary::default();
        body.table(&["exception", "line", "state", "suppresses", "owner", "last day", "reason"], &cut(rows));
        summary.details(&format!("{} exceptions", view.exceptions.len()), &body.markdown());
    }
    let rows: Vec<Vec<String>> = view
        .evidence
        .iter()
        .take(FOLDED_ROWS)
        .map(|e| vec![e.kind.clone(), e.state.clone(), e.signer.clone(), e.issued.clone(), e.file.clone()])
        .collect();
    let mut body = Summary::default();
    body.table(&["kind", "", "signed by", "made", "file"], &cut(rows));
    summary.details(&format!("{} pieces of evidence", view.evidence.len()), &body.markdown());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Image, Policy};

    fn view(title: &str, findings: usize) -> View {
        let finding = |n: usize| Finding {
            id: format!("CVE-{n}"),
            severity: Severity::Critical,
            package: title.into(),
            version: "1".into(),
            fixed: None,
            title: title.into(),
            outcome: "review".into(),
            exceptions: vec![],
            scanner: "trivy".into(),
            link: None,
        };
        View {
            image: Image { name: title.into(), ..Image::default() },
            policy: Policy { name: "strict".into(), digest: "d".into() },
            verdict: Verdict::Review,
            decided_on: "2026-11-22T00:00:00Z".into(),
            reasons: vec![Reason {
                weight: Weight::Review,
                code: "unfixed-vulnerability".into(),
                message: title.into(),
                evidence: vec![],
                clears: "c".into(),
            }],
            waived: None,
            findings: (0..findings).map(finding).collect(),
            exceptions: vec![],
            evidence: vec![],
            packages: vec![],
        }
    }

    #[test]
    fn the_verdict_leads_and_rows_are_bounded() {
        let brief = brief(&view("web", ROWS + 3));
        assert!(brief.starts_with("## 🟡 Review: web\n"), "{brief}");
        assert!(brief.contains("and 3 more"));
        assert_eq!(brief.matches("CVE\\-").count().max(brief.matches("CVE-").count()), ROWS);
    }

    #[test]
    fn no_value_hides_the_others() {
        let brief = brief(&view(&"x".repeat(1 << 20), FOLDED_ROWS));
        assert!(brief.len() < 64 << 10, "{}", brief.len());
        assert!(brief.contains("bytes more") && brief.contains("and 180 more"), "{brief}");
    }

    #[test]
    fn hostile_text_is_inert() {
        let brief = brief(&view("<script>x</script> | [a](javascript:b) ![c](http://d)\n# h\n::error::x", 1));
        for markup in ["<script", "| [a]", "\n# h", "](javascript", "](http", "\n::error"] {
            assert!(!brief.contains(markup), "{markup}: {brief}");
        }
    }
}
