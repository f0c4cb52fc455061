//! The server: plain HTTP on this machine, one connection after the other.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Value, json};

use super::description::Description;

/// What happens at a call that changes something, counted from 0.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The connection ends before it is done.
    CutBefore(usize),
    /// It is done, and the connection ends without an answer.
    CutAfter(usize),
    /// No answer, ever; it is done or it is not. Whoever waits is told.
    Hang(usize, bool, std::sync::mpsc::Sender<()>),
    /// An error instead of it, from there on.
    Status(usize, u16, &'static str),
}

/// An environment as the server keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// `User` or `Team`, and the number.
    pub(crate) reviewers: Vec<(String, u64)>,
    pub(crate) prevent_self_review: bool,
    pub(crate) wait: u64,
    /// `any`, `protected`, `named`.
    pub(crate) mode: String,
    pub(crate) bypass: Option<bool>,
    /// Number, kind, name.
    pub(crate) patterns: Vec<(u64, String, String)>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) secrets: Vec<String>,
}

impl Kept {
    pub(crate) fn made() -> Self {
        Self { mode: "any".into(), bypass: Some(true), ..Self::default() }
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) environments: BTreeMap<String, Kept>,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    /// Does not take, or say, whether administrators may pass.
    pub(crate) forgets_bypass: bool,
    /// How many calls changed something, or tried to.
    pub(crate) calls: usize,
    /// Everything that was asked: method and path.
    pub(crate) asked: Vec<String>,
    /// All environments after each change.
    pub(crate) history: Vec<BTreeMap<String, Kept>>,
    fault: Option<Fault>,
    next: u64,
    description: Option<Description>,
}

/// The server. Its thread ends with the test's process.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

const PEOPLE: [(&str, u64); 3] = [("alice", 1), ("bob", 2), ("carol", 3)];
const TEAMS: [(&str, u64); 2] = [("security", 11), ("images", 12)];

impl Server {
    pub(crate) fn new(environments: BTreeMap<String, Kept>) -> Self {
        Self::described(environments, None)
    }

    /// One whose answers have all that the description wants.
    pub(crate) fn described(environments: BTreeMap<String, Kept>, description: Option<Description>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = State { environments, next: 1000, description, ..State::default() };
        let server = Self { address, state: Arc::new(Mutex::new(state)) };
        let serving = server.clone();
        thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming().flatten() {
                if let Some(silent) = serving.serve(stream) {
                    kept.push(silent);
                }
            }
        });
        server
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on; the count begins anew.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.state();
        state.fault = fault;
        state.calls = 0;
    }

    pub(crate) fn environments(&self) -> BTreeMap<String, Kept> {
        self.state().environments.clone()
    }

    /// How many calls changed something since the last fault was set.
    pub(crate) fn calls(&self) -> usize {
        self.state().calls
    }

    fn serve(&self, mut stream: TcpStream) -> Option<TcpStream> {
        let (method, path, body) = read(&stream)?;
        let mut state = self.state();
        state.asked.push(format!("{method} {path}"));
        let at = state.calls;
        let mut silent = None;
        let mut cut = false;
        if method != "GET" {
            state.calls += 1;
            match state.fault.clone() {
                Some(Fault::CutBefore(n)) if n == at => return None,
                Some(Fault::CutAfter(n)) if n == at => cut = true,
                Some(Fault::Hang(n, done, told)) if n == at => {
                    told.send(()).ok();
                    silent = Some(());
                    if !done {
                        return Some(stream);
                    }
                }
                Some(Fault::Status(n, status, message)) if at >= n => {
                    drop(state);
                    write(&mut stream, status, &json!({"message": message, "status": status.to_string()}));
                    return None;
                }
                _ => {}
            }
        }
        let (status, mut answer) = state.answer(&method, &path, &body);
        if method != "GET" {
            let now = state.environments.clone();
            state.history.push(now);
        }
        if let Some(description) = &state.description {
            description.complete(&method, &path, status, &mut answer);
        }
        drop(state);
        match (silent, cut) {
            (Some(()), _) => Some(stream),
            (None, true) => None,
            (None, false) => {
                write(&mut stream, status, &answer);
                None
            }
        }
    }
}

