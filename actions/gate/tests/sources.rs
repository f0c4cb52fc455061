//! Where policy and exceptions come from on a runner, with a GitHub of the tests' own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::common::{World, codes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use github::testing::{Answer, FakeGitHub};
use model::Sha256;
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const EXCEPTIONS: &str = "version: 1\nexceptions: []\n";

fn shipped(name: &str) -> String {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    fs::read_to_string(policies.join(format!("{name}.yml"))).unwrap()
}

/// A repository with a protected branch `main` and an unprotected one `draft`, and these files in both.
fn server(files: &[(&str, &str)]) -> FakeGitHub {
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(path, text)| {
            let encoded = path.replace('/', "%2F").replace('.', "%2E");
            (format!("GET /api/v3/repos/acme/images/contents/{encoded}?ref={COMMIT}"), STANDARD.encode(text))
        })
        .collect();
    FakeGitHub::new(move |line| {
        if let Some((_, content)) = files.iter().find(|(path, _)| path == line) {
            let file = json!({"type": "file", "encoding": "base64", "content": content});
            return Answer::json(file.to_string());
        }
        let branch = |name: &str, protected: bool| {
            let branch = json!({"name": name, "protected": protected, "commit": {"sha": COMMIT}});
            Answer::json(branch.to_string())
        };
        match line {
            "GET /api/v3/repos/acme/images" => Answer::json(r#"{"default_branch":"main"}"#),
            "GET /api/v3/repos/acme/images/branches/main" => branch("main", true),
            "GET /api/v3/repos/acme/images/branches/draft" => branch("draft", false),
            line if line.contains("/rules/branches/") => Answer::json("[]"),
            _ => Answer::error(404, "Not Found"),
        }
    })
}

