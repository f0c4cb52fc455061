//! The real Checkov over a repository with planted settings. It is the pinned one, in the cache of tools: `make test`
//! provides it.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

#[path = "../../../tests/planted/mod.rs"]
mod planted;

use std::collections::BTreeSet;
use std::fs;

use planted::{assert_about, assert_undecided, git, harness, json, repository};
use policy_check::ACTION;

#[test]
fn every_setting_is_found_whatever_the_repository_says_and_evidence_is_about_the_commit() {
    let harness =
        harness().input("sarif", "found.sarif").input("framework", "dockerfile,terraform,kubernetes");
    let root = repository(&harness);
    let harness = harness.input_path("path", &root);
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    let report = json(&run, "report");
    // Checkov's own count, with what a comment skipped.
    let (mut ids, mut count) = (Vec::new(), 0);
    for part in report.as_array().unwrap() {
        let summary = &part["summary"];
        count += summary["failed"].as_u64().unwrap() + summary["skipped"].as_u64().unwrap();
        for list in ["failed_checks", "skipped_checks"] {
            for check in part["results"][list].as_array().unwrap() {
                ids.push((
                    format!("misconfiguration/{}", check["check_id"].as_str().unwrap()),
                    check["file_path"].as_str().unwrap().trim_start_matches('/').to_owned(),
                ));
            }
        }
    }
    for planted in ["CKV_DOCKER_7", "CKV_DOCKER_2", "CKV_AWS_24", "CKV_K8S_16"] {
        assert!(ids.iter().any(|(id, _)| id.ends_with(planted)), "{planted}: {ids:?}");
    }
    assert_eq!(run.outputs["findings"], count.to_string());
    assert_eq!(run.outputs["misconfigurations"], count.to_string());
    assert_eq!(run.outputs["unknown"], count.to_string());
    assert_eq!(run.outputs["category"], "hallmark/checkov");
    let sarif = json(&run, "sarif");
    let shown: BTreeSet<_> = sarif["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            (result["ruleId"].as_str().unwrap().to_owned(), uri.as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(shown, ids.into_iter().collect());
    assert_about(&run, &git(&root, &["rev-parse", "HEAD"]));
    assert!(run.stdout.contains("ignore list that hid 1 findings"), "{}", run.stdout);
}

#[test]
fn a_file_that_cannot_be_parsed_is_an_error_and_so_is_nothing_at_all() {
    let harness = harness().input("framework", "terraform");
    let root = repository(&harness);
    fs::write(root.join("deploy/bad.tf"), "resource \"aws_s3_bucket\" \"x\" {\n  bucket = \n").unwrap();
    let harness = harness.input_path("path", &root);
    assert_undecided(&harness, &harness.run(&ACTION), "bad.tf");
    let harness = harness.input_path("path", root.join("app"));
    assert_undecided(&harness, &harness.run(&ACTION), "allow-no-files");
}

#[test]
fn what_asks_a_server_or_is_another_actions_is_refused() {
    for framework in ["all", "secrets", "sca_image", "helm", "a,--flag"] {
        let harness = harness().input("framework", framework);
        let run = harness.run(&ACTION);
        assert_undecided(&harness, &run, "input `framework`");
    }
}
