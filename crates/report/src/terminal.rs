//! Plain text for a terminal: the decision as the page and the brief have it, as wide as the window
//! and never wider than one reads.

mod layout;

use model::{Reason, Severity, Weight};

use crate::view::{Changed, Changes, View};
use crate::words;
use layout::{Paper, Tone};

/// Rows of a list before the rest is only counted.
const ROWS: usize = 10;

/// What speaks for the verdict, what changed and how much there is, in at most `width` columns (of 40 to
/// 100). Hostile text comes out plain, on no line of its own; only `colour` brings escape sequences.
#[must_use]
pub fn decision(view: &View, width: usize, colour: bool) -> String {
    let mut paper = Paper::new(width.clamp(40, 100), colour);
    head(&mut paper, view);
    if !view.reasons.is_empty() {
        paper.title("Reasons");
    }
    for one in &view.reasons {
        reason(&mut paper, one);
    }
    if let Some(waived) = &view.waived {
        paper.title(&format!("Waived by {}", waived.approver));
        paper.text(2, Tone::Dim, &waived.comment);
        if waived.reasons.is_empty() {
            paper.text(2, Tone::Plain, words::WAIVES_NOTHING);
        }
        for one in &waived.reasons {
            reason(&mut paper, one);
        }
    }
    if !view.auto_approved.is_empty() {
        paper.title("Approved by the policy itself");
        for one in &view.auto_approved {
            reason(&mut paper, &one.reason);
            paper.entry(10, "by", &one.rule);
        }
    }
    if let Some(changes) = &view.changes {
        changed(&mut paper, changes);
    }
    counts(&mut paper, view);
    paper.finish()
}

fn head(paper: &mut Paper, view: &View) {
    let word = words::verdict(view.verdict).to_uppercase();
    paper.text(0, Tone::of(view.verdict), &format!("{word}  {}", view.image.name));
    let mut about = format!("policy {}, {}", view.policy.name, words::mode(view));
    if let Some(environment) = &view.environment {
        about += &format!(", environment {environment}");
    }
    paper.text(2, Tone::Plain, &format!("{}; {about}", words::reasons(&view.reasons)));
    if view.report_only {
        paper.text(2, Tone::Review, words::REPORT_ONLY);
    }
}

fn reason(paper: &mut Paper, one: &Reason) {
    let tone = if one.weight == Weight::Note { Tone::Dim } else { Tone::of(one.weight.verdict()) };
    paper.marked(tone, words::weight(one.weight), &one.code);
    paper.text(10, Tone::Plain, &one.message);
    for evidence in one.evidence.iter().take(ROWS) {
        paper.entry(10, "rests on", evidence);
    }
    if one.evidence.len() > ROWS {
        paper.entry(10, "rests on", &format!("{} more", one.evidence.len() - ROWS));
    }
    paper.entry(10, "to clear", &one.clears);
}

fn changed(paper: &mut Paper, changes: &Changes) {
    paper.title(&format!("Since {}", changes.since));
    paper.text(2, Tone::Plain, &words::changes(changes));
    found(paper, "new", &changes.new);
    found(paper, "fixed", &changes.fixed);
}

fn found(paper: &mut Paper, word: &str, list: &[Changed]) {
    for one in list.iter().take(ROWS) {
        let place =
            if one.package.is_empty() { one.path.as_deref().unwrap_or_default() } else { &one.package };
        let fix = one.fixed.as_ref().map(|version| format!(", fixed in {version}")).unwrap_or_default();
        paper.entry(2, word, &format!("{} {} in {place} {}{fix}", one.severity, one.id, one.version));
    }
    if list.len() > ROWS {
        paper.entry(2, word, &format!("{} more", list.len() - ROWS));
    }
}

fn counts(paper: &mut Paper, view: &View) {
    paper.title("Findings");
    let each = Severity::ALL.map(|severity| {
        let (stand, suppressed) = view.count(severity);
        let more = if suppressed > 0 { format!(" (and {suppressed} suppressed)") } else { String::new() };
        format!("{stand} {severity}{more}")
    });
    paper.text(2, Tone::Plain, &each.join(", "));
    let exceptions = words::count(view.exceptions.len(), "exception");
    let packages = words::count(view.packages.len(), "package");
    paper.text(2, Tone::Plain, &format!("{exceptions}, {packages}"));
}

#[cfg(test)]
mod tests;
