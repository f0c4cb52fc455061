//! Identities of a GitHub workflow, from an instance of the tests' own: who is meant, what may be waived, and what no
//! certificate is good enough for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use crate::common::{Job, Run};
use attest::Identity;
use attest::detached::Message;
use serde_json::{Value, json};
use signers::instance::{Instance, Making};
use signers::{Claims, Content, GITHUB_ISSUER};

const WORKFLOW: &str = "acme/tools/.github/workflows/release.yml@refs/tags/v1";

fn release() -> Identity {
    let url = format!("https://github.com/{WORKFLOW}");
    Identity {
        issuer: GITHUB_ISSUER.into(),
        subject: url.clone(),
        claims: Claims {
            workflow: Some(url),
            repository: Some("https://github.com/acme/tools".into()),
            git_ref: Some("refs/tags/v1".into()),
            environment: Some("release".into()),
            runner_environment: Some("github-hosted".into()),
            trigger: Some("push".into()),
            ..Claims::default()
        },
    }
}

fn alice() -> Identity {
    let (issuer, subject) = ("https://accounts.google.com".into(), "alice@example.com".into());
    Identity { issuer, subject, ..Identity::default() }
}

struct World {
    instance: Instance,
    job: Job,
}

impl World {
    fn new() -> Self {
        let instance = Instance::new("2026-11-01T12:00:00Z".parse().unwrap());
        let job = Job::new();
        job.write("file", "content");
        job.write("root.json", instance.trusted_root());
        Self { instance, job }
    }

    fn sign(&self, identity: Identity, making: Making, to: &str) {
        let message = Message::read(&b"content"[..], []).unwrap();
        let bundle = self.instance.signer_with(identity, making).bundle(Content::File(&message)).unwrap();
        self.job.write(to, bundle.to_string());
    }

    /// A manifest with these identities and this entry.
    fn ask(&self, identities: &Value, entry: &str) -> Run {
        self.job.write(
            "signatures.yml",
            format!("version: 1\ntrusted-root: root.json\nidentities: {identities}\nfiles: [{{path: file, {entry}}}]\n"),
        );
        self.job.run(&[])
    }

    fn by(&self, rule: &Value) -> Run {
        self.ask(&json!({"who": rule}), "signed-by: who")
    }
}

fn told(run: &Run) -> &str {
    let reasons = run.reasons();
    match (run.code, reasons.as_slice()) {
        (0, []) => "verified",
        (1, [one]) => one,
        _ => panic!("{run:?}"),
    }
}

#[test]
fn every_claim_that_is_named_has_to_be_there() {
    let world = World::new();
    world.sign(release(), Making::default(), "file.sigstore.json");
    let whole = json!({
        "workflow": WORKFLOW, "repository": "acme/tools", "ref": "refs/tags/v1", "environment": "release",
        "runner-environment": "github-hosted", "trigger": "push",
    });
    let run = world.by(&whole);
    assert_eq!(told(&run), "verified", "{run:?}");
    for (field, other) in [
        ("workflow", "acme/tools/.github/workflows/release.yml@refs/heads/main"),
        ("repository", "acme/other"),
        ("ref", "refs/tags/v10"),
        ("environment", "Release"),
        ("runner-environment", "self-hosted"),
        ("trigger", "workflow_dispatch"),
    ] {
        let mut rule = whole.clone();
        rule[field] = other.into();
        let run = world.by(&rule);
        assert_eq!(told(&run), "unknown-identity", "{field}: {run:?}");
        assert!(run.stdout.contains(&format!("`{field}` is ")), "{field}: {}", run.stdout);
    }
    // A claim that the certificate does not carry is nobody's.
    world.sign(Identity { claims: Claims::default(), ..release() }, Making::default(), "file.sigstore.json");
    assert_eq!(told(&world.by(&json!({"issuer": GITHUB_ISSUER, "subject": release().subject}))), "verified");
    for field in ["repository", "ref", "environment", "runner-environment", "trigger"] {
        let mut rule = json!({"issuer": GITHUB_ISSUER, "subject": release().subject});
        rule[field] = whole[field].clone();
        assert_eq!(told(&world.by(&rule)), "unknown-identity", "{field}");
    }
}

#[test]
fn a_certificate_that_names_nobody_is_refused_for_that() {
    let world = World::new();
    world.sign(Identity { issuer: String::new(), ..alice() }, Making::default(), "file.sigstore.json");
    let anybody = json!({"issuer-pattern": "https://(token|github)[./].*", "subject-pattern": "https://github.com/.*|.*@example.com"});
    assert_eq!(told(&world.by(&anybody)), "empty-identity");
    // Unless it is said by name that this subject needs none.
    assert_eq!(told(&world.by(&json!({"subject": "alice@example.com", "waive": ["issuer"]}))), "verified");
    assert_eq!(
        told(&world.by(&json!({"subject": "bob@example.com", "waive": ["issuer"]}))),
        "empty-identity"
    );
}

