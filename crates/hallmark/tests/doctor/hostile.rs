//! Repositories made by somebody who means harm, and such as are only broken.

use std::time::{Duration, Instant};

use crate::doctor::fixture::{GOOD, Repository, WORKFLOW};

#[test]
fn broken_yaml_is_a_problem_at_its_line_and_the_rest_is_still_looked_at() {
    for (text, line) in [
        ("jobs:\n  a: [1\n", 3),
        ("jobs: {}\njobs: {}\n", 2),
        ("on: push\n\tjobs: x\n", 2),
        ("", 1),
        ("just words\n", 1),
        ("jobs:\n  a:\n    steps: 7\n", 3),
    ] {
        let findings = Repository::good().file(".github/workflows/broken.yml", text).findings();
        let found = findings.of("workflow-form");
        let at = |line: usize| {
            found.iter().any(|found| {
                found.starts_with("problem ")
                    && found.ends_with(&format!("@.github/workflows/broken.yml:{line}"))
            })
        };
        assert!(at(line) || at(line - 1), "{text:?}: {found:?}");
        assert!(findings.of("hallmark-pinned")[0].starts_with("ok"), "{text:?}");
    }
    let not_text = Repository::good().file(".github/workflows/broken.yml", [0xff, 0xfe, 0x00]).findings();
    assert_eq!(not_text.of("workflow-form"), ["problem `.github/workflows/broken.yml` is not UTF-8"]);
}

#[test]
fn bombs_take_no_time() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        laughs += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    }
    let begun = Instant::now();
    let repository = Repository::good()
        .file(".github/workflows/laughs.yml", laughs)
        .file(".github/workflows/deep.yml", format!("a: {}\n", "[".repeat(200_000)))
        .file(".github/workflows/itself.yml", "jobs: &a {b: *a}\n")
        .file(".github/workflows/long.yml", "#".repeat(3 << 20))
        .file(".github/workflows/many.yml", format!("jobs:\n{}", "  a: {}\n".repeat(20_000)));
    let findings = repository.findings();
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    for name in ["laughs", "deep", "itself", "long", "many"] {
        let file = format!(".github/workflows/{name}.yml");
        assert!(
            findings.0.iter().any(|finding| finding["check"] == "workflow-form"
                && finding["level"] == "problem"
                && finding["file"] == file.as_str()),
            "{name}: {:#?}",
            findings.of("workflow-form")
        );
    }
}

#[test]
fn thousands_of_faults_are_counted_and_not_all_told() {
    let steps = "      - uses: a/b@main\n".repeat(5_000);
    let text = GOOD.replace("      - run: sudo apt-get install --yes mmdebstrap\n", &steps);
    let run = Repository::good().file(WORKFLOW, text).run();
    let findings: Vec<serde_json::Value> = serde_json::from_str(&run.outputs["findings"]).unwrap();
    let of_check: Vec<_> = findings.iter().filter(|finding| finding["check"] == "others-pinned").collect();
    assert_eq!(of_check.len(), 41);
    assert_eq!(of_check[40]["what"], "and 4960 more of this kind");
    assert!(run.stdout.lines().filter(|line| line.starts_with("::warning")).count() <= 10);
    assert!(run.summary.len() < 100_000, "{}", run.summary.len());
}

/// Every line that a runner would obey is one that the program meant.
fn commands(stdout: &str) -> Vec<&str> {
    stdout.lines().filter(|line| line.trim_start().starts_with("::") || line.contains("##[")).collect()
}

#[test]
fn names_are_text_wherever_they_are_shown() {
    let evil = "evil\n::error::forged\u{1b}[31m\u{202e}##[error]|<b>`x`@everyone.yml";
    let environment = "'p\\n::error::x |<script>@all'".replace('\'', "\"");
    let text = GOOD
        .replace("name: production", &format!("name: {environment}"))
        .replace("channel: stable", "\"chan\\n::add-mask::x\": stable")
        .replace("[self-hosted, linux]", "[\"windows-\\r::error::y ##[x]\"]");
    let repository =
        Repository::good().file(WORKFLOW, text).file(&format!(".github/workflows/{evil}"), "jobs: [\n");
    for run in [repository.run(), repository.input("strict", "true").run()] {
        assert_eq!(run.code, 1);
        for command in commands(&run.stdout) {
            let start = ["::error ", "::warning ", "::notice ", "::add-mask::"]
                .iter()
                .any(|start| command.starts_with(start));
            assert!(start && command.contains("title="), "{command:?}");
            assert!(!command.contains("::forged") || command.contains("%0A"), "{command:?}");
        }
        for hostile in ["\u{1b}", "\u{202e}", "\r"] {
            assert!(!run.stdout.contains(hostile) && !run.summary.contains(hostile), "{hostile:?}");
        }
        for markup in ["<script>", "<b>", "`x`", "@everyone", "@all"] {
            assert!(!run.summary.contains(markup), "{markup}: {}", run.summary);
        }
    }
    let repository = Repository(repository_off_runner());
    let run = repository.file(&format!(".github/workflows/{evil}"), "jobs: [\n").run();
    let shown = format!("{}{}", run.stdout, run.stderr);
    assert!(commands(&shown).is_empty(), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
}

fn repository_off_runner() -> runner::testing::Harness {
    Repository::good().0.off_runner()
}
