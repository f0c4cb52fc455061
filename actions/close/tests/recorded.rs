//! What is written down of a run that ended, and what is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use attest::predicate::closure;
use attest::{EvidenceDir, Kind, PrivateKey, PublicKey, Statement, Trust};
use close::ACTION;
use github::testing::{Answer, FakeGitHub};
use model::{ContentDigest, ImageManifest, Sha256};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

const HOSTILE: &str = "<img src=x> @all\n::error::x|";

struct World {
    folder: tempfile::TempDir,
    image: ImageManifest,
    verdict: Value,
    signs: String,
    publish: String,
    public: String,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (assay, publish) = (PrivateKey::generate_p256().unwrap(), PrivateKey::generate_p256().unwrap());
        fs::write(folder.path().join("assay.pub"), &assay.public).unwrap();
        let disk = ContentDigest::new(Sha256::of(b"disk"));
        let image = ImageManifest::parse(
            &serde_json::to_vec(&json!({
                "schema": 1, "name": "web", "family": "debian-web", "architecture": "amd64", "bootMode": "uefi",
                "rootDevice": "/dev/xvda",
                "disks": [{"device": "/dev/xvda", "file": "web.raw", "sizeBytes": 1_u64 << 30, "contentDigest": disk}],
                "layers": [],
            }))
            .unwrap(),
        )
        .unwrap();
        fs::write(folder.path().join("image.json"), image.to_bytes().unwrap()).unwrap();
        let verdict = json!({
            "verdict": "review", "reasons": [], "policy": {"name": "p", "digest": {"sha256": Sha256::of(b"p")}}, "evidence": [],
            "decidedOn": "2026-01-02T02:00:00Z", "brief": {"sha256": Sha256::of(b"brief")},
        });
        Self {
            folder,
            image,
            verdict,
            signs: assay.private.clone(),
            publish: publish.private.clone(),
            public: publish.public,
        }
    }

    fn statement(&self) -> Statement {
        Statement::new(Kind::Verdict, self.image.subjects().unwrap(), &self.verdict).unwrap()
    }

    /// A run that is closed an hour after its verdict.
    fn run(&self, approvals: Answer, inputs: &[(&str, &str)]) -> (Run, FakeGitHub) {
        let server = FakeGitHub::new(move |line| match line {
            "GET /repos/acme/images/actions/runs/7/approvals" => approvals.clone(),
            _ => Answer::error(404, "Not Found"),
        });
        let key = PrivateKey::from_pem(&self.signs).unwrap();
        let verdict =
            EvidenceDir::new(self.folder.path().join("given")).write(&self.statement(), Some(&key)).unwrap();
        let mut harness = Harness::new()
            .env("GITHUB_API_URL", server.url("").to_string())
            .env("GITHUB_RUN_ID", "7")
            .env("GITHUB_RUN_ATTEMPT", "2")
            .input_path("image", self.folder.path().join("image.json"))
            .input_path("verdict", verdict)
            .input_path("verdict-signer", self.folder.path().join("assay.pub"))
            .input_path("evidence", self.folder.path().join("evidence"))
            .input("brief-digest", Sha256::of(b"brief").to_string())
            .input("environments", "production")
            .input("publish-result", "cancelled")
            .input("timeout", "24h")
            .input("signing-key", &self.publish)
            .input("token", "ghs_secret");
        for (name, value) in inputs {
            harness = harness.input(name, value);
        }
        (harness.run(&ACTION), server)
    }

    fn written(&self) -> Vec<Statement> {
        let listing = EvidenceDir::new(self.folder.path().join("evidence")).list().unwrap();
        let trust = Trust::from(&PublicKey::from_pem(&self.public).unwrap());
        listing.files.iter().map(|file| attest::verify(&file.bytes, &trust).unwrap().statement).collect()
    }
}

fn none() -> Answer {
    Answer::json("[]")
}

fn said(state: &str, environment: &str) -> Answer {
    Answer::json(
        json!([{"state": state, "comment": HOSTILE, "user": {"id": 4, "login": "ada"}, "environments": [{"id": 1, "name": environment}]}])
            .to_string(),
    )
}

