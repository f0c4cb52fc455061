//! How it is told.

use crate::doctor::fixture::{Repository, WORKFLOW, action};

#[test]
fn on_a_runner_with_file_and_line() {
    let repository = Repository::good()
        .with(WORKFLOW, "          specs: goss\n", "          spec: goss\n")
        .with(WORKFLOW, "    environment:\n      name: production\n", "");
    let run = repository.run();
    assert_eq!(run.code, 1);
    assert_eq!(run.outputs["problems"], "2");
    let error = "::error file=.github/workflows/image.yml,line=36,col=11,title=Inputs::`goss-test` has no input `spec`%0Adid you mean `specs`?";
    assert!(run.stdout.lines().any(|line| line == error), "{}", run.stdout);
    let warning =
        "::warning file=.github/workflows/image.yml,line=54,col=3,title=Publishing behind an environment::";
    assert!(run.stdout.lines().any(|line| line.starts_with(warning)), "{}", run.stdout);
    assert!(run.summary.starts_with("## Hallmark doctor: 2 problems, "), "{}", run.summary);
    assert!(run.summary.contains("| problem | Inputs | "), "{}", run.summary);
    assert!(run.summary.contains("<details><summary>"), "{}", run.summary);
}

#[test]
fn on_a_terminal_as_a_list_with_the_worst_last_and_what_says_the_same_once() {
    let repository = Repository(Repository::good().0.off_runner()).with(
        WORKFLOW,
        "@0123456789abcdef0123456789abcdef01234567",
        "@main",
    );
    let run = repository.run();
    assert_eq!(run.code, 1);
    assert!(!run.outputs.contains_key("findings"), "it would bury the list");
    let lines: Vec<&str> = run.stderr.lines().collect();
    let at = |text: &str| {
        lines.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}\n{}", run.stderr))
    };
    let problem = at("problem  Hallmark by its commit: `main` names no release");
    assert_eq!(lines.iter().filter(|line| line.starts_with("problem")).count(), 1, "{}", run.stderr);
    assert!(
        lines[problem + 1]
            .trim()
            .starts_with(".github/workflows/image.yml:17:15, .github/workflows/image.yml:33:15"),
        "{}",
        run.stderr
    );
    assert!(lines[problem + 2].trim().starts_with("→ name the release's whole commit"), "{}", run.stderr);
    assert!(at("ok       Workflow files") < problem);
    // Five uses, one finding each. How much room this machine has is not this test's.
    let room = if lines.iter().any(|line| line.starts_with("warning  Room on the disk")) {
        ", 1 warning"
    } else {
        ""
    };
    assert_eq!(
        lines.iter().rfind(|line| !line.is_empty()).map(|line| line.replacen(room, "", 1)).as_deref(),
        Some("5 problems, 6 unknown"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_report_has_everything() {
    let repository = Repository::good().input("report", "doctor.json");
    assert_eq!(repository.run().code, 0);
    let report: Vec<serde_json::Value> = serde_json::from_str(&repository.read("doctor.json")).unwrap();
    assert!(report.len() > 20);
    assert!(report.iter().all(|finding| finding["check"].is_string()
        && finding["level"].is_string()
        && finding["what"].is_string()));
    assert!(action().post.is_none(), "nothing is left to clean up");
}

#[test]
fn an_empty_folder_has_one_problem() {
    let findings = Repository::empty().findings();
    assert_eq!(findings.checks("problem"), ["hallmark-used"], "{findings:#?}");
}

#[test]
fn a_folder_inside_a_repository_is_not_taken_for_its_root() {
    let repository =
        Repository::good().file(".git/HEAD", "ref: refs/heads/main\n").input("directory", "goss");
    let findings = repository.findings();
    let found = findings.0.iter().find(|finding| finding["check"] == "hallmark-used").unwrap();
    let root = repository.path(".").canonicalize().unwrap();
    assert!(
        found["mend"].as_str().unwrap().starts_with(&format!("give `directory: {}`", root.display())),
        "{found}"
    );
}
