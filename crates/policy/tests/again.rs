//! Deciding again about what was published: what ages to today and what does not, and what somebody answered for.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::common::{Case, finding, found, now};
use jiff::SignedDuration;
use model::{Severity, Verdict};
use policy::{Accepted, Decision, Exception, decide, decide_again};

fn later(days: i64) -> jiff::Timestamp {
    now().checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

fn again(case: &Case, accepted: &Accepted, days: i64) -> Decision {
    decide_again(&case.policy, &case.exceptions, &case.evidence, accepted, later(days))
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

/// Tests are of 24 hours, scans too, and their database of 7 days.
#[test]
fn what_was_made_once_is_as_old_as_it_was() {
    let mut case = Case::good();
    let none = Accepted::default();
    for (published, days, wanted) in [
        (None, 0, vec![]),
        (None, 2, vec!["stale-evidence", "stale-evidence"]),
        (Some(0), 0, vec![]),
        (Some(0), 2, vec!["stale-evidence"]),
        (Some(0), 30, vec!["stale-database", "stale-evidence"]),
        // Published when the test was too old already.
        (Some(2), 2, vec!["stale-evidence", "stale-evidence"]),
        // A day that is still to come makes nothing fresher.
        (Some(40), 2, vec!["stale-evidence", "stale-evidence"]),
    ] {
        case.evidence.published = published.map(later);
        let decision = again(&case, &none, days);
        assert_eq!(codes(&decision), wanted, "{published:?} {days}");
        if days > 0 {
            let scans =
                |one: &&model::Reason| one.message.contains("vulns") || one.message.contains("database");
            assert!(decision.reasons.iter().any(|one| scans(&one)), "{decision:?}");
        }
    }
}

/// An image with a finding that a person may answer for, and the reasons of the day on which one did.
fn reviewed() -> (Case, Accepted) {
    let mut case = Case::good();
    found(&mut case).push(finding("CVE-2026-1", "a", Severity::High, true));
    let decision = decide(&case.policy, &case.exceptions, &case.evidence, None, now());
    assert_eq!(decision.verdict, Verdict::Review);
    case.evidence.published = Some(now());
    let accepted = Accepted { approver: "Ada".into(), reasons: decision.reasons, exceptions: vec![] };
    (case, accepted)
}

#[test]
fn what_somebody_answered_for_is_that_and_no_worse() {
    let (case, accepted) = reviewed();
    let decision = again(&case, &accepted, 0);
    assert_eq!((decision.verdict, codes(&decision)), (Verdict::Pass, vec![]));
    let waived = decision.waived.unwrap();
    assert_eq!((waived.approver.as_str(), waived.reasons.len()), ("Ada", 1));
    assert_eq!(again(&case, &Accepted::default(), 0).verdict, Verdict::Review);

    // One more of the same is another reason.
    let (mut case, accepted) = reviewed();
    found(&mut case).push(finding("CVE-2026-2", "b", Severity::High, true));
    assert_eq!(again(&case, &accepted, 0).verdict, Verdict::Review);

    // Beside something that no person may waive, nothing is waived.
    let (mut case, accepted) = reviewed();
    found(&mut case).push(finding("CVE-2026-3", "c", Severity::Critical, true));
    let decision = again(&case, &accepted, 0);
    assert_eq!((decision.verdict, decision.waived), (Verdict::Fail, None));
    let (case, accepted) = reviewed();
    assert_eq!(again(&case, &accepted, 2).verdict, Verdict::Fail, "a scan that is too old");
}

#[test]
fn an_exception_of_a_comment_takes_away_what_it_names() {
    let (mut case, _) = reviewed();
    let until = |day: &str| {
        let days = ("2026-11-22".parse().unwrap(), day.parse().unwrap());
        let exception = Exception::of_a_comment(1, "CVE-2026-1".into(), None, days, "r".into(), "o".into());
        Accepted { approver: "Ada".into(), reasons: vec![], exceptions: vec![exception] }
    };
    assert_eq!(again(&case, &until("2026-11-22"), 0).verdict, Verdict::Pass);
    assert_eq!(again(&case, &until("2026-11-21"), 0).verdict, Verdict::Review, "over");
    found(&mut case).push(finding("CVE-2026-2", "b", Severity::High, true));
    let decision = again(&case, &until("2026-11-22"), 0);
    assert_eq!(decision.verdict, Verdict::Review);
    assert!(
        decision
            .reasons
            .iter()
            .any(|one| one.message.contains("CVE-2026-2") && !one.message.contains("CVE-2026-1")),
        "{decision:?}"
    );
}