#[test]
fn proofs_are_there_unless_they_are_waived_by_name() {
    let world = World::new();
    let rule = json!({"issuer": "https://accounts.google.com", "subject": "alice@example.com"});
    let waiving = |what: &[&str]| {
        let mut rule = rule.clone();
        rule["waive"] = json!(what);
        rule
    };
    world.sign(alice(), Making { certificate_log: false, ..Making::default() }, "file.sigstore.json");
    assert_eq!(told(&world.by(&rule)), "bad-certificate-log");
    assert_eq!(told(&world.by(&waiving(&["transparency-log"]))), "bad-certificate-log");
    assert_eq!(told(&world.by(&waiving(&["certificate-log"]))), "verified");
    // Signed when the certificate was over.
    world.sign(alice(), Making { logged_after: 7200, ..Making::default() }, "file.sigstore.json");
    assert_eq!(told(&world.by(&rule)), "certificate-not-valid");
    assert_eq!(told(&world.by(&waiving(&["certificate-log", "transparency-log"]))), "certificate-not-valid");
}

#[test]
fn the_root_has_to_vouch_then_and_to_be_alive_now() {
    let world = World::new();
    world.sign(alice(), Making::default(), "file.sigstore.json");
    let rule = json!({"issuer": "https://accounts.google.com", "subject": "alice@example.com"});
    let root: Value = serde_json::from_str(&world.instance.trusted_root()).unwrap();
    for (end, wanted) in [
        ("2099-01-01T00:00:00Z", "verified"),
        // It vouched when it was signed, and has ended since; or had ended before.
        ("2026-11-02T00:00:00Z", "expired-trust-root"),
        ("2026-11-01T00:00:00Z", "expired-trust-root"),
    ] {
        let mut root = root.clone();
        root["certificateAuthorities"][0]["validFor"]["end"] = end.into();
        world.job.write("root.json", root.to_string());
        assert_eq!(told(&world.by(&rule)), wanted, "{end}");
    }
    // Another instance, of the same names.
    world.job.write("root.json", World::new().instance.trusted_root());
    let other = world.by(&rule);
    assert!(["bad-certificate", "unknown-log"].contains(&told(&other)), "{other:?}");
}

#[test]
fn two_people_of_three_and_no_one_twice() {
    let world = World::new();
    let bob = Identity { subject: "bob@example.com".into(), ..alice() };
    world.sign(alice(), Making::default(), "a.json");
    world.sign(alice(), Making::default(), "again.json");
    world.sign(bob, Making::default(), "b.json");
    world.sign(release(), Making::default(), "ci.json");
    let google = "https://accounts.google.com";
    let identities = json!({
        "alice": {"issuer": google, "subject": "alice@example.com"},
        "bob": {"issuer": google, "subject": "bob@example.com"},
        "staff": {"issuer": google, "subject-pattern": "[a-z]+@example\\.com"},
        "ci": {"workflow": WORKFLOW},
    });
    for (names, bundles, threshold, wanted) in [
        ("alice, bob, ci", "a.json, b.json", 2, "verified"),
        ("alice, bob, ci", "a.json, ci.json", 2, "verified"),
        ("alice, bob, ci", "a.json, b.json, ci.json", 3, "verified"),
        ("alice, bob", "a.json, again.json", 2, "too-few-signers"),
        ("staff, alice", "a.json, again.json", 2, "too-few-signers"),
        ("staff, alice", "a.json, b.json", 2, "verified"),
        ("alice, staff", "a.json, b.json", 2, "verified"),
        ("staff", "a.json, b.json", 1, "verified"),
        ("alice, bob, ci", "a.json", 2, "too-few-signers"),
        ("bob, ci", "a.json, again.json", 1, "unknown-identity"),
    ] {
        let entry = format!("signed-by: [{names}], bundle: [{bundles}], threshold: {threshold}");
        let run = world.ask(&identities, &entry);
        assert_eq!(told(&run), wanted, "{names} | {bundles} | {threshold}: {run:?}");
    }
    // All of them in one file, a bundle a line.
    let read = |name: &str| std::fs::read_to_string(world.job.path(name)).unwrap();
    world.job.write("file.sigstore.json", format!("{}\n{}\n", read("a.json"), read("b.json")));
    assert_eq!(told(&world.ask(&identities, "signed-by: [alice, bob], threshold: 2")), "verified");
}
