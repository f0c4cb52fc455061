//! When an image is adopted, and when it is not: half-made, changed, or of other inputs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::common::{done, failed, is_tidy, json, output, provenance, template, with_template};
use attest::{KeyPem, PrivateKey, Statement, sign};
use model::{Sha256, canonical_json};
use packer_build::ACTION;
use rustix::fs::{FlockOperation, flock};
use serde_json::Value;
use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::Path,
};

#[test]
fn what_has_not_changed_is_adopted_and_says_so() {
    let harness = with_template(&template(&["echo baking"])).input("secret-var", "token=hunter2\n");
    let first = harness.run(&ACTION);
    done(&first);
    assert!(first.stdout.contains("small has to be baked: nothing was baked into"), "{}", first.stdout);
    // Elsewhere: the evidence of this run.
    let again = harness.input("evidence", "evidence2").run(&ACTION);
    done(&again);
    assert!(!again.stdout.contains("packer build"), "{}", again.stdout);
    assert!(again.stdout.contains("small adopted. Nothing had changed"), "{}", again.stdout);
    assert!(again.summary.contains("small: adopted"), "{}", again.summary);
    assert_eq!(again.outputs["adopted"], "true");
    for name in ["image", "images", "content-digest", "image-manifest", "bake-id"] {
        assert_eq!(again.outputs[name], first.outputs[name], "{name}");
    }
}

#[test]
fn an_adopted_image_has_the_provenance_of_its_bake() {
    let harness = with_template(&template(&[]));
    done(&harness.run(&ACTION));
    let first = provenance(&harness.workspace().join(".hallmark/evidence"));
    let later = harness.input("evidence", "evidence2").now("2026-02-03T04:05:06Z".parse().unwrap());
    done(&later.run(&ACTION));
    assert_eq!(provenance(&later.workspace().join("evidence2")), first);
}

#[test]
fn another_secret_is_not_another_bake() {
    // Neither its value nor a digest of it is anywhere.
    let harness = with_template(&template(&[])).input("secret-var", "token=hunter2\n");
    done(&harness.run(&ACTION));
    let again = harness.input("secret-var", "token=hunter3\n").run(&ACTION);
    assert_eq!(again.outputs["adopted"], "true");
}

#[test]
fn whatever_goes_in_makes_a_new_bake() {
    let inputs = [
        ("var", "content=other", "changed: variable/content"),
        ("secret-var", "token=hunter2\n", "changed: secret-variable/token"),
        ("snapshot", "2026-01-02", "changed: snapshot"),
        ("family", "other", "changed: family"),
        ("architecture", "arm64", "changed: architecture"),
        ("distribution", "debian 13", "changed: distribution"),
        ("boot-mode", "legacy-bios", "changed: boot-mode"),
        ("root-device", "/dev/sda", "changed: root-device"),
        ("only", "null.disk", "changed: only"),
        ("except", "null.none", "changed: except"),
        ("sources", "lib", "changed: source/lib/a.sh"),
        ("var-file", "vars.json", "changed: variable-file/0"),
        ("env", "LANG", "changed: environment/LANG"),
        ("force", "true", "it is forced"),
    ];
    let mut harness = with_template(&template(&[]));
    harness.file("lib/a.sh", "true");
    harness.file("vars.json", "{\"content\": \"v\"}");
    let mut before = harness.run(&ACTION).outputs["bake-id"].clone();
    for (input, value, says) in inputs {
        harness = harness.input(input, value);
        let run = harness.run(&ACTION);
        done(&run);
        assert!(run.stdout.contains(&format!("small has to be baked: {says}\n")), "{says}: {}", run.stdout);
        assert_eq!(run.outputs["bake-id"] == before, input == "force", "{input}");
        before.clone_from(&run.outputs["bake-id"]);
        harness = harness.input("force", "");
        assert_eq!(harness.run(&ACTION).outputs["adopted"], "true", "{input}");
    }
}

