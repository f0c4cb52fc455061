//! A GitHub that keeps issues: what was written is there the next time.

use std::sync::{Arc, Mutex};

use github::testing::{Answer, FakeGitHub};
use serde_json::{Value, json};

pub(crate) const BOT: i64 = 41_898_282;
pub(crate) const MALLORY: i64 = 666;

/// What it keeps.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) issues: Vec<Value>,
    pub(crate) comments: Vec<(i64, String)>,
    /// What is answered instead, by the beginning of method and path.
    pub(crate) fault: Option<(&'static str, Answer)>,
    /// An issue that somebody else writes in the moment before ours.
    pub(crate) race: Option<Value>,
    /// Whose issues are written.
    pub(crate) writes_as: Option<i64>,
}

pub(crate) struct GitHub {
    pub(crate) server: FakeGitHub,
    pub(crate) kept: Arc<Mutex<Kept>>,
}

pub(crate) fn issue(number: i64, by: i64, title: &str, body: &str) -> Value {
    json!({"number": number, "user": {"id": by, "login": format!("user-{by}")}, "title": title, "body": body,
        "state": "open", "html_url": format!("https://github.com/acme/images/issues/{number}")})
}

impl GitHub {
    pub(crate) fn new() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let state = Arc::clone(&kept);
        let server = FakeGitHub::with(move |asked| state.lock().unwrap().answer(&asked.line, &asked.body));
        Self { server, kept }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.kept.lock().unwrap());
    }

    /// Number, whether it is open, and title of each issue.
    pub(crate) fn issues(&self) -> Vec<(i64, bool, String)> {
        let kept = self.kept.lock().unwrap();
        let shown = |one: &Value| {
            (
                one["number"].as_i64().unwrap(),
                one["state"] == "open",
                one["title"].as_str().unwrap().to_owned(),
            )
        };
        kept.issues.iter().map(shown).collect()
    }

    pub(crate) fn body(&self, at: usize) -> String {
        self.kept.lock().unwrap().issues[at]["body"].as_str().unwrap().to_owned()
    }

    pub(crate) fn comments(&self) -> Vec<(i64, String)> {
        self.kept.lock().unwrap().comments.clone()
    }

    /// Every call that changes something.
    pub(crate) fn changes(&self) -> Vec<String> {
        let lines = self.server.asked().into_iter().map(|asked| asked.line);
        lines.filter(|line| !line.starts_with("GET ")).collect()
    }
}

impl Kept {
    fn answer(&mut self, line: &str, body: &str) -> Answer {
        if let Some((begin, answer)) = &self.fault
            && line.starts_with(begin)
        {
            return answer.clone();
        }
        let sent: Value = serde_json::from_str(body).unwrap_or_default();
        let (method, path) = line.split_once(' ').unwrap();
        let path = path.strip_prefix("/repos/acme/images/issues").unwrap_or(path);
        let number = |text: &str| text.split('/').nth(1).unwrap().parse::<i64>().unwrap();
        match (method, path) {
            ("GET", "/user") => Answer::error(403, "Resource not accessible by integration"),
            ("GET", "/users/github-actions%5Bbot%5D") => {
                Answer::json(json!({"id": BOT, "login": "github-actions[bot]"}).to_string())
            }
            ("GET", path) if path.starts_with("?labels=hallmark-regate&state=open&") => {
                let open = self.issues.iter().filter(|one| one["state"] == "open").cloned();
                Answer::json(Value::from(open.collect::<Vec<_>>()).to_string())
            }
            ("POST", "") => {
                self.issues.extend(self.race.take());
                let last = self.issues.iter().filter_map(|one| one["number"].as_i64()).max().unwrap_or(0);
                let by = self.writes_as.unwrap_or(BOT);
                let (title, body) = (sent["title"].as_str().unwrap(), sent["body"].as_str().unwrap());
                let mut new = issue(last + 1, by, title, body);
                new["labels"] = sent["labels"].clone();
                new["assignees"] = sent["assignees"].clone();
                self.issues.push(new.clone());
                Answer::Whole(201, Vec::new(), new.to_string())
            }
            ("POST", path) if path.ends_with("/comments") => {
                self.comments.push((number(path), sent["body"].as_str().unwrap().to_owned()));
                let by = json!({"id": BOT, "login": "github-actions[bot]"});
                let new = json!({"id": self.comments.len(), "user": by, "body": sent["body"], "html_url": "https://x"});
                Answer::Whole(201, Vec::new(), new.to_string())
            }
            ("PATCH", path) => {
                let wanted = number(path);
                let Some(found) = self.issues.iter_mut().find(|one| one["number"] == wanted) else {
                    return Answer::error(404, "Not Found");
                };
                for (name, value) in sent.as_object().unwrap() {
                    found[name] = value.clone();
                }
                Answer::json(found.to_string())
            }
            _ => Answer::error(404, "Not Found"),
        }
    }
}
