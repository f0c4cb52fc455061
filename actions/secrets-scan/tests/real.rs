//! The real gitleaks over a repository with planted secrets. It is the pinned one: on the path that
//! HALLMARK_TEST_BIN_DIR names, or in the cache of tools. `make test` provides both.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

#[path = "../../../tests/planted/mod.rs"]
mod planted;

use std::fs;
use std::path::Path;

use planted::{assert_about, assert_places, assert_undecided, git, harness, json, secrets, with_secrets};
use secrets_scan::ACTION;

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(fs::read(path).unwrap()) }
    }
    all
}

#[test]
fn every_secret_is_found_now_and_in_history_and_none_is_told() {
    let harness = harness().input("sarif", "out/found.sarif");
    let (root, commits) = with_secrets(&harness);
    let harness = harness.input_path("path", &root);
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    // One in the file as it is, and three that commits brought.
    let report = json(&run, "report");
    let records = report.as_array().unwrap();
    let mut found: Vec<_> = records
        .iter()
        .map(|record| {
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            (text("RuleID"), text("File"), text("Commit"))
        })
        .collect();
    found.sort();
    let row = |rule: &str, file: &str, commit: &str| (rule.to_owned(), file.to_owned(), commit.to_owned());
    let mut wanted = vec![
        row("aws-access-token", "deploy/aws.yml", ""),
        row("aws-access-token", "deploy/aws.yml", &commits[2]),
        row("github-pat", "app/settings.py", &commits[0]),
        row("github-pat", "hidden.txt", &commits[0]),
    ];
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(run.outputs["findings"], "4");
    assert_eq!(run.outputs["high"], "4");
    assert_eq!(run.outputs["category"], "hallmark/gitleaks");
    assert_about(&run, &commits[2]);
    assert_eq!(json(&run, "evidence")["predicate"]["hallmark"]["others"]["secrets"], 4);
    assert_places(
        &run,
        &[
            ("secret/aws-access-token", "deploy/aws.yml", 1),
            ("secret/aws-access-token", "deploy/aws.yml", 1),
            ("secret/github-pat", "app/settings.py", 1),
            ("secret/github-pat", "hidden.txt", 1),
        ],
    );
    assert!(run.summary.contains("Revoke first"), "{}", run.summary);
    assert!(run.summary.contains(&commits[0][..12]), "{}", run.summary);
    // What is secret is nowhere: not in what is shown, and in no file that was written.
    let mut written = files(&harness.workspace().join("evidence"));
    written.extend(files(&harness.workspace().join("out")));
    written.extend([run.stdout.clone(), run.stderr.clone(), run.summary.clone()].map(String::into_bytes));
    for secret in secrets() {
        for bytes in &written {
            assert!(!String::from_utf8_lossy(bytes).contains(&secret), "a secret was told");
        }
    }
}

#[test]
fn the_tree_alone_needs_no_history_and_a_cut_off_history_is_none() {
    let harness = harness();
    let (root, _) = with_secrets(&harness);
    let shallow = harness.workspace().join("shallow");
    let from = format!("file://{}", root.display());
    git(&harness.workspace(), &["clone", "--quiet", "--depth", "1", &from, "shallow"]);
    let harness = harness.input_path("path", &shallow);
    assert_undecided(&harness, &harness.run(&ACTION), "fetch-depth: 0");
    let harness = harness.input("scan", "tree").input("fail-on", "none");
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(run.outputs["findings"], "1");
}

