//! `hallmark chain`: the whole chain in one step, by the real program, with the real Packer, Goss and Trivy, on the base
//! image that `make test` baked.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]
#![expect(clippy::disallowed_methods, reason = "cancels a step as a runner does")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use attest::{EvidenceDir, PublicKey};
use common::{ENOUGH, Ran, Step, home, key, tree};
use serde_json::Value;
use tempfile::TempDir;

const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };

/// What a run leaves, and what it is made of.
struct Chain {
    folder: TempDir,
    step: Step,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

impl Chain {
    /// The app layer, as `make bake` bakes it, by a policy and with tests of the repository.
    fn new(policy: &str, specs: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let at = |name: &str| folder.path().join(name);
        let service = home().join("service/hallmark-hello").canonicalize().unwrap();
        let architecture = ARCHITECTURE;
        let step = Step::new("chain", &root())
            .input("template", "packer/debian-app")
            .input("sources", "packer/lib")
            .input("name", "debian-app")
            .input("architecture", architecture)
            .input("var", format!("service_binary={}\narchitecture={architecture}", service.display()))
            .path("base-image", home().join("images/debian-base/image.json"))
            .path("manifest", home().join("service/signatures.yml"))
            .input("policy", policy)
            .input("exceptions", "policies/exceptions.yml")
            .input("specs", specs)
            .input("allow-sample-database", "true")
            .input("channel", "stable")
            .path("output", at("image"))
            .path("evidence", at("evidence"))
            .path("bundle", at("replay"))
            .path("page", at("page.html"))
            .path("brief", at("brief.md"))
            .path("store", at("store"));
        Self { folder, step }
    }

    /// The keys of `make test`, and the base image's evidence, which they signed.
    fn with_keys(mut self) -> Self {
        for name in ["bake", "assay", "publish"] {
            self = self.input(&format!("{name}-key"), key::pem(name));
        }
        let approver = format!("approver={}", home().join("keys/approver.pub").display());
        self.input("signers", approver)
            .input("base-evidence", home().join("evidence/debian-base").to_str().unwrap())
    }

