//! The chain without Packer, Goss and Trivy: what is refused before anything is changed, and what is left
//! afterwards. `crates/conformance/tests/one_step.rs` has the real one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use attest::{EvidenceDir, PrivateKey, Statement};
use runner::Action;
use runner::testing::{Harness, Run};

use super::{ACTION, ready};

const POLICY: &str = "version: 1
name: web
signers: {bake: , assay: , approver: , publish: }
evidence:
  signature-verification: {signed-by: [bake]}
  provenance: {signed-by: [bake], required: true}
  test-result: {signed-by: [assay], required: true, seen: [booted]}
  vulns: {signed-by: [assay], required: true, seen: [disk]}
  vsa: {signed-by: [assay]}
  verdict: {signed-by: [assay]}
  approval: {signed-by: [approver]}
  release: {signed-by: [publish]}
vulnerabilities: []
";

const TEMPLATE: &str =
    "source \"null\" \"web\" { communicator = \"none\" }\nbuild { sources = [\"source.null.web\"] }\n";

/// A repository with all that a chain wants, and nothing of it is ever run.
fn repository() -> Harness {
    let harness = Harness::new();
    // The checkout is elsewhere, so that policy and keys are files of the machine here.
    let checkout = harness.workspace().with_file_name("temp");
    let harness = harness.env("GITHUB_WORKSPACE", checkout.join("checkout").to_string_lossy());
    fs::create_dir_all(checkout.join("checkout")).unwrap();
    harness.file("packer/web/web.pkr.hcl", TEMPLATE);
    harness.file("goss/web/goss.yaml", "port:\n  tcp:22:\n    listening: true\n");
    harness.file("policy.yml", POLICY);
    harness.input("template", "packer/web").input("specs", "goss/web").input("policy", "policy.yml")
}

/// A key pair, both halves in files.
fn key(harness: &Harness, name: &str) -> PathBuf {
    let pem = PrivateKey::generate_p256().unwrap();
    harness.file(&format!("keys/{name}.pub"), &pem.public);
    harness.file(&format!("keys/{name}.pem"), &pem.private)
}

/// With the three keys, and an approver's.
fn with_keys(mut harness: Harness) -> Harness {
    for name in ["bake", "assay", "publish"] {
        let file = key(&harness, name);
        harness = harness.input(&format!("{name}-key"), fs::read_to_string(file).unwrap());
    }
    key(&harness, "approver");
    harness.input("signers", "approver=keys/approver.pub")
}

/// Everything in the workspace, and in the folder for what is temporary.
fn files(harness: &Harness) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            }
            found.push(path);
        }
    }
    let mut found = vec![];
    for folder in [harness.workspace(), harness.workspace().with_file_name("temp")] {
        walk(&folder, &mut found);
    }
    found.sort();
    found
}

/// Runs it, and holds that nothing is there but what was there before.
#[track_caller]
fn refused(harness: &Harness) -> Run {
    let before = files(harness);
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert_eq!(files(harness), before, "{}", run.stdout);
    assert!(run.outputs.is_empty(), "{:?}", run.outputs);
    run
}

/// Checks everything, as a run does before its first step.
#[track_caller]
fn begins(harness: &Harness) -> (String, bool) {
    let begin = async |ctx: &mut runner::Context| {
        let ready = ready::ready(ctx).await?;
        Ok((ready.keys.signers().to_owned(), ready.keys.throw_away))
    };
    let (begun, run) = harness.with_context(&ACTION, begin);
    begun.unwrap_or_else(|error| panic!("{error:#}\n{}", run.stdout))
}

#[test]
fn a_whole_repository_can_begin() {
    let (signers, throw_away) = begins(&repository());
    assert!(throw_away);
    for name in ["bake", "assay", "approver", "publish"] {
        assert!(signers.contains(&format!("/{name}.pub")), "{signers}");
    }
    let (signers, throw_away) = begins(&with_keys(repository()));
    assert!(!throw_away);
    assert!(signers.contains("approver=") && signers.contains("/workspace/keys/approver.pub"), "{signers}");
}