#[test]
fn what_only_a_merge_brought_is_found_and_no_setting_of_the_checkout_is_gone_by() {
    let harness = harness().input("scan", "history");
    let (root, _) = with_secrets(&harness);
    let [first, second, _] = secrets();
    let put = |files: [(&str, &str); 3]| {
        for (name, text) in files {
            fs::write(root.join(name), format!("token = \"{text}\"\n")).unwrap();
        }
    };
    // Both sides change the same lines, so that the merge has conflicts. gitleaks looks for the word
    // `commit`, and loses the real one behind a conflict in a file of that name.
    git(&root, &["checkout", "--quiet", "-b", "side"]);
    put([("both.txt", "side"), ("commit.txt", "side"), ("app/brought.txt", "")]);
    planted::commit(&root, "side");
    git(&root, &["checkout", "--quiet", "main"]);
    put([("both.txt", "main"), ("commit.txt", "main"), ("app/brought.txt", "")]);
    planted::commit(&root, "main");
    git(&root, &["merge", "--quiet", "--no-commit", "--strategy=ours", "side"]);
    put([("both.txt", &first), ("commit.txt", &second), ("app/brought.txt", &first)]);
    let merge = planted::commit(&root, "merge");
    put([("both.txt", ""), ("commit.txt", ""), ("app/brought.txt", "")]);
    planted::commit(&root, "after");
    let ran = harness.workspace().join("ran");
    git(&root, &["config", "merge.default", "planted"]);
    git(&root, &["config", "merge.planted.driver", &format!("touch {}", ran.display())]);
    git(&root, &["config", "diff.noprefix", "true"]);
    let harness = harness.input_path("path", &root);
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    assert!(!ran.exists(), "a program of the checkout was run");
    let report = json(&run, "report");
    let text = |record: &serde_json::Value, name: &str| record[name].as_str().unwrap().to_owned();
    let mut found: Vec<_> = report
        .as_array()
        .unwrap()
        .iter()
        .map(|record| (text(record, "File").trim_start_matches("./").to_owned(), text(record, "Commit")))
        .filter(|(file, _)| ["both.txt", "commit.txt", "app/brought.txt"].contains(&file.as_str()))
        .collect();
    found.sort();
    let row = |file: &str, commit: &str| (file.to_owned(), commit.to_owned());
    let wanted = [row("app/brought.txt", &merge), row("both.txt", &merge), row("commit.txt", "")];
    assert_eq!(found, wanted);
    assert_eq!(run.outputs["findings"], "6", "and the three of before");
}

#[test]
fn what_is_in_no_commit_is_scanned_and_no_evidence() {
    let harness = harness().input("scan", "tree");
    let (root, _) = with_secrets(&harness);
    fs::write(root.join("new.txt"), secrets()[0].as_bytes()).unwrap();
    fs::create_dir(root.join(".hallmark")).unwrap();
    fs::write(root.join(".hallmark/own"), "x").unwrap();
    let run = harness.input_path("path", &root).run(&ACTION);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(run.outputs["findings"], "2");
    assert_eq!(run.outputs["evidence"], "");
    assert!(run.stdout.contains("1 files are in no commit, such as new.txt"), "{}", run.stdout);
}

#[test]
fn named_files_are_scanned_alone() {
    let harness = harness().input("scan", "tree").input("files", "app/report.py");
    let (root, _) = with_secrets(&harness);
    let run = harness.input_path("path", &root).run(&ACTION);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    assert_eq!((run.outputs["findings"].as_str(), run.outputs["evidence"].as_str()), ("0", ""));
}

#[test]
fn what_an_input_names_is_heeded_and_recorded() {
    let harness = harness().input("scan", "tree");
    let (root, commits) = with_secrets(&harness);
    let harness = harness.input_path("path", &root).input_path("ignore-file", root.join(".gitleaksignore"));
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(run.outputs["findings"], "0");
    assert_about(&run, &commits[2]);
    assert_eq!(json(&run, "evidence")["predicate"]["hallmark"]["rules"][0]["name"], "gitleaksignore");
}

#[test]
fn a_report_that_shows_a_secret_is_refused() {
    let harness = harness().input("report", "report.json");
    let shown = format!(
        r#"[{{"RuleID":"r","StartLine":1,"EndLine":1,"Secret":"{}","File":"a","Fingerprint":"a:r:1"}}]"#,
        secrets()[0]
    );
    fs::write(harness.workspace().join("report.json"), shown).unwrap();
    let run = harness.run(&ACTION);
    assert_undecided(&harness, &run, "--redact");
    assert!(!run.stderr.contains(&secrets()[0]) && !run.stdout.contains(&secrets()[0]));
}