    fn input(mut self, name: &str, value: impl Into<String>) -> Self {
        self.step = self.step.input(name, value);
        self
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The one statement of a kind, signed by somebody of the policy that decided.
    #[track_caller]
    fn statement(&self, ran: &Ran, kind: &str) -> attest::Statement {
        let keys: Vec<PublicKey> = self.signers(ran).into_values().collect();
        let listing = EvidenceDir::new(ran.output("evidence")).list().unwrap();
        assert!(listing.strays.is_empty(), "{listing:?}");
        let found: Vec<_> =
            listing.files.iter().filter(|file| file.name.starts_with(&format!("{kind}."))).collect();
        assert_eq!(found.len(), 1, "one {kind} is wanted: {listing:?}");
        attest::verify(&found[0].bytes, &attest::Trust::keys(&keys)).unwrap().statement
    }

    /// The signers of the policy that decided, as the bundle for a replay keeps it.
    fn signers(&self, ran: &Ran) -> BTreeMap<String, PublicKey> {
        let policy = self.at("replay/sha256").join(ran.output("policy-digest"));
        let signers = json(policy)["signers"].as_object().unwrap().clone();
        let read = |(name, signer): (String, Value)| {
            (name, PublicKey::from_pem(signer["pem"].as_str().unwrap()).unwrap())
        };
        signers.into_iter().map(read).collect()
    }

    /// Nothing of the run is left where it worked.
    #[track_caller]
    fn left_nothing(&self, said: &str) {
        let left: Vec<_> =
            fs::read_dir(self.step.temp()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "{left:?}: {said}");
        assert_eq!(at_work(&self.step.temp()), Vec::<String>::new(), "{said}");
        assert_eq!(at_work(self.folder.path()), Vec::<String>::new(), "{said}");
    }

    /// Runs it, and holds what is true of every run that ends by itself.
    #[track_caller]
    fn ran(&self, code: i32, verdict: &str) -> Ran {
        let ran = self.step.run();
        assert_eq!(ran.code, Some(code), "{}", ran.said());
        assert_eq!(ran.output("verdict"), verdict, "{}", ran.said());
        self.left_nothing(&ran.said());
        let known: BTreeSet<&str> = declared();
        assert!(ran.outputs.keys().all(|name| known.contains(name.as_str())), "{:?}", ran.outputs);
        // The verdict leads, in the gate's own words.
        let brief = fs::read_to_string(ran.output("brief")).unwrap();
        assert!(ran.summary.starts_with(&brief), "{}", ran.summary);
        for step in ["packer-build", "goss-test", "trivy-scan", "gate"] {
            assert!(ran.summary.contains(&format!("\n| {step} | ")), "{step}: {}", ran.summary);
            assert_eq!(ran.said().matches(&format!("::group::{step}: ")).count(), 1, "{}", ran.said());
        }
        replays(&ran);
        ran
    }

    /// What is published, if anything.
    fn shown(&self) -> Option<String> {
        let channel = self.at("store/channels/debian-app/stable.json");
        channel.exists().then(|| json(channel)["current"]["imageId"].as_str().unwrap().to_owned())
    }
}

fn declared() -> BTreeSet<&'static str> {
    let chain = hallmark::ACTIONS.iter().find(|action| action.name == "chain").unwrap();
    chain.outputs.iter().map(|output| output.name).collect()
}

fn json(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The verdict is computed again from what the run kept, and is the same.
#[track_caller]
fn replays(ran: &Ran) {
    let replay = Step::new("gate", &root()).path("replay", ran.output("replay"));
    let replay = replay.path("evidence", ran.output("evidence")).run().done();
    for output in ["verdict", "verdict-digest", "policy-digest", "reasons"] {
        assert_eq!(replay.output(output), ran.output(output));
    }
}

/// The processes that work in a folder, or for it.
fn at_work(folder: &Path) -> Vec<String> {
    let wanted = folder.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        if ["cmdline", "environ"].iter().any(|name| String::from_utf8_lossy(&read(name)).contains(wanted)) {
            let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            found.push(format!("{} {command}", entry.path().display()));
        }
    }
    found
}

#[test]
fn a_pass_is_published_and_the_next_run_adopts_what_has_not_changed() {
    let chain = Chain::new("policies/demo.yml", "goss/debian-app").with_keys();
    let begun = Instant::now();
    let ran = chain.ran(0, "pass");
    println!("the whole chain: {:.1} s", begun.elapsed().as_secs_f64());
    let content = json(ran.output("image"))["disks"][0]["contentDigest"].as_str().unwrap().to_owned();
    let image = content.strip_prefix("hallmarkBlocks1:").unwrap();
    for (output, wanted) in [
        ("content-digest", content.as_str()),
        ("adopted", "false"),
        ("verified", "1"),
        ("failed", "0"),
        ("image-id", image),
        ("channel", "debian-app/stable"),
        ("prior-image", ""),
        ("category", &format!("hallmark/debian-app/{ARCHITECTURE}")),
        ("evidence", chain.at("evidence").to_str().unwrap()),
    ] {
        assert_eq!(ran.output(output), wanted, "{output}");
    }
    assert_ne!(ran.output("passed"), "0");
    assert_eq!(chain.shown().as_deref(), Some(image));
    let disk = ran.output_path("location").join("disk.raw");
    let stored = blocks::digest_file(&disk, &blocks::Options::default()).unwrap();
    assert_eq!(stored.content_digest.to_string(), content);

    // Each statement is there, about this image, by the job that may sign it.
    let signers = chain.signers(&ran);
    for (kind, signer) in [
        ("signature-verification", "bake"),
        ("provenance", "bake"),
        ("test-result", "assay"),
        ("vulns", "assay"),
        ("verdict", "assay"),
        ("vsa", "assay"),
        ("release", "publish"),
    ] {
        let expected =
            PublicKey::from_pem(&fs::read_to_string(home().join(format!("keys/{signer}.pub"))).unwrap());
        assert_eq!(signers[signer], expected.unwrap());
        let about = chain.statement(&ran, kind);
        assert!(kind == "signature-verification" || about.is_about(&content.parse().unwrap()), "{kind}");
    }
    let release = chain.statement(&ran, "release");
    assert_eq!(release.predicate["hallmark"]["verdict"]["digest"]["sha256"], ran.output("verdict-digest"));
    assert!(!ran.said().contains("Throw-away"), "{}", ran.said());

    // Again: the image is adopted, and published already; the evidence before is kept under another name.
    let (before, store) = (tree::contents(&chain.at("evidence")), tree::contents(&chain.at("store")));
    let again = chain.ran(0, "pass");
    assert_eq!((again.output("adopted"), again.output("content-digest")), ("true", content.as_str()));
    tree::assert_same(&tree::contents(&chain.at("store")), &store, "published again");
    let aside = fs::read_dir(chain.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let aside: Vec<_> =
        aside.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("evidence.")).collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    tree::assert_same(&tree::contents(&aside[0]), &before, "set aside");
}

#[test]
fn what_a_person_has_to_answer_for_is_not_published() {
    let chain = Chain::new("policies/strict.yml", "goss/debian-app").with_keys();
    let ran = chain.ran(0, "review");
    assert!(!chain.at("store").exists());
    assert!(
        !ran.outputs.contains_key("image-id") && !ran.summary.contains("register-ami"),
        "{}",
        ran.summary
    );
    assert!(
        ran.said().contains("::warning title=Review::") && ran.said().contains("hallmark approve"),
        "{}",
        ran.said()
    );

    // With keys that last, a person can: the statement that the output names is what an approval is for.
    let approval = Step::new("approve", &root())
        .off_runner()
        .path("verdict", ran.output("verdict-statement"))
        .path("verdict-key", home().join("keys/assay.pub"))
        .path("signing-key", home().join("keys/approver.pem"))
        .input("approver", "somebody")
        .path("brief", ran.output("brief"))
        .path("evidence", ran.output("evidence"));
    assert!(approval.run().done().output_path("approval").is_file());
}

/// The gate decides about failed tests, with everything else there is to say.
#[test]
fn failed_tests_are_a_verdict_and_nothing_is_published() {
    let mut chain = Chain::new("policies/demo.yml", "").with_keys().input("retry-timeout", "1s");
    let spec = chain.at("goss.yaml");
    fs::write(&spec, "file:\n  /etc/os-release:\n    exists: true\n  /no/such/file:\n    exists: true\n")
        .unwrap();
    chain = chain.input("specs", spec.to_str().unwrap());
    let ran = chain.ran(1, "fail");
    assert_eq!((ran.output("passed"), ran.output("failed")), ("1", "1"));
    let reasons = ran.reasons();
    assert!(
        reasons.contains(&"tests-failed".to_owned()) && reasons.contains(&"sample-database".to_owned()),
        "{reasons:?}"
    );
    assert!(!chain.at("store").exists());
    assert!(
        ran.summary.contains("| goss-test | against | 1 passed, 1 failed, 0 skipped |"),
        "{}",
        ran.summary
    );
    for kind in ["provenance", "test-result", "vulns", "verdict"] {
        chain.statement(&ran, kind);
    }
}

/// No keys, a disk that lies still, and a policy that asks for no more.
#[test]
fn throw_away_keys_prove_a_run_within_itself() {
    let mut chain = Chain::new("", "goss/debian-app").input("mode", "disk").input("operation", "none");
    let policy = chain.at("policy.yml");
    fs::write(&policy, on_disk(&root().join("policies/minimal.yml"))).unwrap();
    chain = chain.input("policy", policy.to_str().unwrap());
    let ran = chain.ran(0, "pass");
    assert!(ran.said().contains("::warning title=Throw-away keys::"), "{}", ran.said());
    assert!(!chain.at("store").exists() && !ran.outputs.contains_key("image-id"));
    let signers = chain.signers(&ran);
    let ids: BTreeSet<_> = signers.values().map(|key| key.key_id().to_string()).collect();
    assert_eq!((signers.len(), ids.len()), (4, 4), "each signer has a key of its own");
    for kind in ["signature-verification", "provenance", "test-result", "vulns", "verdict", "vsa"] {
        chain.statement(&ran, kind);
    }

    // The next run has other keys: what these signed is neither adopted nor mixed with its own.
    let again = chain.ran(0, "pass");
    assert_eq!(again.output("adopted"), "false");
    assert_eq!(again.output("content-digest"), ran.output("content-digest"), "and yet it is the same image");
    assert_ne!(chain.signers(&again)["bake"], signers["bake"]);
}

/// A template that bakes its base once more, and makes the policy more lenient meanwhile.
const BOLD: &str = r#"variable "output" {}
variable "base_image" {}
source "null" "bold" { communicator = "none" }
build {
  sources = ["source.null.bold"]
  provisioner "shell-local" {
    inline = ["cp --sparse=always ${var.base_image} ${var.output}/bold.raw", "echo '  tests-failed: note' >>POLICY"]
  }
  post-processor "artifice" { files = ["${var.output}/bold.raw"] }
}
"#;

/// Template code runs in the same job, and can write where it likes. The policy that the run began with is the one that
/// decides, or nothing does.
#[test]
fn a_policy_that_the_template_changes_decides_nothing() {
    let mut chain = Chain::new("", "goss/debian-base");
    let (policy, template) = (chain.at("policy.yml"), chain.at("bold/bold.pkr.hcl"));
    fs::write(&policy, on_disk(&root().join("policies/minimal.yml"))).unwrap();
    fs::create_dir(template.parent().unwrap()).unwrap();
    fs::write(&template, BOLD.replace("POLICY", policy.to_str().unwrap())).unwrap();
    for (input, value) in [
        ("template", template.to_str().unwrap()),
        ("policy", policy.to_str().unwrap()),
        ("mode", "disk"),
        ("manifest", ""),
        ("sources", ""),
        ("var", ""),
    ] {
        chain = chain.input(input, value);
    }
    let ran = chain.step.run();
    assert_eq!(ran.code, Some(2), "{}", ran.said());
    assert!(fs::read_to_string(&policy).unwrap().ends_with("  tests-failed: note\n"));
    assert!(
        ran.said()
            .contains("::error title=chain::gate: the policy, or the key of one of its signers, was changed"),
        "{}",
        ran.said()
    );
    for output in ["verdict", "verdict-statement", "policy-digest", "image-id"] {
        assert!(!ran.outputs.contains_key(output), "{output}: {:?}", ran.outputs);
    }
    assert!(ran.summary.starts_with("## No verdict: gate could not decide"), "{}", ran.summary);
    assert!(!chain.at("store").exists());
    chain.left_nothing(&ran.said());
}

/// A policy for a test of a disk that lies still.
fn on_disk(policy: &Path) -> String {
    let text = fs::read_to_string(policy).unwrap();
    assert_eq!(text.matches("seen: [booted]").count(), 1);
    text.replacen("seen: [booted]", "seen: [disk]", 1)
}

/// Cancelled while the image runs, as a runner cancels; and killed, with the clean-up after it.
#[test]
fn a_cancelled_chain_leaves_nothing_running_and_nothing_temporary() {
    let chain = Chain::new("policies/demo.yml", "goss/debian-app").with_keys();
    for signal in ["INT", "TERM", "KILL"] {
        let mut command = chain.step.command();
        let state =
            command.get_envs().find(|(name, _)| *name == "GITHUB_STATE").unwrap().1.unwrap().to_owned();
        let log = chain.at("log");
        let file = fs::File::create(&log).unwrap();
        command.stdout(Stdio::from(file.try_clone().unwrap())).stderr(Stdio::from(file));
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        let said = || fs::read_to_string(&log).unwrap();
        while !said().contains("▸ Console of the machine") || at_work(&chain.step.temp()).len() < 2 {
            assert!(begun.elapsed() < ENOUGH && child.try_wait().unwrap().is_none(), "{}", said());
            std::thread::sleep(Duration::from_millis(50));
        }
        let told = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let ended = child.wait().unwrap();
        assert!(!ended.success(), "{signal}: {}", said());
        if signal != "KILL" {
            assert_eq!(ended.code(), Some(2), "{signal}: {}", said());
            assert!(said().contains("::error title=chain::goss-test: cancelled"), "{signal}: {}", said());
            chain.left_nothing(&said());
        }
        let states = common::outputs(&fs::read_to_string(state).unwrap());
        let mut post = chain.step.command();
        post.arg("--post").envs(states.iter().map(|(name, value)| (format!("STATE_{name}"), value)));
        let post = post.output().unwrap();
        let post_said = String::from_utf8_lossy(&post.stdout).into_owned();
        assert!(post.status.success(), "{signal}: {post_said}");
        chain.left_nothing(&post_said);
        assert!(!chain.at("store").exists());
    }
    // What was baked before was whole, and stays.
    let recorded =
        json(chain.at("image/image.json"))["disks"][0]["contentDigest"].as_str().unwrap().to_owned();
    let found = blocks::digest_file(&chain.at("image/disk.raw"), &blocks::Options::default()).unwrap();
    assert_eq!(found.content_digest.to_string(), recorded);
    assert!(chain.at("image/bake.json").is_file());
}

/// Bad input is refused before anything is baked: no image, no evidence, no store.
#[test]
fn bad_inputs_change_nothing() {
    for (input, value, message) in [
        ("specs", "goss/none", "goss-test: there is no specification"),
        ("policy", "policies/none.yml", "gate: input `policy`"),
        ("policy", "policies/exceptions.yml", "gate: `policies/exceptions.yml` has"),
        ("exceptions", "policies/demo.yml", "gate: `policies/demo.yml` has"),
        ("signers", "approver=none.pub", "input `signers`"),
        ("manifest", "", "Give `manifest`, so that the chain verifies"),
        ("base-evidence", "", "Give `base-evidence`."),
        ("assay-key", "", "`bake-key` and `publish-key` is given without `assay-key`"),
        ("mode", "disk", "No test-result saw the image `booted`"),
        ("architecture", "riscv", "input `architecture`"),
        ("channel", "a b", "register-ami: input `channel`"),
    ] {
        let chain = Chain::new("policies/demo.yml", "goss/debian-app").with_keys().input(input, value);
        let ran = chain.step.run();
        assert_eq!(ran.code, Some(2), "{input}: {}", ran.said());
        assert!(ran.said().contains(message), "{input}: {}", ran.said());
        assert!(ran.outputs.is_empty());
        assert_eq!(fs::read_dir(chain.folder.path()).unwrap().count(), 0, "{input}: {}", ran.said());
        chain.left_nothing(&ran.said());
    }
    // A base that throw-away keys cannot have verified.
    let chain = Chain::new("policies/demo.yml", "goss/debian-app");
    let evidence = home().join("evidence/debian-base");
    let ran = chain.input("base-evidence", evidence.to_str().unwrap()).step.run();
    assert_eq!(ran.code, Some(2), "{}", ran.said());
    assert!(ran.said().contains("No throw-away key has ever signed one"), "{}", ran.said());
}
