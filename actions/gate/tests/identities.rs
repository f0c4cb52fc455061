//! Signers without keys: which identity may sign which kind, what the replay carries for it, and who approves.
//! Real certificates and log entries, of an instance of the tests' own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use crate::common::{World, codes};
use attest::{EvidenceDir, Identity, Sign, Statement};
use runner::testing::Run;
use signers::instance::{Instance, Making};
use signers::{Claims, GITHUB_ISSUER};

/// When the statements of [`World`] say that they were made.
const MADE: &str = "2026-11-22T11:00:00Z";

const POLICY: &str = "version: 1
name: keyless
extends: recommended
signers:
  bake: {identity: {workflow: acme/images/.github/workflows/bake.yml@refs/heads/main}, trusted-root: root.json}
  assay:
    identity:
      workflow: acme/images/.github/workflows/assay.yml@refs/heads/main
      repository: acme/images
      ref: refs/heads/main
      environment: assay
      runner-environment: github-hosted
    trusted-root: root.json
  gate: {key: assay.pub}
  approver:
    identity: {workflow: acme/images/.github/workflows/publish.yml@refs/heads/main, environment: approval}
    trusted-root: root.json
  publish:
    identity: {workflow: acme/images/.github/workflows/publish.yml@refs/heads/main, environment: production}
    trusted-root: root.json
evidence:
  verdict: {signed-by: [gate]}
  vsa: {signed-by: [gate]}
reasons: {sample-database: review}
";

fn workflow(repository: &str, file: &str, git_ref: &str, environment: &str) -> Identity {
    let url = format!("https://github.com/{repository}/.github/workflows/{file}@{git_ref}");
    Identity {
        issuer: GITHUB_ISSUER.into(),
        subject: url.clone(),
        claims: Claims {
            workflow: Some(url),
            repository: Some(format!("https://github.com/{repository}")),
            git_ref: Some(git_ref.into()),
            environment: Some(environment.into()),
            runner_environment: Some("github-hosted".into()),
            ..Claims::default()
        },
    }
}

fn job(file: &str, environment: &str) -> Identity {
    workflow("acme/images", file, "refs/heads/main", environment)
}

fn assay() -> Identity {
    job("assay.yml", "assay")
}

fn changed(change: impl FnOnce(&mut Claims)) -> Identity {
    let mut identity = assay();
    change(&mut identity.claims);
    identity
}

struct Keyless {
    world: World,
    instance: Instance,
}

impl Keyless {
    fn new() -> Self {
        let (world, instance) = (World::bare(), Instance::new(MADE.parse().unwrap()));
        fs::write(world.path("root.json"), instance.trusted_root()).unwrap();
        fs::write(world.path("policy.yml"), POLICY).unwrap();
        Self { world, instance }
    }

    fn put(&self, statement: &Statement, by: Option<&dyn Sign>) {
        self.world.dir().write(statement, by).unwrap();
    }

    /// Everything that the policy asks for, with one kind by somebody in particular.
    fn all_but(&self, kind: &str, by: Option<&dyn Sign>, sample: bool) {
        let (bake, assay) = (self.instance.signer(job("bake.yml", "bake")), self.instance.signer(assay()));
        let world = &self.world;
        let all: [(Statement, &dyn Sign); 4] = [
            (world.signatures(b"binary"), &bake),
            (world.provenance(), &bake),
            (world.tests("booted", MADE, 3, 0), &assay),
            (world.scan(&[], sample), &assay),
        ];
        for (statement, usual) in all {
            let slug = statement.kind().unwrap().slug();
            self.put(&statement, if slug == kind { by } else { Some(usual) });
        }
    }

    fn gate(&self) -> Run {
        self.gate_with(&[])
    }