#[test]
fn each_wrong_input_is_refused_before_anything_is_changed() {
    for (input, value, message) in [
        ("template", "packer/none", "packer-build: input `template`"),
        ("name", "a/b", "packer-build: input `name`"),
        ("name", "a..b", "register-ami: input `name`"),
        ("family", "-", "packer-build: input `family`"),
        ("var", "no assignment", "packer-build: input `var`"),
        ("secret-var", "no assignment", "packer-build: input `secret-var`: line 1"),
        ("env", "ACTIONS_RUNTIME_TOKEN", "packer-build: input `env`"),
        ("distribution", "debian", "packer-build: input `distribution`"),
        ("base-image", "none.json", "packer-build: input `base-image`"),
        ("architecture", "riscv", "input `architecture`"),
        ("build-timeout", "soon", "input `build-timeout`"),
        ("manifest", "none.yml", "verify-signatures: input `manifest`"),
        ("manifest", "policy.yml", "verify-signatures: `policy.yml` has"),
        ("specs", "goss/none", "goss-test: there is no specification"),
        ("specs", "", "goss-test: input `specs` is required"),
        ("mode", "asleep", "input `mode`"),
        ("mode", "disk", "No test-result saw the image `booted`. Give another `mode`"),
        ("mode", "results", "goss-test: input `results` is required in mode results"),
        ("vars", "none.yaml", "goss-test: input `vars`"),
        ("cpus", "0", "goss-test: input `cpus`"),
        ("memory", "1", "goss-test: input `memory`"),
        ("severity", "huge", "trivy-scan: input `severity`"),
        ("database", "none", "trivy-scan: input `database`"),
        ("policy", "none.yml", "gate: input `policy`"),
        ("policy", "goss/web/goss.yaml", "gate: `goss/web/goss.yaml` has"),
        ("exceptions", "none.yml", "gate: input `exceptions`"),
        ("exceptions", "policy.yml", "gate: `policy.yml` has"),
        ("signers", "approver", "input `signers` has the line `approver`"),
        ("signers", "approver=none.pub", "input `signers`: cannot read"),
        ("signers", "approver=policy.yml", "input `signers`"),
        ("signers", "bake=keys/bake.pub", "whose public key follows from `bake-key`"),
        ("signers", "somebody=keys/approver.pub", "gate: `policy.yml` has 2 mistakes"),
        ("signers", "approver=keys/approver.pub\napprover=keys/approver.pub", "names `approver` twice"),
        ("bake-key", "hunter2", "input `bake-key`: this is not PEM"),
        ("bake-key", "keyless", "input `bake-key`: the chain is one job"),
        (
            "publish-key",
            "awskms:///nothing",
            "input `publish-key`: \"awskms:///nothing\" is no key in AWS KMS",
        ),
        ("signing-key-password", "hunter2", "is for keys that cosign encrypted, and none of the three is"),
        ("assay-key", "", "`bake-key` and `publish-key` is given without `assay-key`"),
        ("operation", "rollback", "input `operation`"),
        ("channel", "a/b", "register-ami: input `channel`"),
        ("base-evidence", "none", "input `base-evidence`"),
        ("evidence", "keys", "is no evidence"),
    ] {
        let harness = with_keys(repository()).input(input, value);
        let run = refused(&harness);
        assert!(run.stdout.contains(message), "{input}={value}: {message}: {}", run.stdout);
        assert!(!run.stdout.replace("::add-mask::hunter2", "").contains("hunter2"), "{}", run.stdout);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let run = refused(
        &repository()
            .input("bake-key", "x")
            .input("cpus", "0")
            .input("severity", "huge")
            .input("policy", "no"),
    );
    for part in ["4 things are wrong", "`bake-key` is given without", "goss-test:", "trivy-scan:", "gate:"] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert!(run.summary.contains("Could not decide"), "{}", run.summary);
}

#[test]
fn some_of_the_keys_are_not_enough() {
    for given in [&["bake"][..], &["assay"], &["publish"], &["bake", "assay"], &["assay", "publish"]] {
        let mut harness = repository();
        for name in given {
            let file = key(&harness, name);
            harness = harness.input_path(&format!("{name}-key"), file);
        }
        let run = refused(&harness);
        assert!(run.stdout.contains("give all three keys, or none"), "{given:?}: {}", run.stdout);
    }
    // Secrets that are not there are empty inputs.
    let harness = repository().input("signers", "approver=keys/approver.pub");
    key(&harness, "approver");
    let empty =
        ["bake-key", "assay-key", "publish-key"].into_iter().fold(harness, |h, name| h.input(name, ""));
    let run = refused(&empty);
    assert!(run.stdout.contains("is a secret not there?"), "{}", run.stdout);
}

/// On a runner the policy does not come from what is built, and that is known before anything is.
#[test]
fn a_policy_of_the_checkout_is_told_before_the_bake() {
    let harness = repository();
    let checkout = harness.workspace();
    let run = harness.env("GITHUB_WORKSPACE", checkout.to_string_lossy()).run(&ACTION);
    assert_eq!(run.code, 2, "{}", run.stdout);
    for part in ["nothing was changed", "`policy.yml` is in the checkout", "token: ${{ github.token }}"] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert!(!checkout.join(".hallmark").exists());
}

/// A verdict that could only be `fail`: known from the policy, before anything is baked.
#[test]
fn a_policy_that_cannot_be_met_is_told_before_the_bake() {
    let own = PrivateKey::generate_p256().unwrap().public.replace('\n', "\\n");
    let carries = format!("bake: {{pem: \"{own}\"}},");
    let joined = "signature-verification: {signed-by: [bake], required: true}";
    for (change, to, given, throw_away) in [
        // What is left as it is can be met.
        ("name: web", "name: web", None, None),
        (
            "signature-verification: {signed-by: [bake]}",
            joined,
            Some("Give `manifest`, so that the chain verifies"),
            Some("Give `manifest`, so that the chain verifies"),
        ),
        (
            "seen: [booted]",
            "seen: [booted, disk]",
            Some("No test-result saw the image `disk`"),
            Some("use the single actions"),
        ),
        (
            "bake: ,",
            &carries,
            Some("`bake-key` is no key of a signer of the policy `web`"),
            Some("or keys of their own; give the three keys"),
        ),
        (
            "provenance: {signed-by: [bake]",
            "provenance: {signed-by: [assay]",
            Some("A provenance is signed by `bake`, and only `assay` may sign that."),
            Some("(wrong-signer)"),
        ),
        (
            "verdict: {signed-by: [assay]}",
            "verdict: {signed-by: [publish]}",
            Some("may not sign a verdict under the policy"),
            Some("may not sign a verdict under the policy"),
        ),
        (
            "release: {signed-by: [publish]}",
            "release: {signed-by: [approver]}",
            Some("a release is signed by approver"),
            Some("a release is signed by approver"),
        ),
        ("  vsa: {signed-by: [assay]}\n", "", Some("may not sign a vsa"), Some("may not sign a vsa")),
    ] {
        assert!(POLICY.contains(change), "{change}");
        let mut policy = POLICY.replacen(change, to, 1);
        if to.contains("[approver]") {
            // Every signer has to have something to sign.
            policy = policy.replace("vulns: {signed-by: [assay]", "vulns: {signed-by: [assay, publish]");
        }
        for (message, harness) in [(given, with_keys(repository())), (throw_away, repository())] {
            harness.file("policy.yml", &policy);
            match message {
                None => drop(begins(&harness)),
                Some(message) => {
                    let run = refused(&harness);
                    assert!(run.stdout.contains(message), "{to}: {message}: {}", run.stdout);
                }
            }
        }
    }
}

#[test]
fn one_key_for_two_jobs_is_what_the_policy_says_it_is() {
    let one = |policy: &str| {
        let harness = with_keys(repository());
        harness.file("policy.yml", policy);
        let bake = harness.workspace().join("keys/bake.pem");
        harness.input_path("assay-key", bake)
    };
    let run = refused(&one(POLICY));
    assert!(run.stdout.contains("The signers assay, bake have the same key. Give each"), "{}", run.stdout);
    let noted = format!("{POLICY}reasons: {{shared-key: note}}\n");
    assert!(!begins(&one(&noted)).1);
}

/// The base image's verification, by whom, and whether it will do.
#[test]
fn what_the_image_is_built_on_has_to_be_verified_first() {
    let content = format!("hallmarkBlocks1:{}", "5".repeat(64));
    let image = format!(
        r#"{{"schema":1,"name":"base","family":"base","architecture":"amd64","bootMode":"uefi","rootDevice":"/dev/xvda","disks":[{{"device":"/dev/xvda","file":"disk.raw","sizeBytes":1073741824,"contentDigest":"{content}"}}],"layers":[{{"name":"base","bakeId":"{}"}}]}}"#,
        "6".repeat(64)
    );
    let summary = |about: &str, result: &str, level: &str| {
        serde_json::json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "base", "digest": {"hallmarkBlocks1": about}}],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": {
                "verifier": {"id": "https://hallmark.dev/gate"},
                "timeVerified": runner::testing::NOW,
                "resourceUri": "base",
                "policy": {"digest": {"sha256": "7".repeat(64)}},
                "verificationResult": result,
                "verifiedLevels": [level],
            },
        })
    };
    let five = "5".repeat(64);
    for (about, result, level, signer, message) in [
        (&five, "PASSED", "HALLMARK_BASE", Some("assay"), None),
        (&five, "PASSED", "HALLMARK_OTHER", Some("assay"), Some("(base-level)")),
        (&five, "FAILED", "HALLMARK_BASE", Some("assay"), Some("(base-not-verified)")),
        (&five, "PASSED", "HALLMARK_BASE", Some("publish"), Some("(wrong-signer)")),
        (&five, "PASSED", "HALLMARK_BASE", None, Some("(unsigned-evidence)")),
        (
            &"8".repeat(64),
            "PASSED",
            "HALLMARK_BASE",
            Some("assay"),
            Some("There is no verification of the base image"),
        ),
    ] {
        let harness = with_keys(repository());
        harness.file(
            "policy.yml",
            POLICY.replace("vsa: {signed-by: [assay]}", "vsa: {signed-by: [assay], levels: [HALLMARK_BASE]}"),
        );
        let manifest = harness.file("base/image.json", &image);
        let statement = Statement::from_bytes(summary(about, result, level).to_string().as_bytes()).unwrap();
        let key = signer.map(|name| {
            let pem = fs::read_to_string(harness.workspace().join(format!("keys/{name}.pem"))).unwrap();
            PrivateKey::from_pem(&pem).unwrap()
        });
        EvidenceDir::new(harness.workspace().join("base-evidence"))
            .write(&statement, key.as_ref().map(|key| key as &dyn attest::Sign))
            .unwrap();
        let harness = harness.input_path("base-image", manifest);
        let run = refused(&harness);
        assert!(run.stdout.contains("Give `base-evidence`."), "{}", run.stdout);
        let harness = harness.input("base-evidence", "base-evidence");
        match message {
            None => drop(begins(&harness)),
            Some(message) => {
                let run = refused(&harness);
                assert!(run.stdout.contains(message), "{message}: {}", run.stdout);
            }
        }
    }
}

