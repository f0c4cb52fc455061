use super::*;
use crate::view::{Exception, Finding, Image, Layer, Policy, Waived};
use model::{Reason, Severity, Verdict, Weight};

const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\" onload=\"x' \u{1b}[31m \u{202e}<!--";

fn view() -> View {
    View {
        image: Image {
            name: HOSTILE.into(),
            layers: vec![Layer { name: HOSTILE.into(), bake_id: HOSTILE.into() }],
            ..Image::default()
        },
        policy: Policy { name: HOSTILE.into(), digest: "d".into() },
        verdict: Verdict::Review,
        decided_on: "2026-11-22T00:00:00Z".into(),
        reasons: vec![Reason {
            weight: Weight::Review,
            code: HOSTILE.into(),
            message: HOSTILE.into(),
            evidence: vec![HOSTILE.into()],
            clears: HOSTILE.into(),
        }],
        waived: Some(Waived { approver: HOSTILE.into(), comment: HOSTILE.into(), reasons: vec![] }),
        findings: vec![Finding {
            id: HOSTILE.into(),
            severity: Severity::High,
            package: HOSTILE.into(),
            version: HOSTILE.into(),
            fixed: Some(HOSTILE.into()),
            title: HOSTILE.into(),
            outcome: "suppressed".into(),
            exceptions: vec![0],
            scanner: HOSTILE.into(),
            ..Finding::default()
        }],
        exceptions: vec![Exception {
            label: HOSTILE.into(),
            line: 3,
            state: "holds".into(),
            suppressed: 1,
            reason: HOSTILE.into(),
            owner: HOSTILE.into(),
            ticket: HOSTILE.into(),
            expires: "2027-01-01".into(),
            ..Exception::default()
        }],
        ..View::default()
    }
}

#[test]
fn hostile_text_is_inert_everywhere() {
    let page = page(&view()).unwrap();
    assert_eq!(page.matches("<script").count(), 2, "the data and the page's own");
    assert_eq!(page.matches("</script").count(), 2);
    // The data is JSON, where a quote ends nothing of the page.
    let (before, rest) = page.split_once("id=\"data\">").unwrap();
    let (data, after) = rest.split_once("</script>").unwrap();
    assert!(!data.contains(['<', '>', '&']));
    for markup in [before, after] {
        assert!(!markup.contains("<img") && !markup.contains("\" onload") && !markup.contains("<!--"));
        assert!(!markup.contains('\u{1b}') && !markup.contains('\u{202e}'));
    }
}

#[test]
fn the_data_reads_back_as_it_was_but_for_what_nobody_sees() {
    let page = page(&view()).unwrap();
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    // But for what a reader would not see.
    let shown = HOSTILE.replace(['\u{1b}', '\u{202e}'], "\u{fffd}");
    let title = data["rows"][0][7].as_u64().unwrap();
    assert_eq!(data["texts"][usize::try_from(title).unwrap()], shown);
    assert_eq!(data["exceptions"][0]["reason"], shown);
}

#[test]
fn the_policy_names_exactly_what_is_in_the_page() {
    let page = page(&view()).unwrap();
    let between =
        |open: &str, close: &str| page.split(open).nth(1).unwrap().split(close).next().unwrap().to_owned();
    for source in [between("<style>", "</style>"), between("<script>", "</script>")] {
        let hash = BASE64.encode(Sha256::of(source.as_bytes()).as_bytes());
        assert!(page.contains(&format!("'sha256-{hash}'")));
    }
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains("unsafe"));
    // Nothing that could ask for anything: no address, and no attribute that loads.
    for request in ["http://", "https://", " src=", "url(", "@import", "<link", " style=", " onclick"] {
        assert!(!page.replace("img src=x", "").contains(request), "{request}");
    }
}

#[test]
fn the_script_and_the_style_stay_inside_their_elements() {
    assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("eval("));
    assert!(!STYLE.contains("</"));
}

#[test]
fn style_and_script_are_small() {
    assert!(STYLE.len() + SCRIPT.len() < 30 << 10, "{} and {}", STYLE.len(), SCRIPT.len());
}

#[test]
fn the_data_of_very_much_has_each_text_once() {
    let mut view = view();
    let one = Finding { description: "d".repeat(10_000), ..view.findings[0].clone() };
    view.findings = vec![one; 5_000];
    let page = page(&view).unwrap();
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
    assert!(page.contains("(7000 bytes more)"));
}

#[test]
fn what_nobody_knows_is_not_harmless() {
    let mut view = view();
    view.findings[0].outcome = "new-word".into();
    let data = data::of(&view);
    assert_eq!(data["outcomes"][data["rows"][0][0].as_u64().unwrap() as usize], "fail");
}

#[test]
fn a_reason_leads_to_the_evidence_that_it_rests_on() {
    let mut view = view();
    view.reasons[0].evidence = vec!["b.json".into(), "findings:sha256:1".into(), "elsewhere".into()];
    view.evidence = ["a.json", "b.json"]
        .map(|file| crate::view::Evidence { file: file.into(), ..Default::default() })
        .into();
    let page = page(&view).unwrap();
    assert!(page.contains("<a href=\"#evidence-1\"><code>b.json</code></a>"));
    assert!(
        page.contains("<tr id=\"evidence-1\">") && page.contains("<a href=\"#findings\">these findings</a>")
    );
    assert!(page.contains("<code>elsewhere</code>"));
}

#[test]
fn an_empty_view_is_a_page() {
    let mut empty = view();
    empty.reasons.clear();
    empty.findings.clear();
    empty.exceptions.clear();
    empty.waived = None;
    assert!(page(&empty).unwrap().contains("Nothing speaks against this image."));
}
