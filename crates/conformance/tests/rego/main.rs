//! A policy's Rego module says the same here as in the real `opa`, on the very document that the gate writes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]
#![expect(clippy::disallowed_methods, reason = "these tests start programs, and are told where those are")]

mod case;
mod modules;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use case::Case;
use serde_json::{Value, json};

/// A denial as both can be asked for it: message, code, weight.
type Denials = BTreeSet<(String, String, String)>;

fn opa() -> PathBuf {
    let Some(folder) = std::env::var_os("HALLMARK_TEST_BIN_DIR") else {
        panic!("HALLMARK_TEST_BIN_DIR is not set: `make test` gets the pinned tools and sets it");
    };
    let tool = Path::new(&folder).join("opa");
    assert!(tool.is_file(), "{} is not there: `make test` gets it", tool.display());
    tool
}

/// What `opa` says, or its error. A builtin that fails is an error for it too.
fn by_opa(module: &str, document: &str) -> Result<Denials, String> {
    let folder = tempfile::tempdir().unwrap();
    let (rego, input) = (folder.path().join("module.rego"), folder.path().join("input.json"));
    fs::write(&rego, module).unwrap();
    fs::write(&input, document).unwrap();
    let ran = Command::new(opa())
        .args(["eval", "--format", "json", "--strict-builtin-errors", "--data"])
        .arg(&rego)
        .arg("--input")
        .arg(&input)
        .arg("data.hallmark.deny")
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&ran.stdout).unwrap();
    if !said["errors"].is_null() || !ran.status.success() {
        return Err(said["errors"].to_string());
    }
    let denials = said["result"][0]["expressions"][0]["value"].as_array().unwrap();
    Ok(denials.iter().map(denial).collect())
}

/// An element of `deny` as the reason that it becomes.
fn denial(element: &Value) -> (String, String, String) {
    let text = |key: &str| element[key].as_str();
    // A reason is cut where it gets long.
    let whole = element.as_str().or(text("msg")).unwrap();
    let mut message: String = whole.chars().take(1000).collect();
    if message.len() < whole.len() {
        message.push('…');
    }
    let code = text("code").map_or_else(|| "rego-denied".to_owned(), |code| format!("rego:{code}"));
    (message, code, text("weight").unwrap_or("fail").to_owned())
}

/// What the decision says that the module said.
fn by_hallmark(module: &str, case: &Case) -> Result<Denials, String> {
    let decision = case.decide(module)?;
    if let Some(error) = decision.reasons.iter().find(|reason| reason.code == "rego-error") {
        return Err(error.message.clone());
    }
    let ours = decision.reasons.into_iter().filter(|reason| reason.code.starts_with("rego"));
    Ok(ours
        .map(|reason| {
            let weight = json!(reason.weight).as_str().unwrap().to_owned();
            (reason.message, reason.code, weight)
        })
        .collect())
}

fn module(body: &str) -> String {
    format!("package hallmark\n\nimport rego.v1\n\n{body}\n")
}

#[test]
fn every_feature_says_the_same() {
    let case = Case::rich();
    let document = case.document();
    let mut wrong = Vec::new();
    for (what, body, some) in modules::SAME {
        let text = module(body);
        let (ours, theirs) = (by_hallmark(&text, &case), by_opa(&text, &document));
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) if ours == theirs && ours.is_empty() != *some => {}
            _ => wrong.push(format!("{what}\n  hallmark {ours:?}\n  opa      {theirs:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// policies/rego.md says so of each; the policy's own tests hold its list against what there is.
#[test]
fn every_function_is_held_against_opa() {
    let page = include_str!("../../../../policies/rego.md");
    let list =
        page.split("## What it may call").nth(1).and_then(|rest| rest.split("Imports are").next()).unwrap();
    let names: Vec<&str> =
        list.split('`').skip(1).step_by(2).map(|name| name.split('(').next().unwrap()).collect();
    assert!(names.len() > 80, "{names:?}");
    for name in names {
        let called = |(_, body, _): &(&str, &str, bool)| body.contains(&format!("{name}("));
        assert!(modules::SAME.iter().any(called), "no module calls `{name}`");
    }
}

/// Where `opa` gives no answer, there is none here either: no denial gets lost in between.
#[test]
fn what_has_no_answer_has_none_in_either() {
    let case = Case::rich();
    let document = case.document();
    for (what, body) in modules::ERRORS {
        let text = module(body);
        let (ours, theirs) = (by_hallmark(&text, &case), by_opa(&text, &document));
        assert!(ours.is_err() && theirs.is_err(), "{what}\n  hallmark {ours:?}\n  opa      {theirs:?}");
    }
}

/// Written down, so that an engine that changes its mind is noticed.
#[test]
fn what_is_known_to_differ_still_does() {
    let case = Case::rich();
    let document = case.document();
    for (what, body, by_them, by_us) in modules::DIFFERENT {
        let text = module(body);
        let one = |denials: Denials| denials.into_iter().map(|(message, _, _)| message).collect::<String>();
        assert_eq!(by_opa(&text, &document).map(one).as_deref(), Ok(*by_them), "{what}");
        match by_hallmark(&text, &case) {
            Ok(denials) => assert_eq!(one(denials), *by_us, "{what}"),
            Err(_) => assert_eq!("rego-error", *by_us, "{what}"),
        }
    }
}

/// What `opa` can do and a module may not is refused, by name, before anything runs.
#[test]
fn what_a_module_may_not_call_is_refused() {
    let case = Case::rich();
    for (name, call) in modules::REFUSED {
        let text = module(&format!("deny contains \"x\" if {{\n\t{call}\n}}"));
        let refused = case.decide(&text).unwrap_err();
        assert!(refused.contains(&format!("a module cannot call `{name}`")), "{name}: {refused}");
    }
}

#[test]
fn the_example_that_ships_says_the_same_and_something() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("policies/examples/extra.rego")).unwrap();
    let case = Case::rich();
    let ours = by_hallmark(&text, &case).unwrap();
    assert_eq!(ours, by_opa(&text, &case.document()).unwrap());
    let codes: BTreeSet<&str> = ours.iter().map(|(_, code, _)| code.as_str()).collect();
    assert_eq!(codes, ["rego-denied", "rego:exploited", "rego:kernel", "rego:one-owner"].into());
    // An image with nothing in it: nothing to say, and no error.
    let empty = Case::empty();
    assert_eq!(by_hallmark(&text, &empty), Ok(Denials::new()));
    assert_eq!(by_opa(&text, &empty.document()), Ok(Denials::new()));
}
