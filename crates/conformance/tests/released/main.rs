//! Every action from a release tree, as a runner starts it: `node <tree>/actions/<name>/index.js` with INPUT_*, GITHUB_* and
//! STATE_* variables and nothing else, outside of the checkout, on the real image that `make test` baked.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]
#![expect(clippy::disallowed_methods, reason = "these tests start programs, and are told where the tree is")]

#[path = "../common/mod.rs"]
mod common;
mod job;
mod tampered;

use std::fs;

use common::{Ran, VERIFIER, World, home, tree};
use job::Job;
use serde_json::Value;

/// Every action of the tree: those with a folder, and the repository's own, which is the chain.
fn actions() -> Vec<String> {
    let folders = fs::read_dir(job::tree().join("actions")).unwrap().map(|entry| entry.unwrap().path());
    let mut actions: Vec<String> = folders
        .filter(|folder| folder.join("action.yml").is_file())
        .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    actions.sort();
    let mut rank: Vec<&str> = hallmark::RANK.iter().map(|action| action.name).collect();
    rank.sort_unstable();
    assert_eq!(actions, rank, "each action has a folder in the tree");
    actions.push("chain".to_owned());
    actions
}

/// This machine's architecture, as Debian and the inputs call it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "amd64",
    }
}

/// A job whose repository has the templates, the specifications and the signed service.
fn job() -> Job {
    let job = Job::new();
    for part in ["packer", "goss", "policies"] {
        job.bring(part);
    }
    tree::link(&home().join("service"), &job.workspace().join("service"));
    job
}

/// It did what it should, and its summary is there, which begins with a heading.
#[track_caller]
fn done(ran: Ran) -> Ran {
    let ran = ran.done();
    assert!(ran.summary.starts_with("## "), "{:?}", ran.summary);
    ran
}

/// There was nothing to clean up. The runner takes the masks out of the log.
#[track_caller]
fn says_nothing(post: &Ran) {
    let said = post.said();
    assert!(said.lines().all(|line| line.starts_with("::add-mask::")), "{said}");
    assert!(post.outputs.is_empty() && post.summary.is_empty(), "{post:?}");
}

