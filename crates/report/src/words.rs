//! Words that the page, the brief and the terminal share, so that they say the same.

use model::{Reason, Verdict, Weight};

use crate::view::{Changes, View};

/// What has to be said aloud where a verdict stops nothing.
pub(crate) const REPORT_ONLY: &str =
    "Report only: this verdict is recorded and stops nothing, and no image may be published by it.";

/// Where somebody approved, and all that they saw still stands or is gone.
pub(crate) const WAIVES_NOTHING: &str = "The approval waives nothing.";

pub(crate) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "Pass",
        Verdict::Review => "Review",
        Verdict::Fail => "Fail",
    }
}

pub(crate) const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Fail => "fail",
        Weight::Review => "review",
        Weight::Note => "note",
    }
}

/// As the policy writes it.
pub(crate) const fn mode(view: &View) -> &'static str {
    if view.report_only { "report-only" } else { "enforce" }
}

/// `2 reasons to fail, 1 to review, 3 notes`.
pub(crate) fn reasons(reasons: &[Reason]) -> String {
    let of = |weight: Weight| reasons.iter().filter(|reason| reason.weight == weight).count();
    let (fail, review, note) = (of(Weight::Fail), of(Weight::Review), of(Weight::Note));
    let mut said = Vec::new();
    if fail > 0 {
        said.push(format!("{} to fail", count(fail, "reason")));
    }
    match (fail, review) {
        (_, 0) => {}
        (0, _) => said.push(format!("{} to review", count(review, "reason"))),
        _ => said.push(format!("{review} to review")),
    }
    if note > 0 {
        said.push(count(note, "note"));
    }
    if said.is_empty() { "no reasons".into() } else { said.join(", ") }
}

/// What is different, in a sentence; each part with how many there are.
pub(crate) fn changes(changes: &Changes) -> String {
    format!(
        "{} new, {} fixed, {} unchanged; packages: {} added, {} removed, {} upgraded",
        changes.new.len(),
        changes.fixed.len(),
        changes.unchanged,
        changes.added.len(),
        changes.removed.len(),
        changes.upgraded.len()
    )
}

/// `1 finding`, `2 findings`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_table_of_counted_reasons() {
        let list = |weights: &[Weight]| {
            let one = |weight: &Weight| Reason {
                weight: *weight,
                code: String::new(),
                message: String::new(),
                evidence: vec![],
                clears: String::new(),
            };
            reasons(&weights.iter().map(one).collect::<Vec<_>>())
        };
        use Weight::{Fail, Note, Review};
        for (weights, said) in [
            (&[] as &[Weight], "no reasons"),
            (&[Note], "1 note"),
            (&[Review], "1 reason to review"),
            (&[Review, Review, Note, Note], "2 reasons to review, 2 notes"),
            (&[Fail], "1 reason to fail"),
            (&[Fail, Fail, Review], "2 reasons to fail, 1 to review"),
            (&[Fail, Review, Note], "1 reason to fail, 1 to review, 1 note"),
        ] {
            assert_eq!(list(weights), said, "{weights:?}");
        }
    }
}
