//! The four files together, as they call one another, with each step that gives something in the place of what it is told.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::act::{Log, Repository};
use crate::files::{self, jobs, read, root};

const DIGESTS: [&str; 2] = ["brief-digest-of-the-gate", "policy-digest-of-the-gate"];

/// What the steps with an id give.
fn told(verdict: &str) -> BTreeMap<&'static str, Vec<(&'static str, String)>> {
    let text = str::to_owned;
    BTreeMap::from([
        (
            "gate",
            vec![
                ("verdict", text(verdict)),
                ("report-only", text("false")),
                ("brief-digest", text(DIGESTS[0])),
                ("policy-digest", text(DIGESTS[1])),
            ],
        ),
        ("pack", vec![("verdict-file", text("verdict.0a.sigstore.json"))]),
        ("publish", vec![("image-id", text("an-image"))]),
    ])
}

/// The file with hollow steps. Each job says first what it was given.
fn hollow(workflow: &Value, verdict: &str, fails: &[&str]) -> Value {
    let mut hollow = workflow.clone();
    hollow.as_object_mut().unwrap().remove("concurrency");
    let told = told(verdict);
    let made: Map<String, Value> = jobs(workflow)
        .iter()
        .map(|(id, job)| {
            let mut job = job.clone();
            let Some(steps) = job["steps"].as_array().cloned() else { return (id.clone(), job) };
            for key in ["environment", "permissions", "timeout-minutes"] {
                job.as_object_mut().unwrap().remove(key);
            }
            job["runs-on"] = json!("ubuntu-latest");
            let given = json!({"env": {"GIVEN": "${{ toJSON(inputs) }}"}, "run": "echo \"$GIVEN\""});
            let with_id = steps.iter().filter_map(|step| step["id"].as_str());
            let with_id = with_id.map(|step| {
                let lines = told.get(step).into_iter().flatten();
                let lines: String = lines
                    .map(|(name, value)| format!("echo '{name}={value}' >>\"$GITHUB_OUTPUT\"\n"))
                    .collect();
                json!({"id": step, "run": format!("{lines}true\n")})
            });
            let last = json!({"run": if fails.contains(&id.as_str()) { "exit 1" } else { "true" }});
            job["steps"] = [given].into_iter().chain(with_id).chain([last]).collect();
            (id.clone(), job)
        })
        .collect();
    hollow["jobs"] = Value::Object(made);
    hollow
}

