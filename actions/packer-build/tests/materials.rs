//! What goes in besides the template: plugins, verified files, the commit.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use crate::common::{done, failed, json, output, template, with_template};
use attest::{
    EvidenceDir, KeyPem, PrivateKey, Statement,
    predicate::{
        ResourceDescriptor,
        signature_verification::{
            Predicate, SignatureFile, Signer, VerifiedFile, VerifiedSignature, Verifier,
        },
    },
};
use model::{Sha256, Subject};
use packer_build::ACTION;
use process::{Real, Spec};
use runner::testing::Harness;
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

fn dependencies(harness: &Harness) -> Vec<Value> {
    let statement = json(output(harness).join("provenance.json"));
    statement["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap().clone()
}

fn dependency(harness: &Harness, name: &str) -> Value {
    let all = dependencies(harness);
    let found = all.iter().find(|dependency| dependency["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {all:#?}")).clone()
}

fn run(spec: Spec) -> process::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let output =
        runtime.block_on(process::output(&Real, spec.env("PATH", crate::common::path()), 1 << 20)).unwrap();
    assert!(output.exit.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A plugin that says what it is, as Packer asks of each, and offers something that nobody uses.
fn plugin(folder: &Path, version: &str) -> PathBuf {
    let path = folder.join(format!("packer-plugin-small-{version}"));
    let says = format!(
        r#"{{"version":"{version}","sdk_version":"0.6.7","api_version":"x5.0","builders":[],"post_processors":[],"provisioners":["noop"],"datasources":[],"protocol_version":"v2"}}"#
    );
    fs::write(&path, format!("#!/bin/sh\ntest \"$1\" = describe && echo '{says}'\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn install(harness: &Harness, plugin: &Path, source: &str) {
    let packer = Spec::new("packer")
        .args(["plugins", "install", "--path"])
        .arg(plugin)
        .arg(source)
        .env("HOME", harness.workspace())
        .env("CHECKPOINT_DISABLE", "1")
        .env("PACKER_PLUGIN_PATH", harness.workspace().join("plugins"));
    run(packer);
}

fn with_plugin(source: &str) -> Harness {
    let asks = format!(
        "packer {{\n  required_plugins {{\n    small = {{\n      version = \">= 1.0.0\"\n      source = \"{source}\"\n    }}\n  }}\n}}\n"
    );
    let harness = with_template(&(asks + &template(&[])));
    let plugins = harness.workspace().join("plugins");
    harness.env("PACKER_PLUGIN_PATH", plugins.to_str().unwrap())
}

#[test]
fn a_plugin_is_a_tool_and_is_recorded() {
    let source = "github.com/acme/small";
    let harness = with_plugin(source);
    let first = plugin(&harness.workspace(), "1.0.0");
    install(&harness, &first, source);
    let baked = harness.run(&ACTION);
    done(&baked);
    assert!(baked.stdout.contains("::group::packer plugins required\n"), "{}", baked.stdout);
    let file = format!("packer-plugin-small_v1.0.0_x5.0_linux_{}", goarch());
    let recorded = dependency(&harness, &file);
    assert_eq!(recorded["uri"], source);
    assert_eq!(recorded["digest"], json!({"sha256": Sha256::of(&fs::read(&first).unwrap())}));
    assert_eq!(harness.run(&ACTION).outputs["adopted"], "true");
    // The newest is taken, and it makes another bake.
    install(&harness, &plugin(&harness.workspace(), "1.1.0"), source);
    let anew = harness.run(&ACTION);
    done(&anew);
    assert!(
        anew.stdout.contains("has to be baked: changed: plugin/github.com/acme/small\n"),
        "{}",
        anew.stdout
    );
}

fn goarch() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

#[test]
fn a_plugin_that_cannot_be_had_is_an_error() {
    // No such host: nothing is asked of the network.
    let run = with_plugin("registry.invalid/acme/small").run(&ACTION);
    failed(&run, "packer init ended with exit code 1");
}

#[test]
fn a_template_that_asks_for_nothing_needs_no_init() {
    let harness = with_template(&template(&[]));
    let run = harness.run(&ACTION);
    done(&run);
    assert!(
        !run.stdout.contains("packer init") && !run.stdout.contains("plugins required"),
        "{}",
        run.stdout
    );
}

/// What verify-signatures leaves about `files/agent`, listed in `files/signatures.yml`.
fn verification(harness: &Harness, content: &[u8], key: Option<&PrivateKey>) -> PathBuf {
    let digest = Sha256::of(content);
    let file = VerifiedFile {
        name: "agent".to_owned(),
        digest: digest.into(),
        size: content.len() as u64,
        listed_in: None,
        signatures: vec![VerifiedSignature {
            file: SignatureFile { name: "agent.sig".to_owned(), digest: Sha256::of(b"signature").into() },
            signer: Signer {
                name: "vendor".to_owned(),
                key_id: Some(Sha256::of(b"key")),
                algorithm: Some("ed25519".to_owned()),
                identity: None,
            },
            times: vec![],
            log_index: None,
            trusted_root: None,
        }],
        provenance: None,
    };
    let predicate = Predicate {
        verifier: Verifier {
            id: "https://hallmark.dev/verify-signatures".to_owned(),
            version: "0".to_owned(),
        },
        verified_on: runner::testing::NOW.parse().unwrap(),
        manifest: ResourceDescriptor::file("files/signatures.yml", Sha256::of(b"manifest")),
        trusted_roots: vec![],
        files: vec![file],
    };
    let statement = Statement::of(vec![Subject::file("agent", digest)], &predicate).unwrap();
    EvidenceDir::new(harness.workspace().join(".hallmark/evidence"))
        .write(&statement, key.map(|key| key as &dyn attest::Sign))
        .unwrap()
}

#[test]
fn verified_files_are_checked_again_and_recorded() {
    let harness = with_template(&template(&[])).input("verified-files", ".hallmark/evidence");
    let agent = harness.file("files/agent", "the agent");
    let evidence = verification(&harness, b"the agent", None);
    done(&harness.run(&ACTION));
    let recorded = dependency(&harness, "agent");
    assert_eq!(recorded["digest"], json!({"sha256": Sha256::of(b"the agent")}));
    let statement = Sha256::of(&fs::read(&evidence).unwrap());
    assert_eq!(recorded["annotations"]["verifiedBy"], statement.to_string());
    // The folder now holds provenance too, which is passed over.
    assert_eq!(harness.run(&ACTION).outputs["adopted"], "true");
    fs::write(&agent, "another agent").unwrap();
    failed(&harness.run(&ACTION), "it was changed in between");
    fs::remove_file(&agent).unwrap();
    failed(&harness.run(&ACTION), "which is not there any more");
    // Verified anew, it is another bake.
    fs::write(&agent, "another agent").unwrap();
    fs::remove_file(evidence).unwrap();
    verification(&harness, b"another agent", None);
    let run = harness.run(&ACTION);
    done(&run);
    assert!(run.stdout.contains("has to be baked: changed: verified/agent/"), "{}", run.stdout);
}

#[test]
fn signed_verification_has_to_be_of_this_job() {
    let KeyPem { private, .. } = PrivateKey::generate_p256().unwrap();
    let (ours, theirs) = (PrivateKey::from_pem(&private).unwrap(), PrivateKey::generate_p256().unwrap());
    let theirs = PrivateKey::from_pem(&theirs.private).unwrap();
    let given = || {
        let harness = with_template(&template(&[])).input("verified-files", ".hallmark/evidence");
        harness.file("files/agent", "the agent");
        harness
    };
    let good = given().input("signing-key", &private);
    verification(&good, b"the agent", Some(&ours));
    done(&good.run(&ACTION));
    let forged = given().input("signing-key", &private);
    verification(&forged, b"the agent", Some(&theirs));
    failed(&forged.run(&ACTION), "is not signed by this job's `signing-key`");
    let bare = given().input("signing-key", &private);
    verification(&bare, b"the agent", None);
    failed(&bare.run(&ACTION), "is not signed, and this job signs what it says");
    let unknown = given();
    verification(&unknown, b"the agent", Some(&ours));
    failed(&unknown.run(&ACTION), "there is no `signing-key` to check it with");
}

#[test]
fn a_verified_file_is_the_one_that_was_baked_with() {
    let harness = with_template(&template(&["echo another >files/agent"]));
    let harness = harness.input("verified-files", ".hallmark/evidence");
    harness.file("files/agent", "the agent");
    verification(&harness, b"the agent", None);
    failed(&harness.run(&ACTION), "it was changed in between");
}

#[test]
fn other_evidence_is_not_taken_for_verification() {
    let harness = with_template(&template(&[]));
    done(&harness.run(&ACTION));
    let evidence = harness.workspace().join(".hallmark/evidence");
    let file = fs::read_dir(&evidence).unwrap().next().unwrap().unwrap().path();
    let other = harness.input_path("verified-files", &file).run(&ACTION);
    failed(&other, "is of the kind provenance, not of verify-signatures");
}

#[test]
fn the_commit_is_recorded_and_whether_it_is_all() {
    let harness = with_template(&template(&[])).env("GITHUB_REF", "refs/heads/main");
    let folder = harness.workspace();
    let git = |args: &[&str]| {
        let identity =
            ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
        let spec =
            Spec::new("git").args(identity).args(args.iter().copied()).cwd(&folder).env("HOME", &folder);
        String::from_utf8(run(spec).stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["add", "packer"]);
    git(&["commit", "--quiet", "--message", "template"]);
    let commit = git(&["rev-parse", "HEAD"]);
    let harness = harness.env("GITHUB_SHA", &commit);
    done(&harness.run(&ACTION));
    let clean = json!({
        "name": "workspace", "digest": {"gitCommit": commit}, "annotations": {"dirty": false},
        "uri": "git+https://github.com/acme/images@refs/heads/main",
    });
    assert_eq!(dependency(&harness, "workspace"), clean);
    // The commit is no ingredient: another one with the same files is the same bake.
    git(&["commit", "--quiet", "--allow-empty", "--message", "more"]);
    assert_eq!(harness.run(&ACTION).outputs["adopted"], "true");
    harness.file("packer/small/more.sh", "true");
    done(&harness.run(&ACTION));
    let dirty = dependency(&harness, "workspace");
    assert_eq!(dirty["annotations"], json!({"dirty": true}));
    // The runner speaks of another commit than the one that is checked out: no word about where it is.
    assert_eq!(dirty["uri"], Value::Null);
}

#[test]
fn without_git_there_is_no_commit() {
    let harness = with_template(&template(&[]));
    done(&harness.run(&ACTION));
    assert!(dependencies(&harness).iter().all(|dependency| dependency["name"] != "workspace"));
}