#[test]
fn whatever_file_changes_makes_a_new_bake() {
    let harness = with_template(&template(&[]));
    let script = harness.file("packer/small/files/a.sh", "true");
    done(&harness.run(&ACTION));
    let expect = |change: &dyn Fn(&Path), says: &str| {
        change(&script);
        let run = harness.run(&ACTION);
        done(&run);
        assert!(run.stdout.contains(&format!("baked: changed: {says}\n")), "{says}: {}", run.stdout);
    };
    expect(&|script| fs::write(script, "false").unwrap(), "template/files/a.sh");
    expect(
        &|script| {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
        },
        "template/files/a.sh",
    );
    expect(
        &|script| fs::rename(script, script.with_file_name("b.sh")).unwrap(),
        "template/files/a.sh, template/files/b.sh",
    );
    // What tools leave is no source.
    harness.file("packer/small/packer_cache/x", "x");
    assert_eq!(harness.run(&ACTION).outputs["adopted"], "true");
}

#[test]
fn what_is_not_whole_is_never_adopted() {
    type Change = fn(&Path);
    let table: &[(&str, Change, &str)] = &[
        ("no record", |out| fs::remove_file(out.join("bake.json")).unwrap(), "nothing was baked into"),
        ("a torn record", |out| fs::write(out.join("bake.json"), "{").unwrap(), "does not read"),
        ("no disk", |out| fs::remove_file(out.join("disk.raw")).unwrap(), "disk.raw is not there"),
        (
            "another byte in the disk",
            |out| {
                File::options()
                    .write(true)
                    .open(out.join("disk.raw"))
                    .unwrap()
                    .write_all_at(b"x", 700 << 20)
                    .unwrap()
            },
            "disk.raw was changed after it was baked",
        ),
        (
            "a shorter disk",
            |out| {
                File::options()
                    .write(true)
                    .open(out.join("disk.raw"))
                    .unwrap()
                    .set_len((1 << 30) - 512)
                    .unwrap()
            },
            "disk.raw was changed after it was baked",
        ),
        (
            "a link for a disk",
            |out| {
                fs::rename(out.join("disk.raw"), out.join("moved")).unwrap();
                std::os::unix::fs::symlink("moved", out.join("disk.raw")).unwrap();
            },
            "disk.raw is not a plain file any more",
        ),
        ("no manifest", |out| fs::remove_file(out.join("image.json")).unwrap(), "cannot read"),
        (
            "another manifest",
            |out| {
                let text = fs::read_to_string(out.join("image.json")).unwrap();
                fs::write(out.join("image.json"), text.replace("uefi", "legacy-bios")).unwrap();
            },
            "image.json was changed after it was baked",
        ),
        ("no provenance", |out| fs::remove_file(out.join("provenance.json")).unwrap(), "cannot read"),
        (
            "another provenance",
            |out| {
                let text = fs::read_to_string(out.join("provenance.json")).unwrap();
                fs::write(
                    out.join("provenance.json"),
                    text.replace("local", "lokal").replace("github", "gitlab"),
                )
                .unwrap();
            },
            "provenance.json was changed after it was baked",
        ),
    ];
    let harness = with_template(&template(&[]));
    let first = harness.run(&ACTION);
    done(&first);
    for (name, change, says) in table {
        change(&output(&harness));
        let run = harness.run(&ACTION);
        done(&run);
        let line = run.stdout.lines().find(|line| line.contains("has to be baked")).unwrap_or("adopted");
        assert!(line.contains(says), "{name}: {line}");
        assert_eq!(run.outputs["content-digest"], first.outputs["content-digest"], "{name}");
        assert_eq!(run.outputs["bake-id"], first.outputs["bake-id"], "{name}");
        is_tidy(&harness);
    }
}

