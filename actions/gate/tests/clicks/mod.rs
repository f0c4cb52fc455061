//! A `review` verdict, and what somebody clicked in GitHub: one table of all cases, against a GitHub of the tests' own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod signed;

use crate::common::codes;
use crate::job::{Job, nothing_to_publish, review, words, written};
use crate::script::{ADA, BOB, HOSTILE, PULLER, STARTER, Script, WRITER, account, approval};
use github::testing::Answer;
use serde_json::{Value, json};

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
