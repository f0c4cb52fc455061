//! A GitHub with a run that waits, and with a memory: what was said, which branches and pull requests there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use github::testing::{Answer, Asked, FakeGitHub};
use serde_json::{Value, json};

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const AFTER: &str = "89abcdef0123456789abcdef0123456789abcdef";
const FILE: &str = "/contents/hallmark%2Fexceptions%2Eyml";

/// What the server knows, for a test to change at any time.
pub(crate) struct Script {
    pub(crate) attempt: i64,
    /// The attempt after the run was looked at so often.
    pub(crate) attempt_after: Option<(usize, i64)>,
    pub(crate) pending: Value,
    pub(crate) approvals: Vec<Value>,
    pub(crate) artifacts: Value,
    pub(crate) archive: Answer,
    pub(crate) me: Value,
    pub(crate) starter: Value,
    pub(crate) branches: BTreeMap<String, String>,
    pub(crate) file: Option<String>,
    /// The file on the branch that was made.
    pub(crate) proposed: Option<String>,
    pub(crate) pulls: Vec<Value>,
    /// What is answered instead, by the beginning of a request.
    pub(crate) faults: Vec<(&'static str, Answer)>,
    /// Whether a fault comes after the thing was done.
    pub(crate) done_before_fault: bool,
    looked: usize,
}

pub(crate) fn account(id: i64, login: &str) -> Value {
    json!({"id": id, "login": login})
}

fn environment(name: &str) -> Value {
    json!({"id": if name == "production" { 10 } else { 11 }, "name": name, "can_admins_bypass": false,
        "deployment_branch_policy": {"protected_branches": true, "custom_branch_policies": false},
        "protection_rules": [{"id": 1, "type": "branch_policy"}, {"id": 2, "type": "required_reviewers",
            "prevent_self_review": true, "reviewers": [{"type": "Team", "reviewer": {"slug": "owners"}}]}]})
}

impl Script {
    pub(crate) fn new(archive: Vec<u8>) -> Self {
        Self {
            attempt: 1,
            attempt_after: None,
            pending: json!([{"environment": {"id": 10, "name": "production"}, "wait_timer": 0,
                "current_user_can_approve": true, "reviewers": [{"type": "User", "reviewer": {"id": 4, "login": "ada"}}]}]),
            approvals: Vec::new(),
            artifacts: json!([artifact(9, "web-assayed", archive.len())]),
            archive: Answer::Bytes(archive),
            me: account(4, "ada"),
            starter: account(1, "starter"),
            branches: [("main".to_owned(), COMMIT.to_owned())].into(),
            file: Some("version: 1\n# Kept as it is.\nexceptions: []\n".to_owned()),
            proposed: None,
            pulls: Vec::new(),
            faults: Vec::new(),
            done_before_fault: false,
            looked: 0,
        }
    }

    fn run(&mut self) -> Value {
        self.looked += 1;
        let attempt = match self.attempt_after {
            Some((times, attempt)) if self.looked > times => attempt,
            _ => self.attempt,
        };
        json!({"id": 7, "run_attempt": attempt, "head_sha": COMMIT, "event": "workflow_dispatch",
            "path": ".github/workflows/golden-image.yml", "actor": self.starter, "triggering_actor": self.starter,
            "status": "waiting", "display_title": "golden image: web \u{1b}[31m証明書", "head_branch": "main",
            "run_started_at": "2026-11-22T10:00:00Z", "html_url": "https://github.example/acme/images/actions/runs/7"})
    }
}

pub(crate) fn artifact(id: i64, name: &str, size: usize) -> Value {
    json!({"id": id, "name": name, "size_in_bytes": size, "expired": false, "digest": null, "workflow_run": {"id": 7}})
}

/// The server, another one where archives lie, and what both know.
pub(crate) struct Server {
    pub(crate) api: FakeGitHub,
    pub(crate) blobs: FakeGitHub,
    pub(crate) script: Arc<Mutex<Script>>,
}

impl Server {
    pub(crate) fn new(script: Script) -> Self {
        let script = Arc::new(Mutex::new(script));
        let known = Arc::clone(&script);
        let blobs = FakeGitHub::with(move |_| known.lock().unwrap().archive.clone());
        let elsewhere = format!("{}/blob.zip?sig=permission", blobs.url(""));
        let known = Arc::clone(&script);
        let api = FakeGitHub::with(move |asked| answer(&mut known.lock().unwrap(), asked, &elsewhere));
        Self { api, blobs, script }
    }

