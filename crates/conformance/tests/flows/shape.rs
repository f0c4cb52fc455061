//! What holds for every workflow file that people call or copy.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::files::{folder, jobs, read, root};

/// The files that are called, and the examples.
fn all() -> Vec<PathBuf> {
    let called =
        ["golden-image", "bake", "assay", "publish"].map(|name| folder().join(format!("{name}.yml")));
    let mut all = called.to_vec();
    for example in fs::read_dir(root().join("examples")).unwrap() {
        let path = example.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let files = fs::read_dir(&path).unwrap().map(|file| file.unwrap().path());
        let workflows: Vec<PathBuf> = files
            .filter(|file| {
                file.extension().is_some_and(|ending| ending == "yml") && !file.ends_with("environments.yml")
            })
            .collect();
        assert_eq!(workflows.len(), 1, "{}", path.display());
        assert!(path.join("README.md").is_file(), "{}", path.display());
        all.extend(workflows);
    }
    assert_eq!(all.len(), 8);
    all
}

fn is_commit(reference: &str) -> bool {
    reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[test]
fn every_file_keeps_the_rules() {
    let mut wrong = vec![];
    for file in all() {
        let workflow = read(&file);
        let place = |what: &str| format!("{}: {what}", file.display());
        if workflow["permissions"] != serde_json::json!({}) {
            wrong.push(place("permissions of the whole workflow"));
        }
        for (id, job) in jobs(&workflow) {
            let place = |what: &str| place(&format!("{id}: {what}"));
            if !job["permissions"].is_object() {
                wrong.push(place("no permissions of its own"));
            }
            if job["uses"].is_null() && !job["timeout-minutes"].is_u64() {
                wrong.push(place("no timeout-minutes"));
            }
            if job["secrets"] == "inherit" {
                wrong.push(place("every secret is handed on"));
            }
            let steps = job["steps"].as_array().into_iter().flatten();
            for step in steps.clone() {
                if step["run"].as_str().is_some_and(|run| run.contains("${{")) {
                    wrong.push(place("an expression becomes part of a script"));
                }
                let uses = step["uses"].as_str().unwrap_or_default();
                if uses.starts_with("actions/checkout@") && step["with"]["persist-credentials"] != false {
                    wrong.push(place("checkout keeps the token"));
                }
            }
            for uses in steps.map(|step| &step["uses"]).chain([&job["uses"]]).filter_map(Value::as_str) {
                let commit = uses.split_once('@').is_some_and(|(_, reference)| is_commit(reference));
                if !uses.starts_with("$/") && !commit {
                    wrong.push(place(&format!("{uses} is not pinned")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a call gives is what the file takes, and no more is allowed to it than it needs.
#[test]
fn the_examples_call_what_there_is() {
    let golden = read(&folder().join("golden-image.yml"));
    let declared = golden["on"]["workflow_call"]["inputs"].as_object().unwrap();
    let mut needed = std::collections::BTreeMap::new();
    for job in jobs(&golden).values() {
        for (scope, access) in job["permissions"].as_object().unwrap() {
            let access = access.as_str().unwrap();
            if needed.get(scope) != Some(&"write") {
                needed.insert(scope.clone(), access);
            }
        }
    }
    let mut calls = 0;
    for file in all() {
        let workflow = read(&file);
        for job in jobs(&workflow).values() {
            if !job["uses"].as_str().is_some_and(|uses| uses.contains("/golden-image.yml@")) {
                continue;
            }
            calls += 1;
            for input in job["with"].as_object().unwrap().keys() {
                assert!(declared.contains_key(input), "{}: there is no input {input}", file.display());
            }
            let given = serde_json::to_value(&needed).unwrap();
            assert_eq!(job["permissions"], given, "{}", file.display());
        }
    }
    assert_eq!(calls, 2);
}

/// A called file gives no job more than its caller lets it have: GitHub starts nothing otherwise.
#[test]
fn a_job_asks_for_no_more_than_its_caller_lets_it_have() {
    let golden = read(&folder().join("golden-image.yml"));
    let mut calls = 0;
    for job in jobs(&golden).values() {
        let Some(name) = job["uses"].as_str().and_then(|uses| uses.strip_prefix("$/.github/workflows/"))
        else {
            continue;
        };
        calls += 1;
        let called = read(&folder().join(name));
        for (id, inner) in jobs(&called) {
            for (scope, access) in inner["permissions"].as_object().unwrap() {
                let let_have = &job["permissions"][scope];
                assert!(
                    let_have == access || let_have == "write",
                    "{name}: {id}: {scope}: {access}, {let_have}"
                );
            }
        }
    }
    assert_eq!(calls, 3);
}
