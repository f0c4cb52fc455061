//! A decision or a release on the disk, as the gate and register-ami write them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "tests, each of which uses a part"
)]

pub(crate) mod server;

use attest::{EvidenceDir, Kind, Statement};
use model::{ContentDigest, Reason, Severity, Sha256, Subject, Verdict, Weight};
use notify::ACTION;
use report::{Changes, View, Waived};
use runner::testing::{Harness, NOW, Run};
use serde_json::{Value, json};

pub(crate) const SECRET: &str = "0123456789abcdef-shared";

/// Everything that has a meaning somewhere.
pub(crate) const HOSTILE: &str = "a & b <!channel> <https://evil.example|x> @all *b* _i_ `c` [t](https://evil.example) {{DATE(2026-11-26T05:00:00Z)}} \
     <at>x</at> ::error::e \u{1b}[31m\u{202e}\n# h\r\n\"q\" \\ é😀";

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) view: View,
    pub(crate) predicate: Value,
    pub(crate) name: String,
}

pub(crate) fn content() -> ContentDigest {
    ContentDigest::new(Sha256::of(b"disk"))
}

pub(crate) fn reason(weight: Weight, message: &str) -> Reason {
    Reason {
        weight,
        code: "cve-severity".to_owned(),
        message: message.to_owned(),
        evidence: vec!["trivy.vulns".to_owned()],
        clears: "Update libssl3 to 3.0.18.".to_owned(),
    }
}

fn finding(severity: Severity, exceptions: usize) -> Value {
    json!({"severity": severity, "exceptions": vec!["e"; exceptions], "id": "CVE-2026-0001"})
}

impl World {
    pub(crate) fn new(verdict: Verdict) -> Self {
        Self::of(
            "debian-app",
            verdict,
            vec![
                reason(Weight::Review, "CVE-2026-0001 in libssl3 is critical & has a fix."),
                reason(Weight::Note, "An exception ends in 3 days."),
            ],
        )
    }

    pub(crate) fn of(name: &str, verdict: Verdict, reasons: Vec<Reason>) -> Self {
        let mut view = View { verdict, reasons, decided_on: NOW.to_owned(), ..View::default() };
        view.image.name = name.to_owned();
        view.image.content_digest = content().to_string();
        view.environment = Some("production".to_owned());
        view.changes = Some(Changes { since: "debian-app-7".to_owned(), unchanged: 4, ..Changes::default() });
        let predicate = json!({
            "verdict": verdict, "reasons": view.reasons, "environment": "production",
            "policy": {"name": "recommended", "digest": {"sha256": Sha256::of(b"policy")}}, "evidence": [],
            "decidedOn": NOW,
        });
        Self { folder: tempfile::tempdir().unwrap(), view, predicate, name: name.to_owned() }
    }

    pub(crate) fn waived(mut self, approver: &str, comment: &str) -> Self {
        self.view.waived =
            Some(Waived { approver: approver.to_owned(), comment: comment.to_owned(), reasons: vec![] });
        self
    }

    fn harness(&self) -> Harness {
        let event = |harness: Harness| {
            harness
                .env("GITHUB_RUN_ID", "7")
                .env("GITHUB_RUN_ATTEMPT", "2")
                .env("GITHUB_REPOSITORY", "acme/images")
                .env("GITHUB_SERVER_URL", "https://github.com")
        };
        event(Harness::new()).input("page-url", "https://pages.example/debian-app?a=1&b=<2>|3")
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![Subject::image(self.name.clone(), content()), Subject::file("image.json", Sha256::of(b"i"))]
    }

    /// A runner with everything that the gate wrote.
    pub(crate) fn decided(&self) -> Harness {
        let brief = report::markdown::brief(&self.view);
        let mut predicate = self.predicate.clone();
        predicate["brief"] = json!({"sha256": Sha256::of(brief.as_bytes())});
        let statement = Statement::new(Kind::Verdict, self.subjects(), &predicate).unwrap();
        // Beside the harness, which outlives the world.
        let harness = self.harness();
        let evidence = EvidenceDir::new(harness.workspace()).write(&statement, None).unwrap();
        let mut json = serde_json::to_value(&self.view).unwrap();
        json["findings"] = json!([
            finding(Severity::Critical, 0),
            finding(Severity::Critical, 1),
            finding(Severity::High, 0),
            finding(Severity::Low, 0),
        ]);
        let written = harness.file("brief.md", &brief);
        let json = harness.file("decision.json", json.to_string());
        harness
            .input_path("evidence", evidence)
            .input_path("brief", written)
            .input("brief-digest", Sha256::of(brief.as_bytes()).to_string())
            .input_path("json", json)
    }

    /// A runner with what register-ami wrote.
    pub(crate) fn released(&self, prior: Option<&str>) -> Harness {
        let mut predicate = json!({
            "purl": format!("pkg:generic/debian-app@{}?arch=x86_64", content().sha256()),
            "releaseId": Sha256::of(b"release"),
            "hallmark": {"provider": "local", "location": "/srv/store/images/1", "releaseId": Sha256::of(b"release"),
                "channel": "debian-app/stable"},
        });
        if let Some(prior) = prior {
            predicate["hallmark"]["priorImage"] = json!(prior);
        }
        let statement = Statement::new(Kind::Release, self.subjects(), &predicate).unwrap();
        let harness = self.harness();
        let evidence = EvidenceDir::new(harness.workspace()).write(&statement, None).unwrap();
        harness.input_path("evidence", evidence).input("channel-url", "https://channels.example/stable")
    }
}

/// Runs it, and sees to it that no address and no secret is told.
pub(crate) fn run(harness: &Harness) -> Run {
    let run = harness.run(&ACTION);
    let log =
        run.stdout.lines().filter(|line| !line.starts_with("::add-mask::")).collect::<Vec<_>>().join("\n");
    let outputs = format!("{:?}", run.outputs);
    for told in [&log, &run.stderr, &run.summary, &outputs] {
        for secret in ["s3cr3t", SECRET] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
    }
    run
}

/// What this machine's server got as its only body.
pub(crate) fn body(server: &server::Server) -> Value {
    let sent = server.sent();
    assert_eq!(sent.len(), 1);
    serde_json::from_slice(&sent[0].body).unwrap()
}

/// Every text in a value.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => vec![],
    }
}