    /// What was asked, and changes something.
    pub(crate) fn changes(&self) -> Vec<String> {
        let all = self.api.asked();
        all.into_iter().map(|asked| asked.line).filter(|line| !line.starts_with("GET ")).collect()
    }
}

fn answer(script: &mut Script, asked: &Asked, elsewhere: &str) -> Answer {
    let line = asked.line.as_str();
    let fault =
        script.faults.iter().find(|(start, _)| line.starts_with(start)).map(|(_, answer)| answer.clone());
    match fault {
        Some(fault) if !script.done_before_fault => return fault,
        Some(fault) => {
            known(script, asked, elsewhere);
            return fault;
        }
        None => {}
    }
    known(script, asked, elsewhere)
}

fn known(script: &mut Script, asked: &Asked, elsewhere: &str) -> Answer {
    let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let ok = |value: Value| Answer::json(value.to_string());
    let line = asked.line.replace("/repos/acme/images", "");
    match line.as_str() {
        "GET " => ok(json!({"default_branch": "main", "private": false, "archived": false})),
        "GET /user" => ok(script.me.clone()),
        "GET /actions/runs?status=waiting&per_page=100&page=1" => {
            let run = script.run();
            ok(json!({"total_count": 1, "workflow_runs": [run]}))
        }
        "GET /actions/runs/7" => ok(script.run()),
        "GET /actions/runs/7/pending_deployments" => ok(script.pending.clone()),
        "GET /actions/runs/7/approvals" => ok(json!(script.approvals)),
        "GET /actions/runs/7/artifacts?per_page=100&page=1" => ok(
            json!({"total_count": script.artifacts.as_array().unwrap().len(), "artifacts": script.artifacts}),
        ),
        "POST /actions/runs/7/pending_deployments" => {
            let ids = body["environment_ids"].as_array().unwrap().clone();
            let environments: Vec<Value> =
                ids.iter().map(|id| json!({"id": id, "name": "by number"})).collect();
            script.approvals.push(json!({"state": body["state"], "user": script.me,
                "comment": body["comment"], "environments": environments}));
            let pending = script.pending.as_array_mut().unwrap();
            pending.retain(|one| !ids.contains(&one["environment"]["id"]));
            ok(json!([]))
        }
        "GET /environments/production" => ok(environment("production")),
        "GET /environments/canary" => ok(environment("canary")),
        "GET /git/ref/heads%2Fmain" => {
            ok(json!({"ref": "refs/heads/main", "object": {"type": "commit", "sha": COMMIT}}))
        }
        "POST /git/refs" => {
            let name = body["ref"].as_str().unwrap().strip_prefix("refs/heads/").unwrap().to_owned();
            script.branches.insert(name, body["sha"].as_str().unwrap().to_owned());
            Answer::Whole(201, vec![], json!({"ref": body["ref"]}).to_string())
        }
        "POST /pulls" => {
            let pull = json!({"number": 12, "html_url": "https://github.example/acme/images/pull/12", "state": "open",
                "title": body["title"], "body": body["body"], "head": body["head"], "base": body["base"]});
            script.pulls.push(pull.clone());
            Answer::Whole(201, vec![], pull.to_string())
        }
        line if line.starts_with("GET /actions/artifacts/") => {
            Answer::Whole(302, vec![("location", elsewhere.to_owned())], String::new())
        }
        line if line.starts_with("GET /commits/") && line.contains("/pulls?") => {
            ok(json!([{"number": 4, "user": account(2, "puller")}]))
        }
        line if line.starts_with("GET /commits/") => {
            ok(json!({"author": account(3, "writer"), "committer": account(3, "writer")}))
        }
        line if line.starts_with("GET /pulls/4/commits") => ok(json!([])),
        line if line.starts_with("GET /pulls?") => ok(json!(script.pulls)),
        line if line.starts_with("GET /git/ref/heads%2F") => {
            let name = line.strip_prefix("GET /git/ref/heads%2F").unwrap().replace("%2F", "/");
            match script.branches.get(&name) {
                Some(sha) => ok(json!({"object": {"type": "commit", "sha": sha}})),
                None => Answer::error(404, "Not Found"),
            }
        }
        line if line.starts_with(&format!("GET {FILE}")) => {
            let text = if line.ends_with(AFTER) { &script.proposed } else { &script.file };
            match text {
                Some(text) => ok(
                    json!({"type": "file", "encoding": "base64", "sha": "b10b", "content": STANDARD.encode(text)}),
                ),
                None => Answer::error(404, "Not Found"),
            }
        }
        line if line.starts_with(&format!("PUT {FILE}")) => {
            let bytes = STANDARD.decode(body["content"].as_str().unwrap()).unwrap();
            script.proposed = Some(String::from_utf8(bytes).unwrap());
            script.branches.insert(body["branch"].as_str().unwrap().to_owned(), AFTER.to_owned());
            ok(json!({}))
        }
        _ => Answer::error(404, "Not Found"),
    }
}