/// A chain whose first step decides against: what follows is never begun, and needs no tool.
fn badly_signed(harness: &Harness) {
    harness.file("service", "not what was signed");
    harness.file("service.sig", [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]);
    key(harness, "vendor");
    harness.file(
        "signatures.yml",
        "version: 1\nkeys:\n  vendor: {file: keys/vendor.pub}\nfiles:\n  - {path: service, key: vendor}\n",
    );
}

#[test]
fn a_bad_signature_ends_it_before_the_bake() {
    let harness = repository().input("manifest", "signatures.yml");
    badly_signed(&harness);
    let before = files(&harness);
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert_eq!(files(&harness), before, "neither image, nor evidence, nor keys");
    assert!(run.summary.starts_with("## No verdict: verify-signatures decided against\n"), "{}", run.summary);
    assert!(run.summary.contains("| verify-signatures | against |"), "{}", run.summary);
    assert_eq!(run.outputs.keys().collect::<Vec<_>>(), ["evidence"]);
    assert!(run.stdout.contains("::group::verify-signatures: "), "{}", run.stdout);
    assert!(run.stdout.contains("::endgroup::\nverify-signatures: not verified (0.0 s)\n"), "{}", run.stdout);
    assert!(run.stdout.contains("::warning title=Throw-away keys::"), "{}", run.stdout);
    let with_keys = with_keys(repository()).input("manifest", "signatures.yml");
    badly_signed(&with_keys);
    let run = with_keys.run(&ACTION);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(!run.stdout.contains("Throw-away"), "{}", run.stdout);
}

