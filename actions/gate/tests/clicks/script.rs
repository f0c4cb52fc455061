//! A GitHub with one run: who started it, who wrote it, and who said what.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use github::testing::{Answer, FakeGitHub};
use serde_json::{Value, json};

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const REPOSITORY: &str = "GET /api/v3/repos/acme/images";
pub(crate) const HOSTILE: &str = "<img src=x>`|\u{1b}[31m\u{202e}";

/// What GitHub says.
pub(crate) struct Script {
    pub(crate) attempt: i64,
    pub(crate) run: Value,
    pub(crate) commit: Value,
    pub(crate) pulls: Value,
    pub(crate) pull_commits: Value,
    pub(crate) environments: BTreeMap<&'static str, Value>,
    pub(crate) approvals: Value,
    /// What is answered instead, by the end of a path: the first time, and every other time.
    pub(crate) faults: Vec<(&'static str, Option<Answer>, Option<Answer>)>,
}

pub(crate) fn account(id: i64, login: &str) -> Value {
    json!({"id": id, "login": login})
}

pub(crate) fn environment(name: &str) -> Value {
    json!({"id": name.len(), "name": name, "can_admins_bypass": false,
        "deployment_branch_policy": {"protected_branches": true, "custom_branch_policies": false},
        "protection_rules": [{"id": 1, "type": "branch_policy"}, {"id": 2, "type": "required_reviewers",
            "prevent_self_review": true, "reviewers": [{"type": "Team", "reviewer": {"slug": "owners"}}]}]})
}

pub(crate) fn approval(state: &str, by: i64, environments: &[&str], comment: &str) -> Value {
    let named: Vec<Value> = environments.iter().map(|name| json!({"id": name.len(), "name": name})).collect();
    json!({"state": state, "user": account(by, &format!("user-{by}")), "environments": named, "comment": comment})
}

pub(crate) const STARTER: i64 = 1;
pub(crate) const PULLER: i64 = 2;
pub(crate) const WRITER: i64 = 3;
pub(crate) const ADA: i64 = 4;
pub(crate) const BOB: i64 = 5;

impl Script {
    /// A run in which Ada has approved, with this comment.
    pub(crate) fn approved(comment: &str) -> Self {
        Self {
            attempt: 1,
            run: json!({"id": 1, "run_attempt": 1, "head_sha": COMMIT, "event": "workflow_dispatch", "path": "x.yml",
                "actor": account(STARTER, "starter"), "triggering_actor": account(STARTER, "starter")}),
            commit: json!({"author": account(WRITER, "writer"), "committer": account(99, "web-flow")}),
            pulls: json!([{"number": 4, "user": account(PULLER, "puller")}]),
            pull_commits: json!([{"author": account(WRITER, "writer"), "committer": account(WRITER, "writer")}]),
            environments: ["production", "canary"].map(|name| (name, environment(name))).into(),
            approvals: json!([approval("approved", ADA, &["production"], comment)]),
            faults: Vec::new(),
        }
    }

    /// The run has been started again by somebody.
    pub(crate) fn again(&mut self, by: i64) {
        self.attempt = 2;
        self.run["run_attempt"] = json!(2);
        self.run["triggering_actor"] = account(by, "again");
    }

    pub(crate) fn serve(self) -> FakeGitHub {
        let asked = AtomicUsize::new(0);
        FakeGitHub::new(move |line| {
            let path = line.strip_prefix(REPOSITORY).unwrap_or(line);
            for (end, first, later) in &self.faults {
                if path.ends_with(end) {
                    let answer = if asked.fetch_add(1, Ordering::Relaxed) == 0 { first } else { later };
                    if let Some(answer) = answer {
                        return answer.clone();
                    }
                }
            }
            let answer = match path {
                "/actions/runs/1" => &self.run,
                "/actions/runs/1/approvals" => &self.approvals,
                "/pulls/4/commits?per_page=100&page=1" => &self.pull_commits,
                path if path == format!("/commits/{COMMIT}") => &self.commit,
                path if path == format!("/commits/{COMMIT}/pulls?per_page=100") => &self.pulls,
                path => {
                    let name = path.strip_prefix("/environments/").unwrap_or_default();
                    match self.environments.get(name) {
                        Some(found) => found,
                        None => return Answer::error(404, "Not Found"),
                    }
                }
            };
            Answer::json(answer.to_string())
        })
    }
}

impl Script {
    /// Always the same answer instead.
    pub(crate) fn fault(&mut self, end: &'static str, answer: Answer) {
        self.faults.push((end, Some(answer.clone()), Some(answer)));
    }
}
