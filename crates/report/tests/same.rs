//! The same decision everywhere: the same reasons in the same order on the page, in the brief, on the terminal, in JSON.
#![expect(clippy::panic, reason = "a helper that fails is a test that fails")]

#[path = "../examples/page/sample.rs"]
mod sample;

use report::View;

/// Places of each reason's sentence and of what clears it, one after the other.
#[track_caller]
fn assert_in_order(view: &View, text: &str, spelt: impl Fn(&str) -> String, what: &str) {
    let mut from = 0;
    for reason in &view.reasons {
        for part in [&reason.message, &reason.clears] {
            let part = spelt(part);
            let found = text[from..]
                .find(&part)
                .unwrap_or_else(|| panic!("{what}: {part:?} is not there, or not in its place"));
            from += found + part.len();
        }
    }
}

/// On one line, with single blanks: how text was wrapped does not matter.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_reasons_are_the_same_in_the_same_order_everywhere() {
    let view = sample::view(60);
    assert!(view.reasons.len() > 5 && view.reasons.is_sorted_by(|a, b| a.weight >= b.weight));
    let page = report::html::page(&view).unwrap();
    let html = |text: &str| text.replace('&', "&amp;").replace('\'', "&#39;");
    assert_in_order(&view, &page, html, "the page");
    let brief = report::markdown::brief(&view);
    assert_in_order(&view, &brief, runner::escape::markdown_cell, "the brief");
    for width in [40, 100] {
        let terminal = report::terminal::decision(&view, width, false);
        let text = flat(&terminal);
        assert_in_order(&view, &text, |part| part.to_owned(), "the terminal");
    }
    let json = serde_json::to_value(&view).unwrap();
    let reasons: Vec<model::Reason> = serde_json::from_value(json["reasons"].clone()).unwrap();
    assert_eq!(reasons, view.reasons);
}

#[test]
fn a_verdict_that_stops_nothing_says_so_everywhere() {
    let mut view = sample::view(60);
    for report_only in [true, false] {
        view.report_only = report_only;
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!(json["reportOnly"], report_only);
        for (text, what) in [
            (report::html::page(&view).unwrap(), "the page"),
            (report::markdown::brief(&view), "the brief"),
            (report::terminal::decision(&view, 100, false), "the terminal"),
        ] {
            assert_eq!(
                text.contains("Report only: this verdict is recorded and stops nothing"),
                report_only,
                "{what}"
            );
        }
    }
}

#[test]
fn the_brief_of_very_much_stays_short() {
    let view = sample::view(20_000);
    let brief = report::markdown::brief(&view);
    assert!(brief.len() < 128 << 10, "{} bytes", brief.len());
    assert!(
        brief.starts_with("## ❌ Fail: debian\\-app") || brief.starts_with("## ❌ Fail: debian-app"),
        "{}",
        &brief[..80]
    );
    let places: Vec<usize> =
        ["Report only", "### Findings", "Since golden", "### Reasons", "### Approved by", "<details>"]
            .iter()
            .map(|part| brief.find(part).unwrap_or_else(|| panic!("{part} is missing")))
            .collect();
    assert!(places.is_sorted(), "{places:?}");
}