    fn gate_with(&self, more: &[(&'static str, String)]) -> Run {
        let policy = self.world.path("policy.yml").to_string_lossy().into_owned();
        let mut inputs = vec![("signers", String::new())];
        inputs.extend(more.iter().cloned());
        self.world.gate_with(&policy, &inputs)
    }
}

/// By whom, in words and as they sign, and what comes of it.
type Row<'i> = (&'static str, Option<Box<dyn Sign + 'i>>, &'static str);

#[test]
fn each_kind_is_signed_by_whom_the_policy_names_and_by_nobody_else() {
    for kind in ["signature-verification", "provenance", "test-result", "vulns"] {
        let new = Keyless::new();
        let theirs = Instance::new(MADE.parse().unwrap());
        let by = |identity: Identity| Some(Box::new(new.instance.signer(identity)) as Box<dyn Sign + '_>);
        let (right, other) = match kind {
            "signature-verification" | "provenance" => (job("bake.yml", "bake"), assay()),
            _ => (assay(), job("bake.yml", "bake")),
        };
        let strict = matches!(kind, "test-result" | "vulns");
        let key = || Box::new(attest::PrivateKey::from_pem(&mallory()).unwrap());
        let mut table: Vec<Row<'_>> = vec![
            ("the right one", by(right.clone()), "pass"),
            ("the other job", by(other), "wrong-signer"),
            ("another file", by(job("publish.yml", "assay")), "unknown-signer"),
            (
                "another ref",
                by(workflow("acme/images", "assay.yml", "refs/heads/x", "assay")),
                "unknown-signer",
            ),
            (
                "another repository",
                by(workflow("x/y", "assay.yml", "refs/heads/main", "assay")),
                "unknown-signer",
            ),
            (
                "another issuer",
                by(Identity { issuer: "https://idp.example".into(), ..right.clone() }),
                "unknown-signer",
            ),
            ("the same by another's word", Some(Box::new(theirs.signer(right.clone()))), "bad-signature"),
            (
                "no certificate log",
                Some(Box::new(
                    new.instance.signer_with(right, Making { certificate_log: false, ..Making::default() }),
                )),
                "bad-signature",
            ),
            ("somebody's key", Some(key()), "unknown-signer"),
            ("nobody", None, "unsigned-evidence"),
        ];
        if strict {
            table.extend([
                (
                    "another environment",
                    by(changed(|c| c.environment = Some("dev".into()))),
                    "unknown-signer",
                ),
                ("no environment", by(changed(|c| c.environment = None)), "unknown-signer"),
                (
                    "somebody's own machine",
                    by(changed(|c| c.runner_environment = Some("self-hosted".into()))),
                    "unknown-signer",
                ),
                (
                    "a repository that calls it",
                    by(changed(|c| c.repository = Some("https://github.com/x/y".into()))),
                    "unknown-signer",
                ),
            ]);
        }
        for (name, signer, expected) in table {
            if new.world.path("evidence").exists() {
                fs::remove_dir_all(new.world.path("evidence")).unwrap();
            }
            new.all_but(kind, signer.as_deref(), false);
            let run = new.gate();
            let found = codes(&run);
            if expected == "pass" {
                assert_eq!(run.outputs["verdict"], "pass", "{kind} by {name}: {found:?}");
            } else {
                assert_eq!(run.outputs["verdict"], "fail", "{kind} by {name}: {found:?}");
                assert!(found.iter().any(|code| code == expected), "{kind} by {name}: {found:?}");
            }
        }
    }
}

fn mallory() -> String {
    attest::PrivateKey::generate_p256().unwrap().private
}

#[test]
fn the_field_that_differs_is_told() {
    let new = Keyless::new();
    let other = new.instance.signer(changed(|claims| claims.environment = Some("dev".into())));
    new.all_but("vulns", Some(&other), false);
    let run = new.gate();
    assert!(
        run.outputs["reasons"].contains("who is not meant: `environment` is "),
        "{}",
        run.outputs["reasons"]
    );
}

/// A verdict years later, offline, by the root that lies in the bundle, whatever lies beside the policy by then.
#[test]
fn a_replay_carries_the_root() {
    let new = Keyless::new();
    new.all_but("", None, false);
    let run = new.gate();
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (0, "pass"), "{}", run.stderr);
    fs::remove_file(new.world.path("root.json")).unwrap();
    fs::remove_file(new.world.path("policy.yml")).unwrap();
    let replayed = new.world.replay(&run.outputs["replay"]);
    assert_eq!(replayed.code, 0, "{}", replayed.stdout);
    // Without it, or with another one, nothing is computed.
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(&run.outputs["replay"]).unwrap()).unwrap();
    assert_eq!(manifest["roots"][0]["name"], "root.json");
    let root = new.world.path("replay").join("sha256").join(manifest["roots"][0]["sha256"].as_str().unwrap());
    let other = Instance::new(MADE.parse().unwrap()).trusted_root();
    fs::write(&root, other).unwrap();
    let replayed = new.world.replay(&run.outputs["replay"]);
    assert_eq!(replayed.code, 1);
    assert!(replayed.stdout.contains("the trusted root root.json differs"), "{}", replayed.stdout);
    fs::remove_file(&root).unwrap();
    assert_eq!(new.world.replay(&run.outputs["replay"]).code, 1);
}

