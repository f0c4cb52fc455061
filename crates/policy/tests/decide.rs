//! Decisions, as tables: each row changes one thing in a case that passes.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

use crate::common::{Case, finding, found, statement};
use model::{Severity, Verdict, Weight};
use policy::{Code, Facts, Objection, Seen, Signed, TestOutcome};

/// A change to the good case, the verdict, and the code of the reason that leads to it.
type Row = (&'static str, fn(&mut Case), Verdict, Option<Code>);

fn drop_file(case: &mut Case, file: &str) {
    case.evidence.statements.retain(|s| s.file != file);
}

fn set(case: &mut Case, file: &str, change: impl Fn(&mut policy::Statement)) {
    case.evidence.statements.iter_mut().filter(|s| s.file == file).for_each(change);
}

const ROWS: &[Row] = &[
    ("nothing changed", |_| {}, Verdict::Pass, None),
    ("no evidence at all", |c| c.evidence.statements.clear(), Verdict::Fail, Some(Code::MissingEvidence)),
    ("no tests", |c| drop_file(c, "test"), Verdict::Fail, Some(Code::MissingEvidence)),
    ("no scan", |c| drop_file(c, "vulns"), Verdict::Fail, Some(Code::MissingEvidence)),
    ("no provenance", |c| drop_file(c, "provenance"), Verdict::Fail, Some(Code::MissingEvidence)),
    (
        "unsigned",
        |c| set(c, "test", |s| s.signed = Signed::Unsigned),
        Verdict::Fail,
        Some(Code::UnsignedEvidence),
    ),
    (
        "signed by the bake",
        |c| set(c, "test", |s| s.signed = Signed::By(vec!["bake".into()])),
        Verdict::Fail,
        Some(Code::WrongSigner),
    ),
    (
        "signed by nobody named",
        |c| set(c, "test", |s| s.signed = Signed::By(vec![])),
        Verdict::Fail,
        Some(Code::WrongSigner),
    ),
    (
        "stale",
        |c| set(c, "test", |s| s.issued = Some("2026-11-20T00:00:00Z".parse().unwrap())),
        Verdict::Fail,
        Some(Code::StaleEvidence),
    ),
    ("undated", |c| set(c, "test", |s| s.issued = None), Verdict::Fail, Some(Code::UndatedEvidence)),
    (
        "from the future",
        |c| set(c, "test", |s| s.issued = Some("2026-11-23T00:00:00Z".parse().unwrap())),
        Verdict::Fail,
        Some(Code::FutureEvidence),
    ),
    (
        "seen in the build",
        |c| {
            set(c, "test", |s| {
                if let Facts::TestResult { seen, .. } = &mut s.facts {
                    *seen = Seen::InBuild
                }
            })
        },
        Verdict::Fail,
        Some(Code::NotSeenAsRequired),
    ),
    (
        "tests failed",
        |c| {
            set(c, "test", |s| {
                if let Facts::TestResult { failed, .. } = &mut s.facts {
                    *failed = 1
                }
            })
        },
        Verdict::Fail,
        Some(Code::TestsFailed),
    ),
    (
        "the run failed without a failed test",
        |c| {
            set(c, "test", |s| {
                if let Facts::TestResult { outcome, .. } = &mut s.facts {
                    *outcome = TestOutcome::Failed
                }
            })
        },
        Verdict::Fail,
        Some(Code::TestsFailed),
    ),
    (
        "warned",
        |c| {
            set(c, "test", |s| {
                if let Facts::TestResult { outcome, .. } = &mut s.facts {
                    *outcome = TestOutcome::Warned
                }
            })
        },
        Verdict::Review,
        Some(Code::TestsWarned),
    ),
    (
        "skipped",
        |c| {
            set(c, "test", |s| {
                if let Facts::TestResult { skipped, .. } = &mut s.facts {
                    *skipped = 1
                }
            })
        },
        Verdict::Pass,
        Some(Code::TestsSkipped),
    ),
    (
        "no test ran",
        |c| {
            set(c, "test", |s| {
                if let Facts::TestResult { passed, .. } = &mut s.facts {
                    *passed = 0
                }
            })
        },
        Verdict::Fail,
        Some(Code::TooFewTests),
    ),
    (
        "no packages",
        |c| {
            set(c, "vulns", |s| {
                if let Facts::Vulns { packages, .. } = &mut s.facts {
                    *packages = 0
                }
            })
        },
        Verdict::Fail,
        Some(Code::TooFewPackages),
    ),
    (
        "old database",
        |c| {
            set(c, "vulns", |s| {
                if let Facts::Vulns { database, .. } = &mut s.facts {
                    *database = Some("2026-11-01T00:00:00Z".parse().unwrap())
                }
            })
        },
        Verdict::Fail,
        Some(Code::StaleDatabase),
    ),
    (
        "undated database",
        |c| {
            set(c, "vulns", |s| {
                if let Facts::Vulns { database, .. } = &mut s.facts {
                    *database = None
                }
            })
        },
        Verdict::Fail,
        Some(Code::UndatedDatabase),
    ),
    (
        "sample database",
        |c| {
            set(c, "vulns", |s| {
                if let Facts::Vulns { sample, .. } = &mut s.facts {
                    *sample = true
                }
            })
        },
        Verdict::Fail,
        Some(Code::SampleDatabase),
    ),
    (
        "scanned an SBOM",
        |c| {
            set(c, "vulns", |s| {
                if let Facts::Vulns { seen, .. } = &mut s.facts {
                    *seen = Seen::Indirect
                }
            })
        },
        Verdict::Fail,
        Some(Code::NotSeenAsRequired),
    ),
    ("base without a verification", |c| drop_file(c, "base-vsa"), Verdict::Fail, Some(Code::BaseNotVerified)),
    (
        "base that failed",
        |c| {
            set(c, "base-vsa", |s| {
                if let Facts::BaseVsa { passed, .. } = &mut s.facts {
                    *passed = false
                }
            })
        },
        Verdict::Fail,
        Some(Code::BaseNotVerified),
    ),
    (
        "base that passed by another policy",
        |c| {
            set(c, "base-vsa", |s| {
                if let Facts::BaseVsa { levels, .. } = &mut s.facts {
                    *levels = vec!["HALLMARK_MINIMAL".into()]
                }
            })
        },
        Verdict::Fail,
        Some(Code::BaseLevel),
    ),
    (
        "base that passed by no policy",
        |c| {
            set(c, "base-vsa", |s| {
                if let Facts::BaseVsa { levels, .. } = &mut s.facts {
                    levels.clear()
                }
            })
        },
        Verdict::Fail,
        Some(Code::BaseLevel),
    ),
    (
        "base that passed by a second policy that will do",
        |c| {
            set(c, "base-vsa", |s| {
                if let Facts::BaseVsa { levels, .. } = &mut s.facts {
                    *levels = vec!["HALLMARK_STRICT".into()]
                }
            })
        },
        Verdict::Pass,
        None,
    ),
    (
        "no base, no need",
        |c| {
            c.evidence.image.base = None;
            drop_file(c, "base-vsa");
        },
        Verdict::Pass,
        None,
    ),
    (
        "the same twice",
        |c| {
            let mut copy = c.evidence.statements[0].clone();
            copy.file = "copy".into();
            c.evidence.statements.push(copy)
        },
        Verdict::Fail,
        Some(Code::DuplicateEvidence),
    ),
    (
        "an objection",
        |c| {
            c.evidence.objections.push(Objection {
                code: Code::BadSignature,
                file: "x".into(),
                message: "m".into(),
            })
        },
        Verdict::Fail,
        Some(Code::BadSignature),
    ),
    (
        "fixable critical",
        |c| found(c).push(finding("CVE-1", "a", Severity::Critical, true)),
        Verdict::Fail,
        Some(Code::FixableVulnerability),
    ),
    (
        "unfixed critical",
        |c| found(c).push(finding("CVE-1", "a", Severity::Critical, false)),
        Verdict::Review,
        Some(Code::UnfixedVulnerability),
    ),
    (
        "fixable unknown",
        |c| found(c).push(finding("CVE-1", "a", Severity::Unknown, true)),
        Verdict::Review,
        Some(Code::FixableVulnerability),
    ),
    (
        "unfixed negligible",
        |c| found(c).push(finding("CVE-1", "a", Severity::Negligible, false)),
        Verdict::Pass,
        None,
    ),
];

#[test]
fn truth_table() {
    for (name, change, verdict, code) in ROWS {
        let mut case = Case::good();
        change(&mut case);
        let decision = case.decide();
        assert_eq!(decision.verdict, *verdict, "{name}: {:#?}", decision.reasons);
        let codes: Vec<&str> = decision.reasons.iter().map(|r| r.code.as_str()).collect();
        match code {
            Some(code) => assert!(codes.contains(&code.as_str()), "{name}: {codes:?}"),
            None => assert_eq!(codes, [""; 0], "{name}"),
        }
    }
}

#[test]
fn a_newer_statement_supersedes_and_is_said_to() {
    let mut case = Case::good();
    let mut newer = statement("test-2", "assay", "2026-11-22T11:30:00Z", crate::common::tested(3, 1));
    newer.payload = model::Sha256::of(b"newer");
    case.evidence.statements.push(newer);
    let decision = case.decide();
    assert_eq!(decision.verdict, Verdict::Fail);
    assert_eq!(decision.superseded, ["test"]);
    assert!(decision.deciding.contains(&"test-2".to_owned()));
}

/// What a wrong signer says never supersedes what the right one said.
#[test]
fn a_refused_statement_supersedes_nothing() {
    let mut case = Case::good();
    let mut forged = statement("test-2", "bake", "2026-11-22T11:30:00Z", crate::common::tested(3, 0));
    forged.payload = model::Sha256::of(b"forged");
    case.evidence.statements.push(forged);
    let decision = case.decide();
    assert_eq!(decision.superseded, [""; 0]);
    assert!(decision.deciding.contains(&"test".to_owned()));
    assert_eq!(decision.verdict, Verdict::Fail);
}

/// Exceptions against one fixable critical finding of `a`: what each leads to.
#[test]
fn exceptions_truth_table() {
    let day = "created: 2026-11-01, expires:";
    for (text, verdict, state) in [
        ("", Verdict::Fail, None),
        (&format!("{{id: CVE-1, package: a, {day} 2026-12-31}}"), Verdict::Pass, Some("holds")),
        (&format!("{{id: CVE-1, package: a, {day} 2026-11-22}}"), Verdict::Pass, Some("ending")),
        (&format!("{{id: CVE-1, package: a, {day} 2026-11-21}}"), Verdict::Fail, Some("expired")),
        ("{id: CVE-1, package: a, created: 2026-11-23, expires: 2026-12-31}", Verdict::Fail, Some("not-yet")),
        (&format!("{{id: CVE-2, package: a, {day} 2026-12-31}}"), Verdict::Fail, Some("unused")),
        (
            &format!("{{id: CVE-1, package: a, until: fixed, {day} 2026-12-31}}"),
            Verdict::Fail,
            Some("lapsed"),
        ),
        (&format!("{{id: CVE-1, images: [family], {day} 2026-12-31}}"), Verdict::Pass, Some("holds")),
        (&format!("{{id: CVE-1, images: [other], {day} 2026-12-31}}"), Verdict::Fail, Some("unused")),
    ] {
        let mut case = Case::good();
        found(&mut case).push(finding("CVE-1", "a", Severity::Critical, true));
        case.except(text);
        let decision = case.decide();
        assert_eq!(decision.verdict, verdict, "{text}");
        assert_eq!(decision.exceptions.first().map(|e| e.state.as_str()), state, "{text}");
        // What is suppressed stays visible, with what suppresses it.
        let judged = &decision.findings[0];
        assert_eq!(judged.weight, Some(Weight::Fail));
        assert_eq!(judged.suppressed_by.is_empty(), verdict == Verdict::Fail, "{text}");
    }
}

#[test]
fn mistaken_exceptions_say_where_what_and_how_to_mend() {
    let mut wrong = String::new();
    let good = "id: CVE-1, package: a, reason: r, owner: o, created: 2026-11-01, expires: 2026-12-31";
    for (from, to, wanted) in [
        ("id: CVE-1, package: a, ", "", "e.yml:3:5: the exception does not say what it is for: add"),
        ("id: CVE-1", "id: 'CVE-*'", "e.yml:3:10: `CVE-*` is no vulnerability's id"),
        ("reason: r, ", "", "e.yml:3:5: an exception has no `reason`"),
        ("owner: o", "owner: ''", "e.yml:3:47: `owner` is empty"),
        (", expires: 2026-12-31", "", "e.yml:3:5: an exception has no `expires`"),
        ("2026-12-31", "2027-12-31", "e.yml:3:80: it holds for 425 days: the policy allows at most 90d"),
        ("2026-12-31", "2026-10-31", "e.yml:3:80: it expires before it was created"),
        ("2026-12-31", "soon", "e.yml:3:80: `expires` is `soon`: a date such as `2027-01-31` is wanted"),
        ("2026-12-31", "2026-02-30", "e.yml:3:80: `expires` is `2026-02-30`"),
        (
            "package: a",
            "packge: a",
            "e.yml:3:17: `packge` is not known in an exception: did you mean `package`?",
        ),
        ("package: a", "purl: 'pkg:deb/'", "e.yml:3:23: `pkg:deb/` is no purl"),
        ("package: a", "version: '1'", "e.yml:3:26: a `version` without a package"),
        (
            "package: a",
            "package: a, version: 1.10",
            "e.yml:3:38: `version` reads as a fraction: put it in quotes",
        ),
        ("package: a", "images: []", "e.yml:3:25: an exception for no image"),
        (
            "package: a",
            "package: a, until: never",
            "e.yml:3:36: `never` is not known in until: `fixed` is wanted",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let text = format!("version: 1\nexceptions:\n  - {{{}}}\n", good.replacen(from, to, 1));
        let found = crate::common::exceptions(&text).unwrap_err().to_string();
        if !found.lines().any(|line| line.starts_with(wanted)) {
            wrong.push_str(&format!(
                "{to}: wanted {wanted}
found {found}
"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(crate::common::exceptions("version: 1\nexceptions: []\n").unwrap().list().is_empty());
}
