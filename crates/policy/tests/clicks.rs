//! Which approvals given in GitHub count: one table of what was said, by whom, to what.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

use crate::common::{Case, finding, found, now, with_rules};
use model::{Severity, Sha256, Verdict};
use policy::click::{Account, Answer, Bound, Guard, GuardRules, RunFacts, Said, SaidTo, bind};
use policy::{Approval, Prior, ResolvedPolicy, Signed};

const STARTER: i64 = 1;
const AUTHOR: i64 = 2;
const ADA: i64 = 3;
const BOB: i64 = 4;

fn account(id: i64) -> Account {
    Account { id, login: format!("user-{id}") }
}

fn brief() -> Sha256 {
    Sha256::of(b"brief")
}

fn guard(name: &str) -> Guard {
    let rules = GuardRules {
        id: Some(i64::try_from(name.len()).unwrap()),
        reviewers: 1,
        prevents_self_review: true,
        admins_bypass: Some(false),
        restricts_branches: true,
    };
    Guard { name: name.into(), rules: Some(rules) }
}

fn said(answer: Answer, by: i64, to: &[&str], comment: &str) -> Said {
    let named = |name: &&str| SaidTo { id: Some(i64::try_from(name.len()).unwrap()), name: (*name).into() };
    Said {
        environments: to.iter().map(named).collect(),
        answer,
        by: Some(account(by)),
        comment: comment.into(),
    }
}

fn yes(by: i64, to: &[&str]) -> Said {
    said(Answer::Approved, by, to, &format!("approve {}", brief().short()))
}

/// One environment, approved as it has to be.
fn good() -> RunFacts {
    RunFacts {
        repository: "acme/images".into(),
        run: 7,
        attempt: 1,
        commit: "0".repeat(40),
        brief: brief(),
        actor: Some(account(STARTER)),
        triggering_actor: Some(account(STARTER)),
        authors: vec![account(AUTHOR)],
        unknown_authors: 0,
        environments: vec![guard("production")],
        said: vec![yes(ADA, &["production"])],
    }
}

/// The policy of these tests, with something more in it.
fn policy(more: &str) -> ResolvedPolicy {
    with_rules("{severity: critical, fixable: false, then: review}", more)
}

fn codes(bound: &Bound) -> Vec<&'static str> {
    bound.refusals.iter().map(|one| one.code.as_str()).collect()
}

type Change = fn(&mut RunFacts);

