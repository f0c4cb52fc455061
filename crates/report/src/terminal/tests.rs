use model::{Reason, Severity, Verdict, Weight};

use super::*;
use crate::view::{AutoApproved, Finding, Image, Policy, Waived};

fn view() -> View {
    let reason = |weight, code: &str| Reason {
        weight,
        code: code.into(),
        message: "2 critical vulnerabilities with a fix: CVE-2026-1 in openssl, CVE-2026-2 in sudo.".into(),
        evidence: vec!["vulns.4be1c2.sigstore.json".into()],
        clears: "Update the packages.".into(),
    };
    let changed = Changed {
        class: "vulnerability".into(),
        id: "CVE-2026-1".into(),
        severity: Severity::Critical,
        package: "openssl".into(),
        version: "3.0.1".into(),
        path: None,
        fixed: Some("3.0.2".into()),
    };
    View {
        image: Image { name: "web".into(), ..Image::default() },
        policy: Policy { name: "acme".into(), digest: "sha256:1".into() },
        verdict: Verdict::Fail,
        report_only: true,
        environment: Some("prod".into()),
        reasons: vec![
            reason(Weight::Fail, "fixable-vulnerability"),
            reason(Weight::Note, "exception-ending"),
        ],
        waived: Some(Waived { approver: "ann".into(), comment: "seen".into(), reasons: vec![] }),
        auto_approved: vec![AutoApproved {
            reason: reason(Weight::Review, "unfixed-vulnerability"),
            rule: "acme.yml:31".into(),
        }],
        changes: Some(Changes {
            since: "web-1".into(),
            new: vec![changed.clone()],
            fixed: vec![Changed { package: String::new(), path: Some("a/b".into()), fixed: None, ..changed }],
            unchanged: 7,
            ..Changes::default()
        }),
        findings: vec![Finding { severity: Severity::Critical, ..Finding::default() }],
        ..View::default()
    }
}

#[test]
fn exact_text() {
    let expected = "\
FAIL web
  1 reason to fail, 1 note; policy acme, report-only, environment prod
  Report only: this verdict is recorded and stops nothing, and no image may
  be published by it.

Reasons
  fail    fixable-vulnerability
          2 critical vulnerabilities with a fix: CVE-2026-1 in openssl,
          CVE-2026-2 in sudo.
          rests on  vulns.4be1c2.sigstore.json
          to clear  Update the packages.
  note    exception-ending
          2 critical vulnerabilities with a fix: CVE-2026-1 in openssl,
          CVE-2026-2 in sudo.
          rests on  vulns.4be1c2.sigstore.json
          to clear  Update the packages.

Waived by ann
  seen
  The approval waives nothing.

Approved by the policy itself
  review  unfixed-vulnerability
          2 critical vulnerabilities with a fix: CVE-2026-1 in openssl,
          CVE-2026-2 in sudo.
          rests on  vulns.4be1c2.sigstore.json
          to clear  Update the packages.
          by        acme.yml:31

Since web-1
  1 new, 1 fixed, 7 unchanged; packages: 0 added, 0 removed, 0 upgraded
  new       critical CVE-2026-1 in openssl 3.0.1, fixed in 3.0.2
  fixed     critical CVE-2026-1 in a/b 3.0.1

Findings
  1 critical, 0 high, 0 medium, 0 unknown, 0 low, 0 negligible
  0 exceptions, 0 packages
";
    assert_eq!(decision(&view(), 76, false), expected);
}

#[test]
fn colour_adds_escape_sequences_and_nothing_else() {
    let coloured = decision(&view(), 80, true);
    assert!(coloured.starts_with("\u{1b}[1;31mFAIL web\u{1b}[0m\n"), "{coloured:?}");
    assert_eq!(runner::escape::plain(&coloured), decision(&view(), 80, false));
}

#[test]
fn an_empty_view_is_a_decision_too() {
    let text = decision(&View { verdict: Verdict::Pass, ..View::default() }, 0, false);
    assert!(text.starts_with("PASS\n  no reasons; policy , enforce\n"), "{text}");
}

#[test]
fn no_line_is_wider_than_wanted_and_nothing_hostile_gets_through() {
    let hostile =
        "\u{1b}[31mred\u{1b}[0m \u{202e}x\u{7}\n::error::forged\r\n".to_owned() + &"w".repeat(1 << 20);
    let mut view = view();
    view.image.name.clone_from(&hostile);
    view.waived = Some(Waived { approver: hostile.clone(), comment: hostile.clone(), reasons: vec![] });
    for reason in &mut view.reasons {
        reason.code.clone_from(&hostile);
        reason.message.clone_from(&hostile);
        reason.evidence = vec![hostile.clone(); 1000];
        reason.clears.clone_from(&hostile);
    }
    for width in [0, 40, 77, 100, 5000] {
        let text = decision(&view, width, false);
        assert!(
            text.lines().all(|line| line.replace('\u{200b}', "").chars().count() <= width.clamp(40, 100)),
            "in {width}"
        );
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'));
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "in {width}");
        assert!(text.len() < 1 << 20, "{} bytes", text.len());
    }
}