#[test]
fn each_outcome_is_written_down_and_signed() {
    for (name, approvals, inputs, outcome, closes) in [
        ("rejected", said("rejected", "production"), vec![("publish-result", "failure")], "rejected", true),
        ("expired", none(), vec![("timeout", "30m")], "expired", true),
        ("cancelled", none(), vec![], "cancelled", true),
        ("failed", said("approved", "production"), vec![("publish-result", "failure")], "failed", false),
        (
            "the review's own job",
            none(),
            vec![("review-result", "cancelled"), ("publish-result", "skipped")],
            "cancelled",
            true,
        ),
    ] {
        let world = World::new();
        let (run, _) = world.run(approvals, &inputs);
        assert_eq!(run.code, 0, "{name}: {}", run.stdout);
        assert_eq!(
            (run.outputs["outcome"].as_str(), run.outputs["closes"].as_str()),
            (outcome, if closes { "true" } else { "false" })
        );
        assert!(
            run.summary.starts_with(&format!("## Not published: {outcome}, web")),
            "{name}: {}",
            run.summary
        );
        let written = world.written();
        assert_eq!(written.len(), 1, "{name}");
        assert_eq!(written[0].subject, world.image.subjects().unwrap(), "{name}");
        let read: closure::Predicate = written[0].predicate().unwrap();
        assert_eq!(read.outcome.as_str(), outcome, "{name}");
        assert_eq!(read.verdict.sha256, Sha256::of(&world.statement().to_bytes().unwrap()), "{name}");
        assert_eq!(read.brief.sha256, Sha256::of(b"brief"), "{name}");
        let github = read.github.unwrap();
        assert_eq!(
            (github.repository.as_str(), github.run_id, github.run_attempt),
            ("acme/images", 7, 2),
            "{name}"
        );
        let by: Vec<_> =
            read.by.iter().map(|one| (one.id, one.login.as_str(), one.comment.as_str())).collect();
        assert_eq!(
            by,
            if outcome == "rejected" { vec![(Some(4), "ada", HOSTILE)] } else { vec![] },
            "{name}"
        );
        assert!(!run.summary.contains("<img") && !run.summary.contains("@all"), "{}", run.summary);
        assert!(!run.stdout.lines().any(|line| line.starts_with("::error::x")), "{}", run.stdout);
    }
}

#[test]
fn what_is_not_known_is_not_written_down() {
    for (name, answer, part) in [
        ("no permission", Answer::error(403, "no"), "actions: read"),
        ("no run", Answer::error(404, "Not Found"), "404"),
        ("the limit", Answer::error(429, "slow"), "rate limit"),
        ("trouble", Answer::error(500, "no"), "500"),
        ("a broken connection", Answer::Cut, "cannot be reached"),
        ("no answer", Answer::json("{}"), "cannot be read"),
    ] {
        let world = World::new();
        let (run, _) = world.run(answer, &[]);
        assert_eq!(run.code, 2, "{name}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{name}: {}", run.stdout);
        assert!(!world.folder.path().join("evidence").exists() || world.written().is_empty(), "{name}");
    }
}

#[test]
fn what_is_wrong_is_said_before_github_is_asked() {
    let other = Sha256::of(b"other").to_string();
    let cases: &[(&str, &str, &str)] = &[
        ("publish-result", "success", "nothing to close"),
        ("publish-result", "", "publish-result"),
        ("publish-result", "fine", "publish-result"),
        ("review-result", "fine", "review-result"),
        ("brief-digest", &other, "not the verdict that was shown"),
        ("brief-digest", "main", "brief-digest"),
        ("environments", " ", "environments"),
        ("timeout", "soon", "timeout"),
        ("signing-key", "", "signing-key"),
        ("verdict-signer", "", "verdict-signer"),
        ("token", "", "token"),
    ];
    for (name, value, part) in cases {
        let world = World::new();
        let (run, server) = world.run(none(), &[(name, value)]);
        assert_eq!(run.code, 2, "{name}={value}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{name}={value}: {}", run.stdout);
        assert!(server.asked().is_empty(), "{name}={value}");
    }
    // By another signer, and about another image.
    let mut world = World::new();
    world.signs = PrivateKey::generate_p256().unwrap().private.clone();
    let (run, _) = world.run(none(), &[]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("is not signed by the key"), "{}", run.stdout);
    let world = World::new();
    let mut image = world.image.clone();
    image.boot_mode = model::BootMode::LegacyBios;
    fs::write(world.folder.path().join("image.json"), image.to_bytes().unwrap()).unwrap();
    let (run, server) = world.run(none(), &[]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("about another image"), "{}", run.stdout);
    assert!(server.asked().is_empty());
}

#[test]
fn nothing_that_ended_as_its_verdict_says_is_closed() {
    let world = World::new();
    let (run, _) = world.run(none(), &[("publish-result", "skipped")]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("there is nothing to close"), "{}", run.stdout);
}