/// A runner on a checkout whose policy and exceptions anybody may have written.
fn runner(world: &World, more: &[(&'static str, &str)]) -> Harness {
    let more: Vec<_> = more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let harness = world.runner("hallmark/policy.yml", &more);
    harness.file("hallmark/policy.yml", shipped("minimal").replace("name: minimal", "name: hostile"));
    harness.file("hallmark/exceptions.yml", EXCEPTIONS);
    harness
}

fn asking(harness: Harness, server: &FakeGitHub) -> Harness {
    harness.env("GITHUB_API_URL", server.url("/api/v3").to_string()).input("token", "ghs_secret")
}

fn said(run: &Run) -> Value {
    let text = fs::read_to_string(&run.outputs["evidence"]).unwrap();
    let envelope: Value = serde_json::from_str(&text).unwrap();
    let payload = envelope["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
    statement["predicate"].clone()
}

/// What is refused, and says what to do; and nothing is left behind that looks like a verdict.
fn refused(world: &World, run: &Run, parts: &[&str]) {
    assert_eq!(run.code, 2, "{}", run.stdout);
    for part in parts {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert!(!run.outputs.contains_key("verdict"));
    assert!(!world.path("page.html").exists() && !world.path("replay").exists());
}

#[test]
fn a_file_of_the_checkout_is_refused_with_the_ways_out() {
    let world = World::good();
    let run = runner(&world, &[]).run(&gate::ACTION);
    let ways = [
        "`hallmark/policy.yml` is in the checkout",
        "token: ${{ github.token }}",
        "`policy-digest`",
        "outside of the",
    ];
    refused(&world, &run, &ways);

    let run = runner(&world, &[("exceptions", "hallmark/exceptions.yml"), ("policy", "recommended")]);
    let ways =
        ["`hallmark/exceptions.yml` is in the checkout", "`exceptions-digest`", "token: ${{ github.token }}"];
    refused(&world, &run.run(&gate::ACTION), &ways);

    // A signer's key is as much the policy as its rules are.
    let harness = runner(&world, &[("policy", "recommended"), ("signers", "bake=keys/bake.pub")]);
    refused(
        &world,
        &harness.run(&gate::ACTION),
        &["the key of the signer `bake`", "`keys/bake.pub` is in the checkout"],
    );
}

#[test]
fn with_a_token_it_is_read_from_the_protected_branch_by_its_commit() {
    let world = World::good();
    let policy = shipped("recommended");
    let server = server(&[("hallmark/policy.yml", &policy), ("hallmark/exceptions.yml", EXCEPTIONS)]);
    let harness = asking(runner(&world, &[("exceptions", "hallmark/exceptions.yml")]), &server);
    let run = harness.run(&gate::ACTION);
    assert_eq!((run.code, codes(&run)), (0, vec![]), "{}", run.stdout);
    let said = said(&run);
    assert_eq!(said["policy"]["name"], "recommended", "and not what the checkout has");
    let from = |name: &str, text: &str| {
        json!({"name": name, "sha256": Sha256::of(text.as_bytes()), "from": "repository",
            "repository": "acme/images", "ref": "main", "commit": COMMIT})
    };
    assert_eq!(said["sources"]["policy"][0], from("hallmark/policy.yml", &policy));
    assert_eq!(said["sources"]["exceptions"], json!([from("hallmark/exceptions.yml", EXCEPTIONS)]));
    // The keys lie outside of the checkout here.
    let keys = said["sources"]["policy"].as_array().unwrap()[1..].iter();
    assert!(keys.clone().all(|key| key["from"] == "file") && keys.count() == 4);

    let asked = server.asked();
    let branches = asked.iter().filter(|one| one.line.contains("/branches/main")).count();
    assert_eq!(branches, 2, "the branch and its rules, once: {asked:?}");
    assert!(asked.iter().all(|one| one.header("authorization") == Some("Bearer ghs_secret")));
    // And the same again, with nothing of it at hand.
    let replayed = world.replay(&run.outputs["replay"]);
    assert_eq!(replayed.code, 0, "{}", replayed.stdout);
}

#[test]
fn what_cannot_be_read_there_is_not_read_here() {
    let policy = shipped("recommended");
    let good = [("hallmark/policy.yml", policy.as_str())];
    for (files, more, parts) in [
        (
            &good as &[_],
            &[("policy-ref", "draft")] as &[_],
            &["`draft` of acme/images is not protected", "policy-ref"] as &[&str],
        ),
        (&good, &[("policy-ref", "refs/heads/draft")], &["is not protected"]),
        (&good, &[("policy-ref", "gone")], &["404", "`policy-ref` names a branch"]),
        (&good, &[("policy-repository", "acme/other")], &["GET /repos/acme/other: 404"]),
        (&good, &[("policy-repository", "../x")], &["input `policy-repository`"]),
        (
            &[],
            &[],
            &["`hallmark/policy.yml` is not in the branch `main` of acme/images", "not from the checkout"],
        ),
        (
            &good,
            &[("exceptions", "hallmark/exceptions.yml")],
            &["input `exceptions`", "`hallmark/exceptions.yml` is not in the branch `main`"],
        ),
        (&[("hallmark/policy.yml", "version: 1\nname: x\n")], &[], &["hallmark/policy.yml"]),
    ] {
        let world = World::good();
        let server = server(files);
        let run = asking(runner(&world, more), &server).run(&gate::ACTION);
        refused(&world, &run, parts);
    }
}

#[test]
fn a_server_that_does_not_answer_is_no_verdict() {
    for answer in [Answer::error(500, "oops"), Answer::error(401, "Bad credentials"), Answer::Cut] {
        let world = World::good();
        let server = FakeGitHub::new(move |_| answer.clone());
        let run = asking(runner(&world, &[]), &server).run(&gate::ACTION);
        refused(&world, &run, &["input `policy`", "GET /repos/acme/images"]);
        assert!(!run.stdout.replace("::add-mask::ghs_secret", "").contains("ghs_secret"));
    }
}

/// The checkout cannot choose a file of the machine by a link, nor hide what it is by one.
#[test]
fn a_link_of_the_checkout_is_not_followed() {
    let world = World::good();
    let server = server(&[]);
    let harness = asking(runner(&world, &[("policy", "hallmark/link.yml")]), &server);
    fs::write(world.path("weak.yml"), shipped("minimal")).unwrap();
    symlink(world.path("weak.yml"), harness.workspace().join("hallmark/link.yml")).unwrap();
    refused(&world, &harness.run(&gate::ACTION), &["`hallmark/link.yml` is not in the branch"]);

    symlink(harness.workspace(), world.path("checkout")).unwrap();
    let policy = world.path("checkout/hallmark/policy.yml").to_string_lossy().into_owned();
    let run = runner(&world, &[])
        .input("policy", &policy)
        .env("GITHUB_WORKSPACE", harness.workspace().to_string_lossy());
    refused(&world, &run.run(&gate::ACTION), &["`hallmark/policy.yml` is in the checkout"]);
}

#[test]
fn what_is_pinned_is_read_where_it_lies_and_has_to_be_that() {
    let world = World::good();
    let by = |digest: &str| runner(&world, &[("policy-digest", digest)]).run(&gate::ACTION);
    let wrong = by(&"0".repeat(64));
    refused(&world, &wrong, &["which input `policy-digest` does not name"]);
    let digest = wrong
        .stdout
        .split(" is ")
        .filter_map(|part| part.get(..64))
        .find(|word| word.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let digest = digest.unwrap_or_else(|| panic!("{}", wrong.stdout)).to_owned();
    refused(&world, &by("none"), &["input `policy-digest`: `none` is no SHA-256"]);
    let run = by(&format!("{}\nsha256:{digest}", "1".repeat(64)));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.outputs["policy-digest"], digest);
    assert_eq!(said(&run)["sources"]["policy"][0]["from"], "file");
    assert_eq!(said(&run)["sources"]["policy"][0]["name"], "hallmark/policy.yml");

    let world = World::good();
    let exceptions = |digest: String| {
        let more = [
            ("exceptions", "hallmark/exceptions.yml"),
            ("policy", "recommended"),
            ("exceptions-digest", digest.as_str()),
        ];
        runner(&world, &more).run(&gate::ACTION)
    };
    refused(&world, &exceptions("0".repeat(64)), &["the exceptions file is", "`exceptions-digest`"]);
    let run = exceptions(Sha256::of(EXCEPTIONS.as_bytes()).to_string());
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn a_shipped_policy_comes_from_the_executable() {
    let world = World::good();
    let harness = runner(&world, &[("policy", "recommended")]);
    // A file of that name is not meant.
    harness.file("recommended", "version: 1");
    let run = harness.run(&gate::ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let sources = &said(&run)["sources"]["policy"][0];
    assert_eq!((sources["from"].as_str(), sources["name"].as_str()), (Some("shipped"), Some("recommended")));
}

#[test]
fn off_a_runner_files_are_files() {
    let world = World::good();
    let policy = world.path("own.yml");
    fs::write(&policy, shipped("recommended")).unwrap();
    let run = world.gate(&policy.to_string_lossy());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(said(&run)["sources"]["policy"][0]["from"], "file");
    for name in ["policy-ref", "policy-repository"] {
        let run = world.gate_with("recommended", &[(name, "main".to_owned())]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("is for runners"), "{}", run.stderr);
    }
    // A pin holds everywhere.
    let run = world.gate_with("recommended", &[("policy-digest", "0".repeat(64))]);
    assert_eq!(run.code, 2, "{}", run.stderr);
}