impl State {
    fn answer(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<String> = path.trim_start_matches('/').split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let none = || (404, json!({"message": "Not Found", "status": "404"}));
        match (method, parts.as_slice()) {
            ("GET", ["users", login]) => match PEOPLE.iter().find(|(name, _)| name == login) {
                Some((login, id)) => (200, json!({"login": login, "id": id, "type": "User"})),
                None if *login == "acme" => (200, json!({"login": login, "id": 99, "type": "Organization"})),
                None => none(),
            },
            ("GET", ["orgs", "acme", "teams", slug]) => match TEAMS.iter().find(|(name, _)| name == slug) {
                Some((slug, id)) => (200, json!({"slug": slug, "id": id})),
                None => none(),
            },
            ("GET", ["repos", "acme", "images"]) => {
                (200, json!({"private": self.private, "archived": self.archived, "default_branch": "main"}))
            }
            ("GET", ["repos", "acme", "images", "environments"]) => {
                let all: Vec<Value> =
                    self.environments.iter().map(|(name, kept)| self.shown(name, kept)).collect();
                (200, page("environments", &all, query))
            }
            ("PUT", ["repos", "acme", "images", "environments", name]) => self.put(name, body),
            (_, ["repos", "acme", "images", "environments", name, rest @ ..]) => {
                let Some(kept) = self.environments.get_mut(*name) else { return none() };
                self.next += 1;
                below(kept, self.next, method, rest, body, query).unwrap_or_else(none)
            }
            _ => none(),
        }
    }