/// Another root is another policy.
#[test]
fn the_policys_digest_covers_the_root() {
    let new = Keyless::new();
    new.all_but("", None, false);
    let first = new.gate().outputs["policy-digest"].clone();
    assert_eq!(new.gate().outputs["policy-digest"], first);
    let other = Keyless::new();
    other.all_but("", None, false);
    fs::write(new.world.path("root.json"), other.instance.trusted_root()).unwrap();
    let run = new.gate();
    assert_ne!(run.outputs["policy-digest"], first);
    assert_eq!(run.outputs["verdict"], "fail");
}

#[test]
fn a_root_that_is_none_decides_nothing() {
    let new = Keyless::new();
    new.all_but("", None, false);
    for (root, says) in [(Some("{}"), "root.json"), (Some("no json"), "does not read"), (None, "root.json")] {
        match root {
            Some(text) => fs::write(new.world.path("root.json"), text).unwrap(),
            None => fs::remove_file(new.world.path("root.json")).unwrap(),
        }
        let run = new.gate();
        assert_eq!(run.code, 2, "{root:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{root:?}: {}", run.stderr);
    }
}

/// Evidence is dated by its own word, and never later than the log has it signed.
#[test]
fn evidence_that_was_made_after_it_was_signed_is_refused() {
    for (logged_after, expected) in [(5, "pass"), (-200, "pass"), (-400, "misdated-evidence")] {
        let new = Keyless::new();
        let begun: jiff::Timestamp = MADE.parse().unwrap();
        // The certificate begins when the log has it, whenever the statement says that it was made.
        let instance = &new.instance;
        let signer = instance.signer(assay());
        new.all_but("vulns", Some(&signer), false);
        let finished = (begun - jiff::SignedDuration::from_secs(logged_after - 5)).to_string();
        fs::remove_file(new.world.file("test-result")).unwrap();
        new.put(&new.world.tests("booted", &finished, 3, 0), Some(&signer));
        let run = new.gate();
        let found = codes(&run);
        match expected {
            "pass" => assert_eq!(run.outputs["verdict"], "pass", "{logged_after}: {found:?}"),
            code => assert!(found.iter().any(|one| one == code), "{logged_after}: {found:?}"),
        }
    }
}

/// An approval by the environment's identity clears a review; by any other identity, or the gate's own, it does not.
#[test]
fn who_approves() {
    for (environment, expected) in [("approval", "pass"), ("assay", "fail"), ("", "fail")] {
        let new = Keyless::new();
        new.all_but("", None, true);
        let run = new.gate();
        assert_eq!(run.outputs["verdict"], "review", "{}", run.outputs["reasons"]);
        let approved = new.world.approve(&run, "approver");
        assert_eq!(approved.code, 0, "{}", approved.stdout);
        let unsigned = attest::verify(
            &fs::read(&approved.outputs["approval"]).unwrap(),
            &attest::Trust::from(new.world.key("approver").public()),
        );
        fs::remove_file(&approved.outputs["approval"]).unwrap();
        let later = Instance::new(new.world.now);
        let instance = if environment.is_empty() { &later } else { &new.instance };
        let signer = instance
            .signer(job("publish.yml", if environment.is_empty() { "approval" } else { environment }));
        let mut statement = unsigned.unwrap().statement;
        // The instance's certificates begin when the evidence was made.
        statement.predicate["decidedOn"] = MADE.into();
        let file = EvidenceDir::new(new.world.path("approvals")).write(&statement, Some(&signer)).unwrap();
        let resumed = new.gate_with(&[("resume", file.to_string_lossy().into_owned())]);
        assert_eq!(resumed.outputs["verdict"], expected, "{environment}: {:?}", codes(&resumed));
        if expected == "pass" {
            let replayed = new.world.replay(&resumed.outputs["replay"]);
            assert_eq!(replayed.code, 0, "{}", replayed.stdout);
        }
    }
}
