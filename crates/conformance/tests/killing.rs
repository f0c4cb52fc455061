//! Killed with SIGKILL at any moment and run again, the chain ends where it would have ended: the real publisher on the
//! real image, and a real bake. Nothing half made counts, and nothing runs on.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Step, World, tree};
use serde_json::Value;

const MOMENTS: u32 = 13;

fn json(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Kills a step at a part of its life, and learns how long that is: it may have been measured on a busier machine.
/// False if it had ended before.
fn killed_at(step: &Step, moment: u32, whole: &mut Duration) -> bool {
    let begun = Instant::now();
    let mut child = step.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Not a synchronisation: whatever the child has come to by then is what is tested.
    while begun.elapsed() < *whole * moment / (MOMENTS - 1) {
        if child.try_wait().unwrap().is_some() {
            *whole = begun.elapsed();
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    alive
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

/// A folder put back to what it was.
fn restore(folder: &Path, before: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
    tree::link(before, folder);
}

/// The evidence, but for what an interrupted writer left: it is no statement, and nobody takes it for one.
fn evidence(folder: &Path) -> BTreeMap<String, String> {
    let mut found = tree::contents(folder);
    found.retain(|name, _| !name.starts_with(".partial-"));
    found
}

#[test]
fn a_publisher_killed_at_any_moment_and_run_again_leaves_the_same_store() {
    let world = World::app();
    let by = world.gate("demo").run().done().output("policy-digest").to_owned();
    let base = World::decided("debian-base");
    let digest =
        base.statement("verdict").predicate["policy"]["digest"]["sha256"].as_str().unwrap().to_owned();
    let store = world.path("store");
    base.publish(&store, &digest).input("family", "debian-app").run().done();
    let (store_before, evidence_before) = (world.path("store-before"), world.path("evidence-before"));
    tree::link(&store, &store_before);
    tree::link(&world.evidence(), &evidence_before);

    let step = world.publish(&store, &by);
    let begun = Instant::now();
    let wanted = step.run().done().outputs;
    let mut whole = begun.elapsed();
    let (wanted_store, wanted_evidence) = (tree::contents(&store), evidence(&world.evidence()));

    let mut killed = 0;
    for moment in 0..MOMENTS {
        restore(&store, &store_before);
        restore(&world.evidence(), &evidence_before);
        killed += u32::from(killed_at(&step, moment, &mut whole));
        // What somebody reads of the channel now is one image or the other, and that image is whole.
        let shown = json(store.join("channels/debian-app/stable.json"))["current"]["imageId"].clone();
        let disk = store.join("images").join(shown.as_str().unwrap()).join("disk.raw");
        let found = blocks::digest_file(&disk, &blocks::Options::default()).unwrap().content_digest;
        assert_eq!(found.to_string(), format!("hallmarkBlocks1:{}", shown.as_str().unwrap()));

        let again = step.run().done();
        let when = format!("killed at {moment} of {}", MOMENTS - 1);
        for (output, value) in &wanted {
            // An image that was stored before the kill is adopted, which is as it should be.
            assert!(
                again.output(output) == value || output == "adopted",
                "{when}: {output}: {}",
                again.said()
            );
        }
        tree::assert_same(&tree::contents(&store), &wanted_store, &when);
        tree::assert_same(&evidence(&world.evidence()), &wanted_evidence, &when);
        assert!(is_empty(&store.join("staging")) && is_empty(&step.temp()), "{when}");
    }
    println!("{killed} of {MOMENTS} publishers were killed within {whole:?}");
    assert!(killed >= MOMENTS / 2, "only {killed} were killed before they ended");
}

/// Writes a small disk in several steps, and leaves something running that no pipe holds.
const TEMPLATE: &str = r#"variable "output" {}
source "null" "disk" { communicator = "none" }
build {
  sources = ["source.null.disk"]
  provisioner "shell-local" { inline = ["setsid sleep 1000 >/dev/null 2>&1 & printf half >${var.output}/small.raw"] }
  provisioner "shell-local" { inline = ["sleep 0.6; printf whole >${var.output}/small.raw; truncate -s 1G ${var.output}/small.raw"] }
  post-processor "artifice" { files = ["${var.output}/small.raw"] }
}
"#;

/// The processes that work in a folder or for it.
fn at_work(folder: &Path) -> Vec<String> {
    let wanted = folder.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let process = entry.path();
        let read = |name: &str| fs::read(process.join(name)).unwrap_or_default();
        let in_it = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        let names_it = |name: &str| String::from_utf8_lossy(&read(name)).contains(wanted);
        // A process that has ended and waits for its parent has neither.
        if in_it || names_it("cmdline") || names_it("environ") {
            let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            found.push(format!("{} {command}", process.display()));
        }
    }
    found
}

#[test]
fn a_bake_killed_at_any_moment_and_run_again_makes_the_same_image() {
    let workspace = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let workspace = workspace.path();
    fs::create_dir_all(workspace.join("packer/small")).unwrap();
    fs::write(workspace.join("packer/small/small.pkr.hcl"), TEMPLATE).unwrap();
    let output = workspace.join("image");
    let step = Step::new("packer-build", workspace)
        .input("template", "packer/small")
        .path("output", &output)
        .path("evidence", workspace.join("evidence"))
        .key("bake");

    let begun = Instant::now();
    let wanted = step.run().done();
    let mut whole = begun.elapsed();
    let image = fs::read(output.join("image.json")).unwrap();
    assert_eq!((wanted.output("adopted"), at_work(workspace)), ("false", Vec::new()));

    let (mut killed, mut left) = (0, 0);
    for moment in 0..MOMENTS {
        fs::remove_dir_all(&output).unwrap();
        killed += u32::from(killed_at(&step, moment, &mut whole));
        left += at_work(workspace).len();
        // A record stands beside a whole image only: what is adopted by it was finished.
        let recorded = output.join("bake.json").exists();
        if recorded {
            assert_eq!(fs::read(output.join("image.json")).unwrap(), image);
        }

        let when = format!("killed at {moment} of {}", MOMENTS - 1);
        let again = step.run().done();
        assert_eq!(again.output("adopted"), recorded.to_string(), "{when}: {}", again.said());
        assert_eq!(again.output("content-digest"), wanted.output("content-digest"), "{when}");
        assert_eq!(fs::read(output.join("image.json")).unwrap(), image, "{when}");
        let found = blocks::digest_file(&output.join("disk.raw"), &blocks::Options::default()).unwrap();
        assert_eq!(found.content_digest.to_string(), wanted.output("content-digest"), "{when}");
        assert_eq!(at_work(workspace), Vec::<String>::new(), "{when}: {}", again.said());
        for half in [".bake", ".running"] {
            assert!(!output.join(half).exists(), "{when}: {half} stayed");
        }
        assert!(is_empty(&step.temp()), "{when}: something stayed in RUNNER_TEMP");
    }
    println!(
        "{killed} of {MOMENTS} bakes were killed within {whole:?}, {left} processes outlived them and were ended"
    );
    assert!(killed >= MOMENTS / 2, "only {killed} were killed before they ended");
    assert!(left > 0, "nothing ever outlived a killed bake: this test sees nothing");
}

#[test]
fn what_a_killed_writer_left_in_the_evidence_stops_nobody() {
    let world = World::app();
    fs::write(world.evidence().join(".partial-Ab3xYz"), "{\"_type\":").unwrap();
    let decision = world.gate("demo").run().done();
    assert_eq!(decision.output("verdict"), "pass", "{}", decision.said());
    world.publish(&world.path("store"), decision.output("policy-digest")).run().done();
}