#[test]
fn the_evidence_of_an_earlier_run_is_kept_out_of_the_way() {
    let harness = repository().input("manifest", "signatures.yml");
    badly_signed(&harness);
    let earlier = "evidence/provenance.0123456789ab.sigstore.json";
    harness.file(&format!(".hallmark/{earlier}"), "earlier");
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}", run.stdout);
    let home = harness.workspace().join(".hallmark");
    let kept = home.join(earlier.replace("evidence/", "evidence.20260102T030405Z/"));
    assert_eq!(fs::read_to_string(kept).unwrap(), "earlier");
    assert!(!home.join("evidence").exists());
    assert!(run.stdout.contains("::notice::the evidence of an earlier run is kept as "), "{}", run.stdout);
}

/// Without a home there is no place for tools: Packer cannot be had.
#[test]
fn a_step_that_cannot_decide_ends_it_by_its_name() {
    let harness = repository();
    let before = files(&harness);
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert_eq!(files(&harness), before);
    assert!(run.stdout.contains("::error title=chain::packer-build: "), "{}", run.stdout);
    assert!(run.stdout.contains("::endgroup::\npacker-build: could not decide (0.0 s)\n"), "{}", run.stdout);
    assert!(run.summary.starts_with("## No verdict: packer-build could not decide\n"), "{}", run.summary);
    assert!(run.summary.contains("Could not decide: packer-build: "), "{}", run.summary);
}

