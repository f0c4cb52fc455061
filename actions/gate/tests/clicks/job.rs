//! The job that decides, the job in the environment, and what both leave behind.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part of it")]

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runner::testing::Run;
use serde_json::Value;

use crate::common::World;
use crate::script::Script;

/// Strict, with the job in the environment to sign what it reads and decides.
pub(crate) fn policy(world: &World, more: &str) -> String {
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
pub(crate) fn review(more: &str) -> (World, String, Run) {
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
pub(crate) fn words(run: &Run) -> String {
    format!("approve {}", &run.outputs["brief-digest"][..12])
}

/// The job in the environment.
pub(crate) struct Job<'j> {
    pub(crate) world: &'j World,
    pub(crate) policy: &'j str,
    pub(crate) decided: &'j Run,
    pub(crate) environments: &'static str,
    pub(crate) more: Vec<(&'static str, String)>,
}

impl<'j> Job<'j> {
    pub(crate) fn new(world: &'j World, policy: &'j str, decided: &'j Run) -> Self {
        Self { world, policy, decided, environments: "production", more: Vec::new() }
    }

    pub(crate) fn run(&self, script: Script) -> Run {
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

pub(crate) fn predicate(file: &Path) -> Value {
    let envelope: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let payload = envelope["dsseEnvelope"]["payload"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
    statement["predicate"].clone()
}

/// The evidence of a kind, read.
pub(crate) fn written(world: &World, kind: &str) -> Vec<Value> {
    let files = fs::read_dir(world.path("evidence")).unwrap().map(|entry| entry.unwrap().path());
    let of_kind =
        files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&format!("{kind}.")));
    of_kind.map(|path| predicate(&path)).collect()
}

/// Publishing asks for a summary that says PASSED, and for a verdict that says `pass`.
pub(crate) fn nothing_to_publish(world: &World, what: &str) {
    for summary in written(world, "vsa") {
        assert_eq!(summary["verificationResult"], "FAILED", "{what}");
    }
    for verdict in written(world, "verdict") {
        assert_ne!(verdict["verdict"], "pass", "{what}");
    }
}