#[test]
fn truth_table() {
    let strict = "approval: {comment: required}";
    let rows: &[(&str, &str, Change, &[&str])] = &[
        ("as it has to be", "", |_| {}, &[]),
        ("the same where the comment is required", strict, |_| {}, &[]),
        ("the whole digest", strict, |f| f.said[0].comment = format!("approve {}", f.brief), &[]),
        ("no comment, in the first attempt", "", |f| f.said[0].comment.clear(), &[]),
        ("no comment, and one is required", strict, |f| f.said[0].comment.clear(), &["approval-unbound"]),
        (
            "no comment, in the second attempt",
            "",
            |f| {
                f.attempt = 2;
                f.said[0].comment.clear();
            },
            &["approval-unbound"],
        ),
        ("a comment, in the second attempt", "", |f| f.attempt = 2, &[]),
        (
            "an attempt that is none",
            "",
            |f| {
                f.attempt = 0;
                f.said[0].comment.clear();
            },
            &["approval-unbound"],
        ),
        (
            "another brief's digest",
            "",
            |f| f.said[0].comment = "approve 000000000000".into(),
            &["approval-unbound"],
        ),
        (
            "a digest that is too short",
            "",
            |f| f.said[0].comment = format!("approve {}", &f.brief.short()[..11]),
            &["approval-comment"],
        ),
        (
            "a digest that goes on as another",
            "",
            |f| f.said[0].comment = format!("approve {}0000", f.brief.short()),
            &["approval-unbound"],
        ),
        ("a command that is none", "", |f| f.said[0].comment += "\nexcept everything", &["approval-comment"]),
        ("nobody said anything", "", |f| f.said.clear(), &["approval-missing"]),
        ("nobody is asked anything", "", |f| f.environments.clear(), &["approval-missing"]),
        ("still open", "", |f| f.said[0].answer = Answer::Open, &["approval-missing"]),
        ("rejected", "", |f| f.said[0].answer = Answer::Rejected, &["approval-rejected", "approval-missing"]),
        (
            "approved and rejected",
            "",
            |f| f.said.push(said(Answer::Rejected, BOB, &["production"], "no")),
            &["approval-rejected"],
        ),
        (
            "rejected in an earlier attempt",
            "",
            |f| {
                f.attempt = 2;
                f.said.push(said(Answer::Rejected, BOB, &["production"], "no"));
            },
            &[],
        ),
        (
            "rejected by its digest",
            "",
            |f| {
                f.attempt = 2;
                let comment = format!("not {}", f.brief.short());
                f.said.push(said(Answer::Rejected, BOB, &["production"], &comment));
            },
            &["approval-rejected"],
        ),
        (
            "another environment was rejected",
            "",
            |f| f.said.push(said(Answer::Rejected, BOB, &["eu"], "no")),
            &[],
        ),
        ("another environment was approved", "", |f| f.said = vec![yes(ADA, &["eu"])], &["approval-missing"]),
        (
            "another by its number, of the same name",
            "",
            |f| f.said[0].environments[0].id = Some(99),
            &["approval-missing"],
        ),
        (
            "without a number, by name",
            "",
            |f| {
                f.said[0].environments[0] = SaidTo { id: None, name: "Production".into() };
            },
            &[],
        ),
        ("by nobody", "", |f| f.said[0].by = None, &["approval-missing"]),
        ("by who started the run", "", |f| f.said[0].by = Some(account(STARTER)), &["approval-by-starter"]),
        (
            "by them, under another name",
            "",
            |f| f.said[0].by = Some(Account { id: STARTER, login: "x".into() }),
            &["approval-by-starter"],
        ),
        (
            "by who has their old name",
            "",
            |f| f.said[0].by = Some(Account { id: ADA, login: "user-1".into() }),
            &[],
        ),
        (
            "by who ran it again",
            "",
            |f| {
                f.attempt = 2;
                f.triggering_actor = Some(account(ADA));
            },
            &["approval-by-starter"],
        ),
        ("nobody knows who started it", "", |f| f.actor = None, &["approval-by-starter"]),
        ("nobody knows who ran it again", "", |f| f.triggering_actor = None, &["approval-by-starter"]),
        ("by who wrote it", "", |f| f.said[0].by = Some(account(AUTHOR)), &["approval-by-author"]),
        ("by the starter, and by another", "", |f| f.said.insert(0, yes(STARTER, &["production"])), &[]),
        ("somebody wrote it who has no account", "", |f| f.unknown_authors = 1, &["author-unknown"]),
        (
            "two environments by two",
            "",
            |f| {
                f.environments.push(guard("eu"));
                f.said.push(yes(BOB, &["eu"]));
            },
            &[],
        ),
        (
            "two environments by one",
            "",
            |f| {
                f.environments.push(guard("eu"));
                f.said.push(yes(ADA, &["eu"]));
            },
            &["approval-not-distinct"],
        ),
        (
            "two environments by one click",
            "",
            |f| {
                f.environments.push(guard("eu"));
                f.said = vec![yes(ADA, &["production", "eu"])];
            },
            &["approval-not-distinct"],
        ),
        (
            "by one, one of them by another too",
            "",
            |f| {
                f.environments.push(guard("eu"));
                f.said.extend([yes(BOB, &["production"]), yes(ADA, &["eu"])]);
            },
            &[],
        ),
        ("one of two is open", "", |f| f.environments.push(guard("eu")), &["approval-missing"]),
        ("no such environment", "", |f| f.environments[0].rules = None, &["environment-missing"]),
        ("no reviewers", "", |f| rules(f).reviewers = 0, &["environment-open"]),
        ("self-review", "", |f| rules(f).prevents_self_review = false, &["environment-self-review"]),
        ("administrators pass by", "", |f| rules(f).admins_bypass = Some(true), &["environment-bypass"]),
        ("perhaps they do", "", |f| rules(f).admins_bypass = None, &["environment-bypass"]),
        ("any branch", "", |f| rules(f).restricts_branches = false, &["environment-branches"]),
        (
            "nothing at all",
            "",
            |f| {
                let open = GuardRules {
                    id: None,
                    reviewers: 0,
                    prevents_self_review: false,
                    admins_bypass: None,
                    restricts_branches: false,
                };
                f.environments[0].rules = Some(open);
            },
            &["environment-open", "environment-self-review", "environment-bypass", "environment-branches"],
        ),
    ];
    for (what, more, change, expected) in rows {
        let mut facts = good();
        change(&mut facts);
        let bound = bind(policy(more).policy(), &facts, now());
        assert_eq!(codes(&bound), *expected, "{what}: {:?}", bound.refusals);
        if expected.is_empty() {
            let people: std::collections::BTreeSet<i64> = bound.counted.iter().map(|one| one.by.id).collect();
            assert_eq!(people.len(), facts.environments.len(), "{what}: one for each, and each another");
        }
    }
}

fn rules(facts: &mut RunFacts) -> &mut GuardRules {
    facts.environments[0].rules.as_mut().unwrap()
}