/// Whoever can write into the output folder (or into the cache that it is restored from) can make a disk, a
/// manifest, a statement and a record that agree; the key of the job never signs for them.
#[test]
fn a_record_that_agrees_with_itself_is_not_signed() {
    let KeyPem { private, .. } = PrivateKey::generate_p256().unwrap();
    let unsigned = with_template(&template(&[]));
    done(&unsigned.run(&ACTION));
    let key = unsigned.input("signing-key", &private);
    let refused = |says: &str| {
        let run = key.run(&ACTION);
        done(&run);
        let line = run.stdout.lines().find(|line| line.contains("has to be baked")).unwrap_or("adopted");
        assert!(line.contains(says), "{says}: {line}");
        assert_eq!(key.run(&ACTION).outputs["adopted"], "true", "{says}");
    };
    refused("does not say that this job's `signing-key` baked it");
    let out = output(&key);
    forge(&out, |statement| {
        statement["predicate"]["buildDefinition"]["resolvedDependencies"] =
            serde_json::json!([{"name": "harmless"}]);
    });
    refused("is about another provenance");
    forge(&out, |statement| {
        statement["predicateType"] = serde_json::json!("https://in-toto.io/attestation/test-result/v0.1");
    });
    refused("provenance.json is no provenance");
    forge(&out, |statement| {
        statement["predicate"]["buildDefinition"]["internalParameters"]["bakeId"] = serde_json::json!("0");
    });
    refused("provenance.json is about another bake");
    let signed = out.join("provenance.sigstore.json");
    let theirs = PrivateKey::from_pem(&PrivateKey::generate_p256().unwrap().private).unwrap();
    let statement = Statement::from_bytes(&fs::read(out.join("provenance.json")).unwrap()).unwrap();
    fs::write(signed, sign(&statement, &theirs).unwrap().to_bytes().unwrap()).unwrap();
    refused("does not say that this job's `signing-key` baked it");
}

/// A link that was left in the output folder leads nobody's writes elsewhere.
#[test]
fn links_in_the_output_folder_are_not_followed() {
    let harness = with_template(&template(&[]));
    let precious = harness.file("precious", "precious");
    let out = output(&harness);
    fs::create_dir_all(&out).unwrap();
    for name in ["bake.json.tmp", "image.json.tmp", "provenance.json.tmp", "disk.raw", "image.json"] {
        std::os::unix::fs::symlink(&precious, out.join(name)).unwrap();
    }
    done(&harness.run(&ACTION));
    assert!(fs::symlink_metadata(out.join("disk.raw")).unwrap().is_file());
    fs::remove_file(out.join(".lock")).unwrap();
    std::os::unix::fs::symlink(&precious, out.join(".lock")).unwrap();
    failed(&harness.run(&ACTION), "cannot write into the folder");
    assert_eq!(fs::read_to_string(precious).unwrap(), "precious");
}

/// Changes the kept statement, and the record so that it agrees.
fn forge(out: &Path, change: impl FnOnce(&mut Value)) {
    let mut statement = json(out.join("provenance.json"));
    change(&mut statement);
    let bytes = canonical_json(&statement).unwrap();
    fs::write(out.join("provenance.json"), &bytes).unwrap();
    let mut record = json(out.join("bake.json"));
    record["images"][0]["provenance"] = serde_json::json!(Sha256::of(&bytes));
    fs::write(out.join("bake.json"), canonical_json(&record).unwrap()).unwrap();
}

#[test]
fn a_failed_bake_leaves_the_image_before_it_alone() {
    let harness = with_template(&template(&["test \"$CONTENT\" != bad"]));
    let first = harness.run(&ACTION);
    done(&first);
    let image = fs::read(&first.outputs["image"]).unwrap();
    let bad = harness.input("var", "content=bad");
    failed(&bad.run(&ACTION), "packer build ended with exit code 1");
    assert_eq!(fs::read(&first.outputs["image"]).unwrap(), image);
    assert_eq!(bad.input("var", "").run(&ACTION).outputs["adopted"], "true");
}

#[test]
fn two_bakes_never_work_in_one_folder() {
    let harness = with_template(&template(&[]));
    fs::create_dir_all(output(&harness)).unwrap();
    let lock = File::create(output(&harness).join(".lock")).unwrap();
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    failed(&harness.run(&ACTION), "another bake is at work in");
    drop(lock);
    done(&harness.run(&ACTION));
}