    fn put(&mut self, name: &str, body: &Value) -> (u16, Value) {
        let kept = self.environments.entry(name.to_owned()).or_insert_with(Kept::made);
        kept.reviewers = body["reviewers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| (one["type"].as_str().unwrap().to_owned(), one["id"].as_u64().unwrap()))
            .collect();
        kept.prevent_self_review = body["prevent_self_review"] == json!(true);
        kept.wait = body["wait_timer"].as_u64().unwrap_or(0);
        let mode = match &body["deployment_branch_policy"] {
            Value::Null => "any",
            policy if policy["protected_branches"] == json!(true) => "protected",
            _ => "named",
        };
        if mode != "named" {
            kept.patterns.clear();
        }
        kept.mode = mode.to_owned();
        if !self.forgets_bypass {
            kept.bypass = Some(body["can_admins_bypass"].as_bool().unwrap_or(true));
        }
        let kept = kept.clone();
        (200, self.shown(name, &kept))
    }

    fn shown(&self, name: &str, kept: &Kept) -> Value {
        let mut rules = Vec::new();
        if kept.wait > 0 {
            rules.push(json!({"type": "wait_timer", "wait_timer": kept.wait}));
        }
        if !kept.reviewers.is_empty() {
            let reviewers: Vec<Value> = kept.reviewers.iter().map(|(kind, id)| reviewer(kind, *id)).collect();
            rules.push(json!({"type": "required_reviewers", "prevent_self_review": kept.prevent_self_review, "reviewers": reviewers}));
        }
        let policy =
            |protected: bool| json!({"protected_branches": protected, "custom_branch_policies": !protected});
        if kept.mode != "any" {
            rules.push(json!({"type": "branch_policy"}));
        }
        let mut shown = json!({
            "name": name,
            "protection_rules": rules,
            "deployment_branch_policy": match kept.mode.as_str() {
                "any" => Value::Null,
                mode => policy(mode == "protected"),
            },
        });
        if let Some(bypass) = kept.bypass {
            shown["can_admins_bypass"] = json!(bypass);
        }
        shown
    }
}

fn reviewer(kind: &str, id: u64) -> Value {
    let of = |table: &[(&str, u64)]| {
        table.iter().find(|(_, known)| *known == id).map_or("ghost", |(name, _)| name).to_owned()
    };
    match kind {
        "Team" => json!({"type": "Team", "reviewer": {"id": id, "slug": of(&TEAMS)}}),
        _ => json!({"type": "User", "reviewer": {"id": id, "login": of(&PEOPLE), "type": "User"}}),
    }
}

/// What lies below an environment.
fn below(
    kept: &mut Kept,
    next: u64,
    method: &str,
    rest: &[&str],
    body: &Value,
    query: &str,
) -> Option<(u16, Value)> {
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    Some(match (method, rest) {
        ("GET", ["deployment-branch-policies"]) => {
            let shown =
                |(id, kind, name): &(u64, String, String)| json!({"id": id, "name": name, "type": kind});
            (200, page("branch_policies", &kept.patterns.iter().map(shown).collect::<Vec<_>>(), query))
        }
        ("POST", ["deployment-branch-policies"]) => {
            let (kind, name) = (body["type"].as_str().unwrap_or("branch").to_owned(), text("name"));
            if kept.mode != "named" {
                return None;
            }
            if kept.patterns.iter().any(|(_, k, n)| *k == kind && *n == name) {
                return Some((303, Value::Null));
            }
            kept.patterns.push((next, kind.clone(), name.clone()));
            (200, json!({"id": next, "name": name, "type": kind}))
        }
        ("DELETE", ["deployment-branch-policies", id]) => {
            let at = kept.patterns.iter().position(|(known, _, _)| known.to_string() == *id)?;
            kept.patterns.remove(at);
            (204, Value::Null)
        }
        ("GET", ["secrets"]) => {
            let shown = |name: &String| json!({"name": name});
            (200, page("secrets", &kept.secrets.iter().map(shown).collect::<Vec<_>>(), query))
        }
        ("GET", ["variables"]) => {
            let shown = |(name, value): (&String, &String)| json!({"name": name, "value": value});
            (200, page("variables", &kept.variables.iter().map(shown).collect::<Vec<_>>(), query))
        }
        ("POST", ["variables"]) => {
            if kept.variables.contains_key(&text("name")) {
                return Some((409, json!({"message": "Already exists", "status": "409"})));
            }
            kept.variables.insert(text("name"), text("value"));
            (201, json!({}))
        }
        ("PATCH", ["variables", name]) => {
            *kept.variables.get_mut(*name)? = text("value");
            (204, Value::Null)
        }
        ("DELETE", ["variables", name]) => {
            kept.variables.remove(*name)?;
            (204, Value::Null)
        }
        _ => return None,
    })
}

/// A page of a list, as the query wants it.
fn page(name: &str, all: &[Value], query: &str) -> Value {
    let number = |key: &str, usual: usize| {
        let found = query.split('&').find_map(|part| part.strip_prefix(key)?.strip_prefix('='));
        found.map_or(usual, |text| text.parse().unwrap())
    };
    let most = if name == "variables" { 30 } else { 100 };
    let (page, per_page) = (number("page", 1), number("per_page", 10).min(most));
    let items: Vec<&Value> = all.iter().skip((page - 1) * per_page).take(per_page).collect();
    json!({"total_count": all.len(), name: items})
}

fn decoded(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.as_bytes();
    while let Some((byte, more)) = rest.split_first() {
        match (byte, more) {
            (b'%', [a, b, more @ ..]) => {
                let hex = String::from_utf8(vec![*a, *b]).unwrap();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                rest = more;
            }
            _ => {
                bytes.push(*byte);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn read(stream: &TcpStream) -> Option<(String, String, Value)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "transfer-encoding" => chunked = value.contains("chunked"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = u64::from_str_radix(size.trim(), 16).ok()?;
            reader.by_ref().take(size).read_to_end(&mut body).ok()?;
            reader.read_line(&mut String::new()).ok()?;
            if size == 0 {
                break;
            }
        }
    } else {
        reader.take(length).read_to_end(&mut body).ok()?;
    }
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    Some((method, path, body))
}

fn write(stream: &mut TcpStream, status: u16, answer: &Value) {
    let body = if answer.is_null() { String::new() } else { answer.to_string() };
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head =
        format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n{length}connection: close\r\n\r\n");
    // A client that is gone needs no answer.
    stream.write_all(format!("{head}{body}").as_bytes()).ok();
}