/// A case with two findings that ask for a review, what was said, and the decision.
fn decided(more: &str, comment: &str, change: fn(&mut Case, &mut Approval)) -> policy::Decision {
    let mut case = Case::good();
    case.policy = policy(more);
    found(&mut case).push(finding("CVE-2026-1", "a", Severity::Critical, false));
    found(&mut case).push(finding("CVE-2026-2", "b", Severity::Critical, false));
    let before = case.decide();
    assert_eq!(before.verdict, Verdict::Review);
    let mut facts = good();
    facts.said[0].comment = comment.into();
    let mut approval = Approval {
        file: "approval".into(),
        signed: Signed::By(vec!["approver".into()]),
        own_key: true,
        approver: "user-3 (id 3)".into(),
        waives: before.reasons.iter().map(|reason| reason.code.clone()).collect(),
        decided_on: "2026-11-22T11:00:00Z".parse().unwrap(),
        expires_on: "2026-11-23T11:00:00Z".parse().unwrap(),
        click: Some(bind(case.policy.policy(), &facts, now())),
        prior: Ok(Prior { reasons: before.reasons }),
    };
    change(&mut case, &mut approval);
    case.decide_with(&approval)
}

/// What happens, what the policy has more, the comment, the change; the verdict, a code, and how many findings are excepted.
type Row<'r> = (&'r str, &'r str, &'r str, fn(&mut Case, &mut Approval), Verdict, Option<&'r str>, usize);

#[test]
fn what_a_click_clears() {
    let named = format!("approve {}", brief().short());
    let except = format!("{named}\nexcept CVE-2026-1 a until 2026-11-30 because it is not reached");
    let both = format!("{except}\nexcept CVE-2026-2 until 2026-11-30 because neither is that");
    let rows: &[Row<'_>] = &[
        ("a click", "", "", |_, _| {}, Verdict::Pass, None, 0),
        ("a comment", "approval: {comment: required}", &named, |_, _| {}, Verdict::Pass, None, 0),
        (
            "one that does not count",
            "",
            "approve 000000000000",
            |_, _| {},
            Verdict::Review,
            Some("approval-unbound"),
            0,
        ),
        (
            "an exception, and the rest is waived",
            "",
            &except,
            |_, _| {},
            Verdict::Pass,
            Some("exception-ending"),
            1,
        ),
        ("exceptions for all", "", &both, |_, _| {}, Verdict::Pass, Some("exception-ending"), 2),
        (
            "its exceptions do not count where it does not",
            "",
            &except,
            |_, a| a.prior = Err("x".into()),
            Verdict::Fail,
            Some("approval-of-another"),
            0,
        ),
        (
            "too late",
            "approval: {timeout: 30m}",
            &except,
            |_, _| {},
            Verdict::Review,
            Some("approval-expired"),
            0,
        ),
        (
            "not signed",
            "",
            "",
            |_, a| a.signed = Signed::Unsigned,
            Verdict::Fail,
            Some("approval-refused"),
            0,
        ),
        (
            "by no approver's key",
            "",
            "",
            |_, a| a.signed = Signed::By(vec!["assay".into()]),
            Verdict::Fail,
            Some("approval-refused"),
            0,
        ),
        (
            "something that was not seen came meanwhile",
            "",
            &except,
            |case, _| found(case).push(finding("CVE-2026-3", "c", Severity::Critical, false)),
            Verdict::Review,
            Some("approval-incomplete"),
            1,
        ),
        (
            "an environment that the policy takes for a note",
            "reasons: {environment-bypass: note}",
            "",
            |case, approval| {
                let mut facts = good();
                rules(&mut facts).admins_bypass = None;
                approval.click = Some(bind(case.policy.policy(), &facts, now()));
            },
            Verdict::Pass,
            Some("environment-bypass"),
            0,
        ),
    ];
    for (what, more, comment, change, verdict, code, suppressed) in rows {
        let decision = decided(more, comment, *change);
        let told: Vec<&str> = decision.reasons.iter().map(|reason| reason.code.as_str()).collect();
        assert_eq!(decision.verdict, *verdict, "{what}: {told:?}");
        assert!(code.is_none_or(|code| told.contains(&code)), "{what}: {told:?}");
        assert!(code.is_some() || told.is_empty(), "{what}: {told:?}");
        let hidden = decision.findings.iter().filter(|one| !one.suppressed_by.is_empty()).count();
        assert_eq!(hidden, *suppressed, "{what}");
    }
}

/// A fail stays a fail, whatever is written into a comment.
#[test]
fn an_exception_of_a_comment_opens_no_fail() {
    let comment = format!("approve {}\nexcept CVE-2026-1 until 2026-11-30 because x", brief().short());
    let decision = decided("", &comment, |case, approval| {
        case.policy = with_rules("{severity: critical, fixable: false, then: fail}", "");
        approval.prior = Ok(Prior { reasons: case.decide().reasons });
    });
    assert_eq!(decision.verdict, Verdict::Fail);
    assert!(decision.findings.iter().all(|one| one.suppressed_by.is_empty()));
}
