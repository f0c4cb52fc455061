//! `fail-on`: whether this step fails, on the normalised findings.

use model::{Finding, Severity};
use runner::{Annotation, Context, Outcome};
use scanners::{Counts, Scan};

use crate::inputs::Common;

/// What was decided here. The gate decides for itself, with the policy.
pub(crate) enum Decision {
    /// `fail-on` names nothing.
    NotAsked,
    /// Nothing that `fail-on` names was found.
    Passed,
    /// So much of it was found, for example these.
    Failed {
        /// How many of each severity.
        counts: Counts,
        /// Some of them, worst first.
        examples: Vec<String>,
    },
}

pub(crate) fn decide(common: &Common, scan: &Scan) -> Decision {
    if common.fail_on.is_empty() {
        return Decision::NotAsked;
    }
    let mut failing: Vec<&Finding> = scan
        .findings
        .iter()
        .filter(|finding| common.fails.contains(&finding.class))
        .filter(|finding| counts(&common.fail_on, finding.severity))
        .filter(|finding| common.fail_on_unfixed || finding.fixable())
        .collect();
    if failing.is_empty() {
        return Decision::Passed;
    }
    failing.sort_by_key(|finding| std::cmp::Reverse(finding.severity.rank_for_decision()));
    let examples =
        failing.iter().take(3).map(|finding| format!("{} in {}", finding.id, place(finding))).collect();
    Decision::Failed { counts: Counts::of(failing), examples }
}

/// The package; or the file, of what is found in none.
fn place(finding: &Finding) -> &str {
    match (finding.package.name.as_str(), &finding.package.path) {
        ("", Some(path)) => path,
        (name, _) => name,
    }
}

/// Whether a severity is one of those listed. An unknown one counts with everything that it may
/// turn out to be no better than: with `unknown`, and with what ranks no higher than it does.
fn counts(listed: &[Severity], severity: Severity) -> bool {
    listed.contains(&severity)
        || (severity == Severity::Unknown
            && listed.iter().any(|other| other.rank_for_decision() <= severity.rank_for_decision()))
}

impl Decision {
    /// Says it, once, and gives the outcome.
    pub(crate) fn announce(&self, ctx: &mut Context) -> Outcome {
        let Self::Failed { counts, examples } = self else { return Outcome::Done };
        ctx.error(
            Annotation::new(format!(
                "{} that `fail-on` names: {}, for example {}",
                findings(counts.total()),
                in_words(counts),
                examples.join(", ")
            ))
            .title("Findings"),
        );
        Outcome::Against
    }
}

/// `1 finding`, `2 findings`.
pub(crate) fn findings(count: u64) -> String {
    format!("{count} finding{}", if count == 1 { "" } else { "s" })
}

/// `1 critical, 2 high`: what there is, worst first.
pub(crate) fn in_words(counts: &Counts) -> String {
    let parts: Vec<_> = Severity::ALL
        .into_iter()
        .filter(|severity| counts.get(*severity) > 0)
        .map(|severity| format!("{} {severity}", counts.get(severity)))
        .collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fail_on_counts() {
        use Severity::{Critical, High, Low, Medium, Negligible, Unknown};
        let table: [(&[Severity], &[Severity]); 7] = [
            (&[], &[]),
            (&[Critical], &[Critical]),
            (&[Critical, High], &[Critical, High]),
            (&[Medium], &[Medium, Unknown]),
            (&[Low], &[Low, Unknown]),
            (&[Unknown], &[Unknown]),
            (&[Negligible], &[Negligible, Unknown]),
        ];
        for (listed, wanted) in table {
            for severity in Severity::ALL {
                assert_eq!(counts(listed, severity), wanted.contains(&severity), "{listed:?} {severity}");
            }
        }
    }

    #[test]
    fn counts_in_words() {
        assert_eq!(in_words(&Counts::default()), "none");
        assert_eq!(in_words(&Counts { high: 2, unknown: 1, ..Counts::default() }), "2 high, 1 unknown");
        assert_eq!(findings(1), "1 finding");
    }
}
