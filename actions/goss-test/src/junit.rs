//! JUnit XML, for whoever shows tests.
//!
//! Written by hand: it is three elements, and an XML library would escape the five characters but
//! let through those that XML 1.0 forbids, which hostile titles have.

use crate::report::{Outcome, Report, Test};

/// The report as one test suite.
pub(crate) fn render(suite: &str, report: &Report) -> String {
    let counts = report.counts;
    let seconds: f64 = report.tests.iter().map(|test| test.seconds).sum();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{seconds:.3}\">\n",
        escape(suite),
        report.tests.len(),
        counts.failed,
        counts.skipped
    );
    for test in &report.tests {
        xml += &case(test);
    }
    xml + "</testsuite>\n"
}

fn case(test: &Test) -> String {
    let title = if test.title.is_empty() { String::new() } else { format!(" ({})", test.title) };
    let open = format!(
        "  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        escape(&test.resource_type),
        escape(&format!("{}: {}{title}", test.id, test.property)),
        test.seconds
    );
    match &test.outcome {
        Outcome::Passed => format!("{open}/>\n"),
        Outcome::Skipped => format!("{open}><skipped/></testcase>\n"),
        Outcome::Failed { expected, found } => format!(
            "{open}><failure message=\"{}\">{}</failure></testcase>\n",
            escape(&format!("{}: not as expected", test.name())),
            escape(&format!("expected: {expected}\nfound: {found}"))
        ),
    }
}

/// Text for an element or an attribute, without what XML 1.0 forbids even when escaped.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in runner::escape::plain(text).chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use attest::predicate::test_result::Counts;

    #[test]
    fn escaping_exact_bytes() {
        for (text, expected) in [
            ("", ""),
            ("a & b &amp;", "a &amp; b &amp;amp;"),
            ("]]><script>'\"", "]]&gt;&lt;script&gt;&apos;&quot;"),
            ("a\0b\u{b}c\u{1b}[31md\u{fffe}", "abcd\u{fffd}"),
            ("a\nb\tc\r", "a&#10;b&#9;c"),
        ] {
            assert_eq!(escape(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_suite_exact_bytes() {
        let test = |outcome, title: &str| Test {
            resource_type: "File".into(),
            id: "/a".into(),
            property: "mode".into(),
            title: title.into(),
            outcome,
            seconds: 0.5,
            run: 0,
        };
        let failed = Outcome::Failed { expected: "1".into(), found: "2".into() };
        let report = Report {
            tests: vec![test(Outcome::Passed, ""), test(failed, "<t>"), test(Outcome::Skipped, "")],
            counts: Counts { passed: 1, failed: 1, skipped: 1 },
            json: vec![],
        };
        assert_eq!(
            render("a&b", &report),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"a&amp;b\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"1.500\">\n\
             \x20 <testcase classname=\"File\" name=\"/a: mode\" time=\"0.500\"/>\n\
             \x20 <testcase classname=\"File\" name=\"/a: mode (&lt;t&gt;)\" time=\"0.500\">\
             <failure message=\"File: /a: mode: not as expected\">expected: 1&#10;found: 2</failure></testcase>\n\
             \x20 <testcase classname=\"File\" name=\"/a: mode\" time=\"0.500\"><skipped/></testcase>\n\
             </testsuite>\n"
        );
    }
}