#[track_caller]
fn nothing_stays(job: &Job) {
    for folder in [job.temp(), job.tmp()] {
        let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn an_image_is_verified_baked_adopted_tested_and_scanned() {
    let job = job();
    let evidence = ".hallmark/evidence/debian-app";
    let verified = done(
        job.uses("verify-signatures")
            .with("manifest", "service/signatures.yml")
            .with("evidence", evidence)
            .key("bake")
            .run(),
    );
    assert_eq!(verified.output("verified"), "1");
    assert!(job.workspace().join(evidence).is_dir());

    let variables = format!(
        "service_binary={}\narchitecture={}",
        job.workspace().join("service/hallmark-hello").display(),
        architecture()
    );
    let bake = job
        .uses("packer-build")
        .with("template", "packer/debian-app")
        .with("sources", "packer/lib")
        .with("architecture", architecture())
        .with("distribution", "debian 13")
        .path("base-image", home().join("images/debian-base/image.json"))
        .with("verified-files", verified.output("evidence"))
        .with("evidence", evidence)
        .with("var", variables)
        .key("bake");
    let baked = done(bake.run());
    assert_eq!(baked.output("adopted"), "false");
    // The same files give the same image: it is the one that the chain baked, byte for byte.
    let chain: Value =
        serde_json::from_slice(&fs::read(home().join("images/debian-app/image.json")).unwrap()).unwrap();
    assert_eq!(baked.output("content-digest"), chain["disks"][0]["contentDigest"].as_str().unwrap());
    assert_eq!(
        baked.output("image"),
        job.workspace().join(".hallmark/images/debian-app/image.json").to_str().unwrap()
    );
    says_nothing(&bake.post().done());
    assert_eq!(done(bake.run()).output("adopted"), "true");
    bake.post().done();
    nothing_stays(&job);

    let image = baked.output("image");
    let test = job
        .uses("goss-test")
        .with("image", image)
        .with("mode", "disk")
        .with("specs", "goss/debian-app/disk.yaml")
        .with("evidence", evidence)
        .with("junit", "report/junit.xml")
        .key("assay");
    let tested = done(test.run());
    assert_ne!(tested.output("passed"), "0");
    assert_eq!(tested.output("failed"), "0");
    assert!(tested.output_path("evidence").is_file() && job.workspace().join("report/junit.xml").is_file());
    says_nothing(&test.post().done());
    nothing_stays(&job);

    let scan = job
        .uses("trivy-scan")
        .with("image", image)
        .with("database", "sample")
        .with("sarif", "report/trivy.sarif")
        .with("evidence", evidence)
        .key("assay");
    let scanned = done(scan.run());
    assert_ne!(scanned.output("packages"), "0");
    assert_eq!(scanned.output("sarif"), job.workspace().join("report/trivy.sarif").to_str().unwrap());
    assert!(!scan.has_post());
    nothing_stays(&job);

    // What a program says passes the runner's log, and no token is in it.
    for ran in [&verified, &baked, &tested, &scanned] {
        assert!(!ran.said().contains("a-token-that-no-template-may-see"), "{}", ran.said());
    }
}

#[test]
fn a_verdict_is_made_and_carried_out() {
    let world = World::app();
    let job = job();
    let home = home();
    let signers = ["bake", "assay", "approver", "publish"]
        .map(|name| format!("{name}={}", home.join("keys").join(format!("{name}.pub")).display()));
    let exceptions = fs::read(job.workspace().join("policies/exceptions.yml")).unwrap();
    let gate = job
        .uses("gate")
        .path("image", world.manifest())
        .with("policy", "demo")
        .with("exceptions", "policies/exceptions.yml")
        // It lies in the checkout: the workflow has to say what it is.
        .with("exceptions-digest", model::Sha256::of(&exceptions).to_string())
        .with("signers", signers.join("\n"))
        .path("evidence", world.evidence())
        .path("base-evidence", world.base())
        .with("page", "report/page.html")
        .key("assay");
    let decided = done(gate.run());
    assert_eq!(decided.output("verdict"), "pass", "{}", decided.said());
    assert!(job.workspace().join("report/page.html").is_file());

    let publish = job
        .uses("register-ami")
        .path("image", world.manifest())
        .path("disk", world.disk())
        .path("evidence", world.evidence())
        .with("channel", "stable")
        .path("verdict-signer", home.join("keys/assay.pub"))
        .with("verifier-id", VERIFIER)
        .with("policy-digest", decided.output("policy-digest"))
        .key("publish");
    let published = done(publish.run());
    assert_eq!(published.output("adopted"), "false");
    // Without `store:` it is where the table says, in the workspace.
    assert!(published.output_path("location").starts_with(job.workspace().join(".hallmark/store")));
    assert_eq!(done(publish.run()).output("adopted"), "true");

    // A decision against is exit code 1, which fails the step, and no output says otherwise.
    let by_other = publish.with("policy-digest", "0".repeat(64)).run();
    assert_eq!(by_other.code, Some(1), "{}", by_other.said());
    assert!(!by_other.reasons().is_empty() && by_other.outputs.is_empty(), "{:?}", by_other.outputs);
    nothing_stays(&job);
}

/// `uses: hallmark-images/hallmark@…`: the whole chain, by the scripts of its own folder.
#[test]
fn the_repository_is_an_action_too() {
    let job = job();
    // Outside of the checkout, as what an earlier step fetched.
    let policy = job.folder().join("policy.yml");
    let minimal = fs::read_to_string(job.workspace().join("policies/minimal.yml")).unwrap();
    // A disk that lies still takes seconds; the booted image is tested elsewhere.
    assert!(minimal.contains("seen: [booted]"));
    fs::write(&policy, minimal.replace("seen: [booted]", "seen: [disk]")).unwrap();
    let service = job.workspace().join("service/hallmark-hello");
    let step = job
        .uses("chain")
        .with("template", "packer/debian-app")
        .with("sources", "packer/lib")
        .with("architecture", architecture())
        .with("var", format!("service_binary={}\narchitecture={}", service.display(), architecture()))
        .path("base-image", home().join("images/debian-base/image.json"))
        .with("manifest", "service/signatures.yml")
        .with("mode", "disk")
        .with("specs", "goss/debian-app/disk.yaml")
        .with("database", "sample")
        .path("policy", &policy)
        .with("channel", "stable");
    let ran = done(step.run());
    assert_eq!((ran.output("verdict"), ran.output("failed")), ("pass", "0"), "{}", ran.said());
    assert!(job.workspace().join(".hallmark/store/channels/debian-app/stable.json").is_file());
    says_nothing(&step.post().done());
    nothing_stays(&job);
}

/// Each action is its own program: with nothing given, and with nonsense, it says so under its own name.
#[test]
fn every_action_starts_and_names_what_it_lacks() {
    let job = Job::new();
    for action in &actions() {
        let nothing = job.uses(action).run();
        assert_eq!(nothing.code, Some(2), "{action}: {}", nothing.said());
        assert!(
            nothing.said().contains(&format!("::error title={action}::")),
            "{action}: {}",
            nothing.said()
        );
        assert!(
            nothing.outputs.is_empty() && nothing.summary.starts_with("Could not decide: "),
            "{action}: {nothing:?}"
        );
        let step = job.uses(action);
        if step.has_post() {
            // A clean-up runs whatever became of the step, even if its inputs were wrong.
            says_nothing(&step.post().done());
        }
    }
    nothing_stays(&job);
}

/// The tree is what is run, and nothing is written into it.
#[test]
fn a_tree_that_nobody_may_write_to_is_enough() {
    let copy = tampered::Copy::of_the_tree();
    copy.freeze();
    let frozen = tree::stamps(copy.path());
    let job = Job::with(copy.path());
    tree::link(&home().join("service"), &job.workspace().join("service"));
    let step = job.uses("verify-signatures").with("manifest", "service/signatures.yml").key("bake");
    assert_eq!(done(step.run()).output("verified"), "1");
    tree::assert_same(&tree::stamps(copy.path()), &frozen, "a step was run");
}
