use super::*;
use crate::view::{Image, Policy};
use model::Weight;

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
        ..Finding::default()
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
        findings: (0..findings).map(finding).collect(),
        ..View::default()
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
