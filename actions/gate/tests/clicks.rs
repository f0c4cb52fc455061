//! A `review` verdict, and what somebody clicked in GitHub: one table of all cases, against a GitHub of the tests' own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{World, codes};
use github::testing::{Answer, FakeGitHub};
use runner::testing::Run;
use serde_json::{Value, json};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const REPOSITORY: &str = "GET /api/v3/repos/acme/images";
const HOSTILE: &str = "<img src=x>`|\u{1b}[31m\u{202e}";

/// What GitHub says.
struct Script {
    attempt: i64,
    run: Value,
    commit: Value,
    pulls: Value,
    pull_commits: Value,
    environments: BTreeMap<&'static str, Value>,
    approvals: Value,
    /// What is answered instead, by the end of a path: the first time, and every other time.
    faults: Vec<(&'static str, Option<Answer>, Option<Answer>)>,
}

fn account(id: i64, login: &str) -> Value {
    json!({"id": id, "login": login})
}

fn environment(name: &str) -> Value {
    json!({"id": name.len(), "name": name, "can_admins_bypass": false,
        "deployment_branch_policy": {"protected_branches": true, "custom_branch_policies": false},
        "protection_rules": [{"id": 1, "type": "branch_policy"}, {"id": 2, "type": "required_reviewers",
            "prevent_self_review": true, "reviewers": [{"type": "Team", "reviewer": {"slug": "owners"}}]}]})
}

fn approval(state: &str, by: i64, environments: &[&str], comment: &str) -> Value {
    let named: Vec<Value> = environments.iter().map(|name| json!({"id": name.len(), "name": name})).collect();
    json!({"state": state, "user": account(by, &format!("user-{by}")), "environments": named, "comment": comment})
}

const STARTER: i64 = 1;
const PULLER: i64 = 2;
const WRITER: i64 = 3;
const ADA: i64 = 4;
const BOB: i64 = 5;

impl Script {
    /// A run in which Ada has approved, with this comment.
    fn approved(comment: &str) -> Self {
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
    fn again(&mut self, by: i64) {
        self.attempt = 2;
        self.run["run_attempt"] = json!(2);
        self.run["triggering_actor"] = account(by, "again");
    }

    fn serve(self) -> FakeGitHub {
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

/// Strict, with the job in the environment to sign what it reads and decides.
fn policy(world: &World, more: &str) -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/strict.yml");
    let text = fs::read_to_string(shipped)
        .unwrap()
        .replace("verdict: {signed-by: [assay]}", "verdict: {signed-by: [assay, publish]}")
        .replace("vsa: {signed-by: [assay]", "vsa: {signed-by: [assay, publish]")
        .replace("approval: {signed-by: [approver]}", "approval: {signed-by: [approver, publish]}")
        .replace("approval: {timeout: 8h}", &format!("approval: {{timeout: 8h{more}}}"));
    let path = world.path("policy.yml");
    fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

/// An image that somebody has to look at, the policy, and the verdict that says so.
fn review(more: &str) -> (World, String, Run) {
    let world = World::bare();
    world.put("bake", &world.signatures(b"binary"));
    world.put("bake", &world.provenance());
    world.put("assay", &world.tests("booted", "2026-11-22T11:00:00Z", 9, 0));
    world.put("assay", &world.scan(&[("CVE-2026-1", "CRITICAL", None)], true));
    let policy = policy(&world, more);
    let run = world.gate(&policy);
    let verdict = run.outputs.get("verdict").map(String::as_str);
    assert_eq!((run.code, verdict), (0, Some("review")), "{}", run.stderr);
    (world, policy, run)
}

/// What the comment has to say.
fn words(run: &Run) -> String {
    format!("approve {}", &run.outputs["brief-digest"][..12])
}

/// The job in the environment.
struct Job<'j> {
    world: &'j World,
    policy: &'j str,
    decided: &'j Run,
    environments: &'static str,
    more: Vec<(&'static str, String)>,
}

impl<'j> Job<'j> {
    fn new(world: &'j World, policy: &'j str, decided: &'j Run) -> Self {
        Self { world, policy, decided, environments: "production", more: Vec::new() }
    }

    fn run(&self, script: Script) -> Run {
        let attempt = script.attempt;
        let server = script.serve();
        let mut inputs = vec![
            ("resume", self.decided.outputs["evidence"].clone()),
            ("brief-digest", self.decided.outputs["brief-digest"].clone()),
            ("environments", self.environments.to_owned()),
            ("token", "ghs_secret".to_owned()),
            ("signing-key", self.world.pem("publish")),
        ];
        inputs.extend(self.more.iter().cloned());
        self.world
            .runner(self.policy, &inputs)
            .env("GITHUB_API_URL", server.url("/api/v3").to_string())
            .env("GITHUB_RUN_ATTEMPT", attempt.to_string())
            .run(&gate::ACTION)
    }
}

fn predicate(file: &Path) -> Value {
    let envelope: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let payload = envelope["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
    statement["predicate"].clone()
}

/// The evidence of a kind, read.
fn written(world: &World, kind: &str) -> Vec<Value> {
    let files = fs::read_dir(world.path("evidence")).unwrap().map(|entry| entry.unwrap().path());
    let of_kind =
        files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&format!("{kind}.")));
    of_kind.map(|path| predicate(&path)).collect()
}

/// Publishing asks for a summary that says PASSED, and for a verdict that says `pass`.
fn nothing_to_publish(world: &World, what: &str) {
    for summary in written(world, "vsa") {
        assert_eq!(summary["verificationResult"], "FAILED", "{what}");
    }
    for verdict in written(world, "verdict") {
        assert_ne!(verdict["verdict"], "pass", "{what}");
    }
}

/// What is done to the script, given the words that approve the brief.
type Change = fn(&mut Script, &str);

/// What comes of it: a verdict with a code, or none with a sentence.
enum Comes {
    Pass,
    Review(&'static str),
    Fail(&'static str),
    Nothing(&'static str),
}
use Comes::{Fail, Nothing, Pass, Review};

fn rules(script: &mut Script) -> &mut Value {
    script.environments.get_mut("production").unwrap()
}

#[test]
fn every_case() {
    let rows: &[(&str, &str, Change, &'static str, Comes)] = &[
        ("approved", "", |_, _| {}, "production", Pass),
        ("approved, where the comment is required", ", comment: required", |_, _| {}, "production", Pass),
        ("a click without a word", "", |s, _| s.approvals[0]["comment"] = json!(""), "production", Pass),
        (
            "a click without a word, where one is required",
            ", comment: required",
            |s, _| s.approvals[0]["comment"] = json!(""),
            "production",
            Review("approval-unbound"),
        ),
        ("pending", "", |s, _| s.approvals = json!([]), "production", Review("approval-missing")),
        (
            "rejected",
            "",
            |s, _| s.approvals[0]["state"] = json!("rejected"),
            "production",
            Fail("approval-rejected"),
        ),
        (
            "by who started it",
            "",
            |s, w| s.approvals = json!([approval("approved", STARTER, &["production"], w)]),
            "production",
            Review("approval-by-starter"),
        ),
        ("by who started it again", "", |s, _| s.again(ADA), "production", Review("approval-by-starter")),
        (
            "by who opened the pull request",
            "",
            |s, w| s.approvals = json!([approval("approved", PULLER, &["production"], w)]),
            "production",
            Review("approval-by-author"),
        ),
        (
            "by who wrote a commit",
            "",
            |s, w| s.approvals = json!([approval("approved", WRITER, &["production"], w)]),
            "production",
            Review("approval-by-author"),
        ),
        (
            "a commit of nobody's",
            "",
            |s, _| s.pull_commits[0]["author"] = Value::Null,
            "production",
            Review("author-unknown"),
        ),
        (
            "the words by somebody else",
            ", comment: required",
            |s, w| {
                s.approvals = json!([
                    approval("approved", ADA, &["production"], "fine"),
                    approval("approved", BOB, &["canary"], w)
                ]);
            },
            "production",
            Review("approval-unbound"),
        ),
        (
            "another digest",
            "",
            |s, _| s.approvals[0]["comment"] = json!("approve 000000000000"),
            "production",
            Review("approval-unbound"),
        ),
        (
            "a short digest",
            "",
            |s, w| s.approvals[0]["comment"] = json!(&w[..w.len() - 1]),
            "production",
            Review("approval-comment"),
        ),
        (
            "the second attempt, with a click of the first",
            "",
            |s, _| {
                s.again(STARTER);
                s.approvals[0]["comment"] = json!("ok");
            },
            "production",
            Review("approval-unbound"),
        ),
        (
            "the second attempt, with the words for another brief",
            "",
            |s, _| {
                s.again(STARTER);
                s.approvals[0]["comment"] = json!("approve 000000000000");
            },
            "production",
            Review("approval-unbound"),
        ),
        (
            "the second attempt, with the words for this brief",
            "",
            |s, _| s.again(STARTER),
            "production",
            Pass,
        ),
        (
            "two environments by one person",
            "",
            |s, w| s.approvals = json!([approval("approved", ADA, &["production", "canary"], w)]),
            "production\ncanary",
            Review("approval-not-distinct"),
        ),
        (
            "two environments by two",
            "",
            |s, w| {
                s.approvals = json!([
                    approval("approved", ADA, &["production"], w),
                    approval("approved", BOB, &["canary"], w)
                ]);
            },
            "production\ncanary",
            Pass,
        ),
        ("one of two", "", |_, _| {}, "production\ncanary", Review("approval-missing")),
        (
            "an environment that asks nobody",
            "",
            |s, _| rules(s)["protection_rules"] = json!([]),
            "production",
            Fail("environment-open"),
        ),
        (
            "administrators may pass by",
            "",
            |s, _| rules(s)["can_admins_bypass"] = json!(true),
            "production",
            Fail("environment-bypass"),
        ),
        (
            "nobody says whether they may",
            "",
            |s, _| rules(s)["can_admins_bypass"] = Value::Null,
            "production",
            Fail("environment-bypass"),
        ),
        (
            "self-review",
            "",
            |s, _| rules(s)["protection_rules"][1]["prevent_self_review"] = json!(false),
            "production",
            Fail("environment-self-review"),
        ),
        (
            "any branch",
            "",
            |s, _| rules(s)["deployment_branch_policy"] = Value::Null,
            "production",
            Fail("environment-branches"),
        ),
        ("no such environment", "", |s, _| s.environments.clear(), "production", Fail("environment-missing")),
        (
            "an exception",
            "",
            |s, w| {
                s.approvals[0]["comment"] =
                    json!(format!("{w}\nexcept CVE-2026-1 p1 until 2026-12-01 because no route"))
            },
            "production",
            Pass,
        ),
        (
            "an exception that is none",
            "",
            |s, w| s.approvals[0]["comment"] = json!(format!("{w}\nexcept everything")),
            "production",
            Review("approval-comment"),
        ),
        (
            "an exception that is too long",
            "",
            |s, w| {
                s.approvals[0]["comment"] =
                    json!(format!("{w}\nexcept CVE-2026-1 until 2030-01-01 because no route"))
            },
            "production",
            Review("approval-comment"),
        ),
        (
            "hostile words",
            "",
            |s, w| {
                s.approvals[0]["comment"] = json!(format!("{w}\n{HOSTILE}\n::error::x"));
                s.approvals[0]["user"]["login"] = json!(HOSTILE);
            },
            "production",
            Pass,
        ),
        (
            "hostile words of who may not",
            "",
            |s, _| {
                s.approvals[0]["user"] = account(STARTER, HOSTILE);
            },
            "production",
            Review("approval-by-starter"),
        ),
        (
            "a newer attempt",
            "",
            |s, _| {
                s.run["run_attempt"] = json!(3);
            },
            "production",
            Nothing("is in attempt 3"),
        ),
        (
            "another run",
            "",
            |s, _| {
                s.run["id"] = json!(2);
            },
            "production",
            Nothing("told of run 2"),
        ),
        (
            "403",
            "",
            |s, _| s.fault("/approvals", Answer::error(403, "Resource not accessible")),
            "production",
            Nothing("(needs a token with `actions: read`)"),
        ),
        (
            "403 for the pull requests",
            "",
            |s, _| s.fault("/pulls?per_page=100", Answer::error(403, "Resource not accessible")),
            "production",
            Nothing("(needs a token with `pull-requests: read`)"),
        ),
        (
            "403 for the environment",
            "",
            |s, _| s.fault("/environments/production", Answer::error(403, "no")),
            "production",
            Nothing("(needs a token with `actions: read`)"),
        ),
        (
            "401",
            "",
            |s, _| s.fault("/runs/1", Answer::error(401, "Bad credentials")),
            "production",
            Nothing("401"),
        ),
        (
            "404 for the run",
            "",
            |s, _| s.fault("/runs/1", Answer::error(404, "Not Found")),
            "production",
            Nothing("404"),
        ),
        (
            "404 for the approvals",
            "",
            |s, _| s.fault("/approvals", Answer::error(404, "Not Found")),
            "production",
            Nothing("404"),
        ),
        (
            "429, then an answer",
            "",
            |s, _| {
                let slow =
                    Answer::Whole(429, vec![("retry-after", "1".to_owned())], r#"{"message":"slow"}"#.into());
                s.faults.push(("/approvals", Some(slow), None));
            },
            "production",
            Pass,
        ),
        (
            "429 for long",
            "",
            |s, _| {
                let slow = Answer::Whole(
                    429,
                    vec![("retry-after", "3600".to_owned())],
                    r#"{"message":"slow"}"#.into(),
                );
                s.fault("/approvals", slow);
            },
            "production",
            Nothing("again in 3600 s"),
        ),
        (
            "500, then an answer",
            "",
            |s, _| s.faults.push(("/approvals", Some(Answer::error(500, "oops")), None)),
            "production",
            Pass,
        ),
        (
            "500",
            "",
            |s, _| s.fault("/approvals", Answer::error(500, "oops")),
            "production",
            Nothing("the server answered 500"),
        ),
        ("cut", "", |s, _| s.fault("/approvals", Answer::Cut), "production", Nothing("cannot be reached")),
        (
            "no list",
            "",
            |s, _| s.approvals = json!({"approved": true}),
            "production",
            Nothing("the answer cannot be read"),
        ),
        (
            "no number",
            "",
            |s, _| s.approvals[0]["user"] = json!({"login": "ada"}),
            "production",
            Nothing("the answer cannot be read"),
        ),
        (
            "no JSON",
            "",
            |s, _| s.fault("/approvals", Answer::json("yes")),
            "production",
            Nothing("the answer cannot be read"),
        ),
    ];
    for (what, more, change, environments, comes) in rows {
        case(what, more, *change, environments, comes);
    }
}

impl Script {
    /// Always the same answer instead.
    fn fault(&mut self, end: &'static str, answer: Answer) {
        self.faults.push((end, Some(answer.clone()), Some(answer)));
    }
}

/// Markdown without its blocks of code, in which nothing is read as anything else.
fn outside_of_blocks(markdown: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut outside = String::new();
    for line in markdown.lines() {
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => {
                fence = Some(&line[..line.find(|c| c != '`').unwrap_or(line.len())]);
            }
            None => outside = outside + line + "\n",
        }
    }
    assert_eq!(fence, None, "a block that is never closed: {markdown}");
    outside
}

fn case(what: &str, more: &str, change: Change, environments: &'static str, comes: &Comes) {
    let (world, policy, decided) = review(more);
    let words = words(&decided);
    let mut script = Script::approved(&words);
    change(&mut script, &words);
    let job = Job { environments, ..Job::new(&world, &policy, &decided) };
    let run = job.run(script);
    let said = format!("{what}: {}", run.stdout);
    // What GitHub says is nobody's command, and shows nothing that is not there.
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}'), "{said}");
    assert!(!run.stdout.lines().any(|line| line == "::error::x"), "{said}");
    assert!(!outside_of_blocks(&run.summary).contains("<img"), "{what}: {}", run.summary);
    assert!(!run.stdout.replace("::add-mask::ghs_secret", "").contains("ghs_secret"), "{said}");
    let (code, verdict) = match comes {
        Pass => (0, "pass"),
        Review(_) => (1, "review"),
        Fail(_) => (1, "fail"),
        Nothing(part) => {
            assert_eq!(run.code, 2, "{said}");
            assert!(run.stdout.contains(part), "{part}: {said}");
            assert!(!run.outputs.contains_key("verdict"), "{said}");
            nothing_to_publish(&world, what);
            return assert!(written(&world, "approval").is_empty(), "{said}");
        }
    };
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (code, verdict), "{said}\n{:?}", codes(&run));
    match comes {
        Review(code) | Fail(code) => {
            assert!(codes(&run).contains(&(*code).to_owned()), "{what}: {:?}", codes(&run));
            nothing_to_publish(&world, what);
            assert!(written(&world, "approval").is_empty() && run.outputs["approval"].is_empty(), "{said}");
            assert!(run.summary.contains(&words), "{what}: the words that approve are told: {}", run.summary);
        }
        Pass | Nothing(_) => {
            let approvals = written(&world, "approval");
            assert_eq!(approvals.len(), 1, "{said}");
            let passed = |one: &Value| one["verificationResult"] == "PASSED";
            assert_eq!(written(&world, "vsa").iter().filter(|one| passed(one)).count(), 1, "{said}");
        }
    }
    // Everything that was read is in the bundle: the same again without a network.
    let replayed = world.replay(&run.outputs["replay"]);
    assert_eq!(replayed.code, 0, "{what}: {}", replayed.stdout);
}

#[test]
fn a_server_that_is_silent_is_no_verdict() {
    case(
        "silence",
        "",
        |s, _| s.fault("/approvals", Answer::Silence),
        "production",
        &Nothing("no answer within"),
    );
}

#[test]
fn what_is_signed_says_who_approved_what() {
    let (world, policy, decided) = review("");
    let comment = format!("{}\nexcept CVE-2026-1 p1 until 2026-12-01 because no route", words(&decided));
    let run = Job::new(&world, &policy, &decided).run(Script::approved(&comment));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.outputs["suppressed"], "1");
    let approval = predicate(Path::new(&run.outputs["approval"]));
    assert_eq!(approval["approver"], "user-4 (id 4)");
    assert_eq!(approval["verdict"]["sha256"], decided.outputs["verdict-digest"]);
    assert_eq!(approval["brief"]["sha256"], decided.outputs["brief-digest"]);
    let github = json!({"repository": "acme/images", "runId": 1, "runAttempt": 1, "commit": COMMIT,
        "approvals": [{"environment": "production", "approverId": 4, "approverLogin": "user-4", "comment": comment}],
        "exceptions": [{"id": "CVE-2026-1", "package": "p1", "expires": "2026-12-01", "reason": "no route", "owner": "user-4 (id 4)"}]});
    assert_eq!(approval["github"], github);
    let verdict = predicate(Path::new(&run.outputs["evidence"]));
    let excepted = verdict["exceptions"].as_array().unwrap();
    assert_eq!((excepted.len(), excepted[0]["from"].as_str()), (1, Some("comment")));
    assert_eq!(verdict["approval"]["kind"], "approval");
    assert!(run.summary.contains("Excepted for this decision alone, as understood"), "{}", run.summary);

    // It is no approval of another decision: neither as a file, nor in the folder.
    let file = run.outputs["approval"].clone();
    let resumed = world.gate_with(&policy, &[("resume", file)]);
    assert_eq!((resumed.code, codes(&resumed)[0].as_str()), (1, "approval-refused"), "{}", resumed.stdout);
    assert_eq!(world.gate(&policy).outputs["verdict"], "review");
}

/// Whoever changes what GitHub said, in the bundle, is found out.
#[test]
fn a_replay_is_held_to_what_was_read() {
    let (world, policy, decided) = review("");
    let run = Job::new(&world, &policy, &decided).run(Script::approved(&words(&decided)));
    assert_eq!(run.code, 0, "{}", run.stdout);
    let manifest: Value = serde_json::from_str(&fs::read_to_string(&run.outputs["replay"]).unwrap()).unwrap();
    let kept = world.path("replay").join("sha256").join(manifest["click"].as_str().unwrap());
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("user-4"), "{text}");
    fs::write(&kept, text.replace("user-4", "user-5")).unwrap();
    let replayed = world.replay(&run.outputs["replay"]);
    assert_eq!(replayed.code, 1, "{}", replayed.stdout);
    assert!(replayed.stdout.contains("what GitHub said of the run differs"), "{}", replayed.stdout);
}

/// Each row: what is between the verdict that was shown and the job, and what comes of it.
#[test]
fn an_approval_is_for_the_verdict_that_was_shown() {
    type Row = (&'static str, fn(&World), Vec<(&'static str, String)>, &'static str, &'static str);
    let rows: &[Row] = &[
        ("another brief", |_| {}, vec![("brief-digest", "0".repeat(64))], "fail", "approval-of-another"),
        (
            "more evidence",
            |w| {
                w.put("bake", &w.provenance());
                w.put("assay", &w.tests("booted", "2026-11-22T11:30:00Z", 9, 0));
            },
            vec![],
            "fail",
            "approval-of-another",
        ),
        (
            "another environment in the policy's words",
            |_| {},
            vec![("environment", "prod".into())],
            "fail",
            "approval-of-another",
        ),
    ];
    for (what, change, more, verdict, code) in rows {
        let (world, policy, decided) = review("");
        change(&world);
        let mut job = Job::new(&world, &policy, &decided);
        job.more.clone_from(more);
        let mut script = Script::approved("");
        script.approvals[0]["comment"] = json!("");
        let run = job.run(script);
        assert_eq!(run.outputs.get("verdict").map(String::as_str), Some(*verdict), "{what}: {}", run.stdout);
        assert_eq!(
            (run.code, codes(&run).contains(&(*code).to_owned())),
            (1, true),
            "{what}: {:?}",
            codes(&run)
        );
        nothing_to_publish(&world, what);
    }
    let (mut world, policy, decided) = review("");
    world.now = "2026-11-22T21:00:00Z".parse().unwrap();
    let run = Job::new(&world, &policy, &decided).run(Script::approved(&words(&decided)));
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (1, "review"), "{}", run.stdout);
    assert!(codes(&run).contains(&"approval-expired".to_owned()), "{:?}", codes(&run));
}

#[test]
fn what_is_missing_is_asked_for_before_anything() {
    let (world, policy, decided) = review("");
    for (name, value, part) in [
        ("token", "", "input `token` was not given"),
        ("signing-key", "", "input `signing-key` was not given"),
        ("brief-digest", "", "input `brief-digest` was not given"),
        ("brief-digest", "abc", "input `brief-digest`"),
        ("environments", "", "input `environments` was not given"),
        ("environments", "production\nProduction", "names one twice"),
        ("resume", "gone.json", "input `resume`"),
    ] {
        let mut job = Job::new(&world, &policy, &decided);
        job.more.push((name, value.to_owned()));
        let run = job.run(Script::approved(""));
        assert_eq!(run.code, 2, "{name}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{name}: {}", run.stdout);
        nothing_to_publish(&world, name);
    }
    // A key that may not sign approvals does not sign one.
    let mut job = Job::new(&world, &policy, &decided);
    job.more.push(("signing-key", world.pem("assay")));
    let run = job.run(Script::approved(""));
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("may not sign a approval"), "{}", run.stdout);
    assert!(written(&world, "approval").is_empty());
    // And elsewhere there is nothing to ask.
    for (name, value) in [("brief-digest", "0".repeat(64)), ("environments", "production".to_owned())] {
        let run = world.gate_with(&policy, &[(name, value)]);
        assert_eq!(run.code, 2, "{name}");
        assert!(run.stderr.contains("on a runner"), "{}", run.stderr);
    }
}
