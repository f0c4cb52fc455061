//! When an image is adopted, and when it is not: half-made, changed, or of other inputs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{done, failed, is_tidy, output, provenance, template, with_template};
use packer_build::ACTION;
use rustix::fs::{FlockOperation, flock};
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
