//! What an approval clears, and when it is refused.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

use crate::common::{Case, finding, found};
use model::{Severity, Verdict};
use policy::{Approval, Prior, Signed};

fn review() -> Case {
    let mut case = Case::good();
    found(&mut case).push(finding("CVE-1", "a", Severity::Critical, false));
    case
}

fn approval(case: &Case) -> Approval {
    Approval {
        file: "approval".into(),
        signed: Signed::By(vec!["approver".into()]),
        own_key: false,
        approver: "someone".into(),
        waives: ["unfixed-vulnerability".to_owned()].into(),
        decided_on: "2026-11-22T11:00:00Z".parse().unwrap(),
        expires_on: "2026-11-23T11:00:00Z".parse().unwrap(),
        click: None,
        prior: Ok(Prior { reasons: case.decide().reasons }),
    }
}

#[test]
fn truth_table() {
    type Row = (&'static str, fn(&mut Approval), Verdict, Option<&'static str>);
    let rows: &[Row] = &[
        ("good", |_| {}, Verdict::Pass, None),
        ("unsigned", |a| a.signed = Signed::Unsigned, Verdict::Fail, Some("approval-refused")),
        (
            "signed by another",
            |a| a.signed = Signed::By(vec!["bake".into()]),
            Verdict::Fail,
            Some("approval-refused"),
        ),
        (
            "signed by nobody named",
            |a| a.signed = Signed::By(vec![]),
            Verdict::Fail,
            Some("approval-refused"),
        ),
        ("signed by the gate", |a| a.own_key = true, Verdict::Fail, Some("approval-refused")),
        ("of another verdict", |a| a.prior = Err("x".into()), Verdict::Fail, Some("approval-of-another")),
        (
            "from the future",
            |a| a.decided_on = "2026-11-23T00:00:00Z".parse().unwrap(),
            Verdict::Fail,
            Some("approval-of-another"),
        ),
        (
            "expired by its word",
            |a| a.expires_on = "2026-11-22T11:30:00Z".parse().unwrap(),
            Verdict::Review,
            Some("approval-expired"),
        ),
        (
            "expired by the policy",
            |a| a.decided_on = "2026-11-21T11:00:00Z".parse().unwrap(),
            Verdict::Review,
            Some("approval-expired"),
        ),
        ("waives nothing", |a| a.waives.clear(), Verdict::Review, Some("approval-incomplete")),
        (
            "waives something else",
            |a| a.waives = ["tests-warned".to_owned()].into(),
            Verdict::Review,
            Some("approval-incomplete"),
        ),
        (
            "saw nothing",
            |a| a.prior = Ok(Prior { reasons: vec![] }),
            Verdict::Review,
            Some("approval-incomplete"),
        ),
    ];
    for (name, change, verdict, code) in rows {
        let case = review();
        assert_eq!(case.decide().verdict, Verdict::Review);
        let mut approval = approval(&case);
        change(&mut approval);
        let decision = case.decide_with(&approval);
        assert_eq!(decision.verdict, *verdict, "{name}");
        if let Some(code) = code {
            assert!(decision.reasons.iter().any(|r| r.code == *code), "{name}: {:?}", decision.reasons);
        } else {
            assert_eq!(decision.waived.unwrap().reasons.len(), 1, "what is waived stays visible");
        }
    }
}

/// Other findings under the same code are not what the approver saw.
#[test]
fn an_approval_of_one_finding_is_none_of_another() {
    let approval = approval(&review());
    let mut case = review();
    found(&mut case)[0].package.path = Some("/elsewhere".into());
    assert_eq!(case.decide_with(&approval).verdict, Verdict::Review);
}

#[test]
fn nobody_can_waive_a_fail() {
    let mut case = review();
    case.evidence.statements.retain(|s| s.file != "test");
    let mut approval = approval(&case);
    approval.waives.insert("missing-evidence".into());
    assert_eq!(case.decide_with(&approval).verdict, Verdict::Fail);
}

/// Where the job that publishes may sign an approval, it is for what it reads in GitHub. A file by its key is none.
#[test]
fn whoever_signs_verdicts_approves_by_no_file() {
    for (signers, verdict) in [
        (&["approver"] as &[&str], Verdict::Pass),
        (&["publish"], Verdict::Fail),
        // One key under both names is an approver's too; that it is both is told by `shared-key`.
        (&["approver", "publish"], Verdict::Pass),
        (&["assay"], Verdict::Fail),
    ] {
        let mut case = review();
        case.policy = crate::common::with_clicks();
        let mut approval = approval(&case);
        approval.signed = Signed::By(signers.iter().map(|name| (*name).to_owned()).collect());
        let decision = case.decide_with(&approval);
        assert_eq!(decision.verdict, verdict, "{signers:?}: {:?}", decision.reasons);
        let refused = decision.reasons.iter().any(|reason| reason.code == "approval-refused");
        assert_eq!(refused, verdict == Verdict::Fail, "{signers:?}");
    }
}
