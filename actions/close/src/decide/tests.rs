use github::{NamedEnvironment, Person};

use super::*;

const VERDICT: &str = "2026-11-26T00:00:00Z";

fn asked(review: Option<JobResult>, publish: JobResult, hours: i64) -> Asked {
    let verdict: Timestamp = VERDICT.parse().unwrap();
    Asked {
        environments: vec!["canary".to_owned(), "Production".to_owned()],
        review,
        publish,
        asks: true,
        until: verdict + jiff::SignedDuration::from_hours(24),
        now: verdict + jiff::SignedDuration::from_hours(hours),
    }
}

fn said(state: ApprovalState, environments: &[&str]) -> Approval {
    let named = |name: &&str| NamedEnvironment { id: None, name: (*name).to_owned() };
    Approval {
        environments: environments.iter().map(named).collect(),
        state,
        by: Some(Person { id: 4, login: "ada".to_owned() }),
        comment: "no".to_owned(),
    }
}

/// The review's result and the publish's, the hours since the verdict, what was said, and what comes of it.
type Row<'r> = (&'r str, Option<JobResult>, JobResult, i64, &'r [Approval], Result<Outcome, &'r str>);

#[test]
fn truth_table() {
    use ApprovalState::{Approved, Open, Rejected};
    use JobResult::{Cancelled, Failure, Skipped, Success};
    let both = [said(Approved, &["canary"]), said(Approved, &["production"])];
    let rows: &[Row<'_>] = &[
        ("published", None, Success, 1, &[], Err("nothing to close")),
        (
            "published, though somebody rejected",
            None,
            Success,
            1,
            &[said(Rejected, &["production"])],
            Err("nothing to close"),
        ),
        ("rejected", None, Failure, 1, &[said(Rejected, &["production"])], Ok(Outcome::Rejected)),
        (
            "rejected in the review's own job",
            Some(Failure),
            Skipped,
            1,
            &[said(Rejected, &["CANARY"])],
            Ok(Outcome::Rejected),
        ),
        ("rejected, and late", None, Failure, 30, &[said(Rejected, &["production"])], Ok(Outcome::Rejected)),
        (
            "rejected after an approval",
            None,
            Failure,
            1,
            &[said(Approved, &["canary"]), said(Rejected, &["production"])],
            Ok(Outcome::Rejected),
        ),
        ("rejected elsewhere", None, Failure, 1, &[said(Rejected, &["docs"])], Ok(Outcome::Failed)),
        ("nobody answered", None, Cancelled, 25, &[], Ok(Outcome::Expired)),
        (
            "nobody answered, by the review's own job",
            Some(Cancelled),
            Skipped,
            25,
            &[said(Open, &["production"])],
            Ok(Outcome::Expired),
        ),
        ("one of two answered", None, Cancelled, 25, &both[..1], Ok(Outcome::Expired)),
        ("at the very end", None, Cancelled, 24, &[], Ok(Outcome::Cancelled)),
        ("ended in time", None, Cancelled, 1, &[], Ok(Outcome::Cancelled)),
        ("ended while it published", Some(Success), Cancelled, 30, &both, Ok(Outcome::Cancelled)),
        ("the review was ended", Some(Cancelled), Skipped, 1, &[], Ok(Outcome::Cancelled)),
        ("failed", Some(Success), Failure, 1, &both, Ok(Outcome::Failed)),
        ("failed, late, and approved", Some(Success), Failure, 30, &both, Ok(Outcome::Failed)),
        ("the review failed", Some(Failure), Skipped, 1, &[], Ok(Outcome::Failed)),
        ("ended and failed", Some(Failure), Cancelled, 1, &both, Ok(Outcome::Cancelled)),
        ("nothing was to be done", None, Skipped, 1, &[], Err("nothing to close")),
        ("nothing was to be done, both", Some(Skipped), Skipped, 1, &both, Err("nothing to close")),
        (
            "the review went well, nothing to publish",
            Some(Success),
            Skipped,
            1,
            &both,
            Err("nothing to close"),
        ),
    ];
    for (name, review, publish, hours, said, expected) in rows {
        let found = asked(*review, *publish, *hours).ended(said).map(|ended| ended.outcome);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, *expected, "{name}"),
            (Err(why), Err(part)) => assert!(why.contains(part), "{name}: {why}"),
            (found, _) => assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{name}"),
        }
    }
}

#[test]
fn a_verdict_that_asks_nobody_does_not_expire() {
    let mut asked = asked(None, JobResult::Cancelled, 25);
    asked.asks = false;
    assert_eq!(asked.ended(&[]).map(|ended| ended.outcome), Ok(Outcome::Cancelled));
}

#[test]
fn everybody_who_said_no_is_named() {
    let mut gone = said(ApprovalState::Rejected, &["canary", "docs"]);
    gone.by = None;
    let all =
        [said(ApprovalState::Rejected, &["production"]), said(ApprovalState::Approved, &["canary"]), gone];
    let ended = asked(None, JobResult::Failure, 1).ended(&all).unwrap();
    let by: Vec<_> =
        ended.by.iter().map(|one| (one.environments.join(" "), one.id, one.login.as_str())).collect();
    assert_eq!(by, [("production".to_owned(), Some(4), "ada"), ("canary docs".to_owned(), None, "")]);
}