/// The files as another server gets them, which call one another by `./`.
fn local(out: &Path) {
    let script = root().join("scripts/dist/workflows.sh");
    let output = Command::new(script).args(["--local".as_ref(), out.as_os_str()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn run(verdict: &str, fails: &[&str], inputs: &[(&str, &str)]) -> Log {
    let repository = Repository::new();
    let folder = repository.workflows();
    local(&folder);
    let inputs: BTreeMap<&str, &str> = inputs.iter().copied().collect();
    for name in ["golden-image", "bake", "assay", "publish"] {
        let original = read(&folder.join(format!("{name}.yml")));
        let mut made = hollow(&original, verdict, fails);
        if name == "golden-image" {
            made["on"] = files::case(&original, name, &BTreeMap::new(), &inputs)["on"].clone();
        }
        repository.write(name, &made);
    }
    repository.run()
}

/// What a job was given.
fn given(log: &Log, job: &str) -> Value {
    serde_json::from_str(&log.wrote(job)).unwrap_or_else(|error| panic!("{job}: {error}: {}", log.said))
}

fn ran(log: &Log) -> Vec<String> {
    let ran = log.ran();
    let mut jobs: Vec<String> = ran.values().flatten().map(|job| (*job).to_owned()).collect();
    jobs.sort_unstable();
    jobs
}

#[test]
fn what_was_decided_reaches_the_job_that_publishes() {
    let log = run(
        "review",
        &[],
        &[("image", "web"), ("second-review-environment", "board"), ("channel", "stable")],
    );
    assert_eq!(ran(&log), ["assay", "bake", "publish", "review", "second-review"], "{}", log.said);
    let publish = given(&log, "publish");
    for (name, value) in [
        ("image", "web"),
        ("verdict", "review"),
        ("verdict-file", "verdict.0a.sigstore.json"),
        ("brief-digest", DIGESTS[0]),
        ("policy-digest", DIGESTS[1]),
        ("publish-environment", "golden-image"),
        ("channel", "stable"),
        ("signing", "keyless"),
    ] {
        assert_eq!(publish[name], value, "{name}: {publish}");
    }
    assert_eq!(publish["approved-in"].as_str().unwrap().trim(), "golden-image-review\nboard");
    assert_eq!(publish["dry-run"], false);
    let assay = given(&log, "assay");
    assert_eq!((assay["image"].as_str(), assay["feeds"].as_bool()), (Some("web"), Some(false)), "{assay}");
}

#[test]
fn the_feeds_are_fetched_first_and_a_dry_run_stays_one() {
    let log = run("pass", &[], &[("image", "web"), ("feeds", "true"), ("dry-run", "true")]);
    assert_eq!(ran(&log), ["assay", "bake", "feeds", "publish"], "{}", log.said);
    let publish = given(&log, "publish");
    assert_eq!((&publish["dry-run"], &publish["verdict"]), (&json!(true), &json!("pass")), "{publish}");

    let log = run("pass", &["feeds"], &[("image", "web"), ("feeds", "true")]);
    assert_eq!(ran(&log), ["bake", "feeds"], "{}", log.said);
}

/// `act` ends a run where a called workflow fails, so that what comes after is left to the table of runs.
#[test]
fn a_called_workflow_that_fails_closes_the_way() {
    for (fails, verdict, jobs) in [
        ("bake", "pass", &["bake"] as &[&str]),
        ("assay", "pass", &["assay", "bake"]),
        ("assay", "review", &["assay", "bake"]),
        ("publish", "pass", &["assay", "bake", "publish"]),
        ("review", "review", &["assay", "bake", "close", "review"]),
    ] {
        let log = run(verdict, &[fails], &[("image", "web")]);
        assert_eq!(ran(&log), jobs, "{fails} failing at {verdict}: {}", log.said);
    }
}

#[test]
fn what_another_server_gets_names_every_action_by_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let run = |repository: &str, commit: &str, out: &Path| {
        let script = root().join("scripts/dist/workflows.sh");
        let output = Command::new(script).args([repository, commit]).arg(out).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (repository, commit, said) in [
        ("acme", commit, "is no OWNER/REPOSITORY"),
        ("acme/x/y", commit, "is no OWNER/REPOSITORY"),
        ("acme/hall|mark", commit, "is no OWNER/REPOSITORY"),
        ("acme/hallmark", "v1.2.3", "is no commit"),
        ("acme/hallmark", &commit[1..], "is no commit"),
    ] {
        let out = folder.path().join("refused");
        let (code, error) = run(repository, commit, &out);
        assert_eq!((code, error.contains(said)), (Some(2), true), "{repository} {commit}: {error}");
        assert!(!out.exists());
    }
    let out = folder.path().join("workflows");
    assert_eq!(run("acme/hallmark", commit, &out), (Some(0), String::new()));
    let mut actions = 0;
    for name in ["golden-image", "bake", "assay", "publish"] {
        let workflow = read(&out.join(format!("{name}.yml")));
        for job in jobs(&workflow).values() {
            let steps = job["steps"].as_array().into_iter().flatten();
            for uses in steps.map(|step| &step["uses"]).chain([&job["uses"]]).filter_map(Value::as_str) {
                let ours =
                    uses.starts_with("acme/hallmark/actions/") && uses.ends_with(&format!("@{commit}"));
                actions += usize::from(ours);
                let others = uses.starts_with("actions/") || uses.starts_with("./.github/workflows/");
                assert!(ours || others, "{name}: {uses}");
            }
        }
    }
    assert_eq!(actions, 11);
    let (code, error) = run("acme/hallmark", commit, &out);
    assert_eq!((code, error.contains("is there already")), (Some(2), true), "{error}");
}