#[test]
fn the_keys_folder_is_nobody_elses_and_goes_with_the_run() {
    let harness = repository();
    let (found, run) = harness.with_context(&ACTION, async |ctx| {
        let ready = ready::ready(ctx).await?;
        let file = ready.keys.public(super::job::Job::Assay);
        let folder = file.parent().unwrap().to_owned();
        let mode = fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let texts: String = names.iter().map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect();
        ready.keys.remove()?;
        Ok((folder, mode, names.len(), texts))
    });
    let (folder, mode, count, texts) = found.unwrap();
    assert_eq!((mode, count), (0o700, 4));
    assert!(!texts.contains("PRIVATE"), "private keys stay in memory");
    assert!(!folder.exists());
    assert!(run.state.contains(&format!("\n{}\n", folder.display())), "{}", run.state);
}

#[test]
fn the_clean_up_removes_the_keys_folder_and_no_other() {
    for (name, stays) in
        [("hallmark-chain-keys.1", false), ("other", true), ("x/hallmark-chain-keys.1", true)]
    {
        let harness = Harness::new();
        let folder = harness.workspace().with_file_name("temp").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("assay.pub"), "").unwrap();
        let harness = harness.env("STATE_keys", folder.to_string_lossy());
        assert_eq!(harness.post(&ACTION).code, 0);
        assert_eq!(folder.exists(), stays, "{name}");
    }
    assert_eq!(Harness::new().post(&ACTION).code, 0, "without any state");
}

/// The steps' own clean-ups run too, each with the state that its own step kept.
#[test]
fn the_clean_up_is_that_of_every_step() {
    let harness = Harness::new();
    let temp = harness.workspace().with_file_name("temp");
    let work = temp.join("hallmark-goss-test.killed");
    fs::create_dir(&work).unwrap();
    let output = harness.workspace().join("image");
    fs::create_dir_all(output.join(".bake")).unwrap();
    let harness = harness
        .env("STATE_goss-test_work", work.to_string_lossy())
        .env("STATE_packer-build_output", output.to_string_lossy());
    let run = harness.post(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(!work.exists() && !output.join(".bake").exists(), "{}", run.stdout);
}

#[test]
fn it_is_one_of_the_programs_actions() {
    let found: Vec<&&Action> = crate::ACTIONS.iter().filter(|action| action.name == ACTION.name).collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].post.is_some());
}
