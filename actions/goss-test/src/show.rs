//! What people see: the summary, with the verdict first, and an annotation for each failed test.

use attest::predicate::test_result::Seen;
use runner::{Annotation, Context};

use crate::locate;
use crate::report::{Outcome, Report, Test};
use crate::specs::Specs;

/// Rows of a table in the summary; the report has all.
const MAX_ROWS: usize = 200;

/// Adds the summary and the annotations.
pub(crate) fn show(ctx: &mut Context, image: &str, seen: Seen, report: &Report, specs: &Specs) {
    summarize(ctx, image, seen, report);
    if report.counts.passed + report.counts.failed == 0 {
        ctx.error(
            Annotation::new("no test was run: that proves nothing about the image").title("goss: zero tests"),
        );
    }
    for test in &report.tests {
        if let Outcome::Failed { expected, found } = &test.outcome {
            ctx.error(annotation(test, expected, found, specs));
        }
    }
}

fn summarize(ctx: &mut Context, image: &str, seen: Seen, report: &Report) {
    let counts = report.counts;
    let verdict = if report.is_passed() {
        "passed"
    } else if counts.failed > 0 {
        "failed"
    } else {
        "failed: no test was run"
    };
    let how = match seen {
        Seen::Booted => "the booted image",
        Seen::Disk => "the image as a disk that lies still",
        Seen::InBuild => "what the bake itself recorded, which satisfies no policy",
    };
    let rows = |wanted: fn(&Outcome) -> bool| -> Vec<Vec<String>> {
        report.tests.iter().filter(|test| wanted(&test.outcome)).take(MAX_ROWS).map(row).collect()
    };
    let failed = rows(|outcome| matches!(outcome, Outcome::Failed { .. }));
    let others: Vec<Vec<String>> = rows(|outcome| !matches!(outcome, Outcome::Failed { .. }))
        .into_iter()
        .map(|row| row.into_iter().take(4).collect())
        .collect();
    let more = report.tests.len() - failed.len() - others.len();

    let summary = ctx.summary();
    summary.heading(2, &format!("Goss {verdict}: {image}"));
    summary.paragraph(&format!(
        "{} passed, {} failed, {} skipped, in {how}.",
        counts.passed, counts.failed, counts.skipped
    ));
    summary.table(&["Result", "Resource", "Test", "Title", "Expected", "Found"], &failed);
    let mut body = runner::Summary::default();
    body.table(&["Result", "Resource", "Test", "Title"], &others);
    if !body.is_empty() {
        summary.details(
            &format!("{} passed and skipped tests", counts.passed + counts.skipped),
            &body.markdown(),
        );
    }
    if more > 0 {
        summary.paragraph(&format!("{more} more are in the report."));
    }
}

fn row(test: &Test) -> Vec<String> {
    let mut row = vec![
        String::new(),
        format!("{} {}", test.resource_type, cut(&test.id)),
        test.property.clone(),
        cut(&test.title),
    ];
    row[0] = match &test.outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Skipped => "skipped".to_owned(),
        Outcome::Failed { expected, found } => {
            row.extend([cut(expected), cut(found)]);
            "failed".to_owned()
        }
    };
    row
}

fn cut(text: &str) -> String {
    runner::escape::shortened(text, 300)
}

/// At the line of the specification that has the test, if one has it.
fn annotation(test: &Test, expected: &str, found: &str, specs: &Specs) -> Annotation {
    let title = if test.title.is_empty() { String::new() } else { format!("{}\n", test.title) };
    let annotation =
        Annotation::new(format!("{title}expected: {expected}\nfound: {found}")).title(test.name());
    let files = specs.files_of(test.run);
    let place = files.iter().find_map(|(path, text)| {
        locate::line(text, &test.resource_type, &test.id, &test.property).map(|line| (path, line))
    });
    match (place, files.first()) {
        (Some((path, line)), _) => annotation.file(path.to_string_lossy()).line(line),
        (None, Some((path, _))) => annotation.file(path.to_string_lossy()),
        (None, None) => annotation,
    }
}
