//! `golden-image.yml` with the files it calls, as another server gets them: real Packer, Goss and Trivy on a real image, three
//! jobs with three keys. What `act` has no server for is in the place of it: artifacts go by a folder of this machine, and the
//! brief, which is shown at GitHub, is left out.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{home, key};
use crate::job;
use crate::{Log, act, git, release, run};

const NAMES: [&str; 4] = ["golden-image", "bake", "assay", "publish"];

/// A template whose artifact is a disk that somebody has made already.
const TEMPLATE: &str = r#"
variable "disk" { type = string }
source "null" "web" { communicator = "none" }
build {
  sources = ["source.null.web"]
  provisioner "shell-local" {
    inline = ["mkdir -p output", "cp --sparse=always '${var.disk}' output/web.raw"]
  }
  post-processor "artifice" { files = ["output/web.raw"] }
}
"#;

/// The step, with what stands for artifacts.
fn step(step: &Value, artifacts: &Path) -> Option<Value> {
    let uses = step["uses"].as_str().unwrap_or_default();
    let with = |key: &str| step["with"][key].as_str().unwrap().to_owned();
    let run = if uses.starts_with("actions/upload-artifact@") {
        // A folder is a folder of the artifact where there are several paths; a file lies at its root.
        "mkdir -p \"$ARTIFACTS/$NAME\"; while read -r path; do if [ -n \"$path\" ]; then cp -a \"$path\" \"$ARTIFACTS/$NAME/\"; fi; done <<<\"$PATHS\""
    } else if uses.starts_with("actions/download-artifact@") {
        "mkdir -p \"$PATHS\"; cp -a \"$ARTIFACTS/$NAME/.\" \"$PATHS/\""
    } else if uses.starts_with("actions/checkout@") {
        // There is one branch, and act checks that out.
        let mut step = step.clone();
        step["with"].as_object_mut().unwrap().remove("ref");
        return Some(step);
    } else if uses.contains("/actions/brief@") {
        return None;
    } else {
        return Some(step.clone());
    };
    let mut instead = json!({"name": step["name"], "run": run});
    instead["env"] = json!({"NAME": with("name"), "PATHS": with("path"), "ARTIFACTS": artifacts});
    for key in ["id", "if"] {
        if let Some(value) = step.get(key) {
            instead[key] = value.clone();
        }
    }
    Some(instead)
}

/// The repository of somebody who builds images, with the four files in it.
fn repository(folder: &Path, commit: &str, inputs: &[(&str, String)]) {
    let repository = folder.join("images");
    let workflows = repository.join(".github/workflows");
    fs::create_dir_all(repository.join("keys")).unwrap();
    fs::create_dir_all(repository.join("packer/web")).unwrap();
    fs::write(repository.join("packer/web/web.pkr.hcl"), TEMPLATE).unwrap();
    run(Command::new("cp").arg("-R").arg(job::tree().join("goss")).arg(&repository));
    for name in ["assay.pub", "publish.pub"] {
        fs::copy(home().join("keys").join(name), repository.join("keys").join(name)).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/dist/workflows.sh");
    run(Command::new(script).arg("hallmark-images/hallmark").arg(commit).arg(&workflows));
    for name in NAMES {
        let path = workflows.join(format!("{name}.yml"));
        let mut workflow: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for job in workflow["jobs"].as_object_mut().unwrap().values_mut() {
            if let Some(steps) = job["steps"].as_array() {
                let steps: Vec<Value> =
                    steps.iter().filter_map(|one| step(one, &folder.join("artifacts"))).collect();
                job["steps"] = json!(steps);
            }
        }
        if name == "golden-image" {
            let mut declared = workflow["on"]["workflow_call"]["inputs"].clone();
            for (name, value) in inputs {
                declared[name]["default"] = json!(value);
            }
            workflow["on"] = json!({"workflow_dispatch": {"inputs": declared}});
        }
        fs::write(path, serde_json::to_vec_pretty(&workflow).unwrap()).unwrap();
    }
    git(&repository, &["init", "--quiet"]);
    git(&repository, &["remote", "add", "origin", "https://github.com/acme/images.git"]);
    git(&repository, &["add", "--all"]);
    git(&repository, &["commit", "--quiet", "--message", "Images"]);
}

#[test]
fn the_workflows_make_and_publish_an_image() {
    let folder = job::folder();
    let folder = folder.path();
    let (release, commit) = release(folder);
    let keys = home().join("keys");
    let signers = ["bake", "assay", "approver", "publish"];
    let signers: Vec<String> =
        signers.iter().map(|name| format!("{name}={}", keys.join(format!("{name}.pub")).display())).collect();
    let base = home().join("images/debian-base");
    let manifest: Value = serde_json::from_slice(&fs::read(base.join("image.json")).unwrap()).unwrap();
    let disk = base.join(manifest["disks"][0]["file"].as_str().unwrap());
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    repository(
        folder,
        &commit,
        &[
            ("image", "web".into()),
            ("architecture", architecture.into()),
            ("distribution", "debian 13".into()),
            ("var", format!("disk={}", disk.display())),
            ("specs", "goss/debian-base/booted.yaml".into()),
            ("policy", "base".into()),
            ("signers", signers.join("\n")),
            ("database", "sample".into()),
            ("channel", "stable".into()),
            ("environment", "dev".into()),
            ("signing", "key".into()),
            ("assay-signer", "keys/assay.pub".into()),
            ("publish-signer", "keys/publish.pub".into()),
        ],
    );
    let mut act = act(folder, &release, &commit);
    act.args(["--platform", "ubuntu-24.04=-self-hosted", "--platform", "ubuntu-24.04-arm=-self-hosted"]);
    for (secret, name) in
        [("HALLMARK_BAKE_KEY", "bake"), ("HALLMARK_ASSAY_KEY", "assay"), ("HALLMARK_PUBLISH_KEY", "publish")]
    {
        act.args(["--secret", secret]).env(secret, key::pem(name));
    }
    let output = act.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let all = format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{all}");
    let steps = Log::parse(&text).steps("Main");
    for step in [
        "bake/bake",
        "assay/booted",
        "assay/scan",
        "assay/gate",
        "assay/pack",
        "publish/whose",
        "publish/publish",
    ] {
        assert!(steps.contains(&format!("{step} success")), "{step}: {steps:?}\n{all}");
    }
    let others =
        |step: &&String| ["review/", "second-review/", "close/"].iter().any(|job| step.starts_with(job));
    assert_eq!(steps.iter().find(others), None, "{steps:?}");

    // Each artifact is what the next job and people find it as.
    let artifacts = folder.join("artifacts");
    let listed = |name: &str| -> Vec<String> {
        let entries = fs::read_dir(artifacts.join(name)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(listed("web-baked"), ["baked.tar.zst"]);
    assert_eq!(listed("web-assayed"), ["evidence", "replay", "report"]);
    assert_eq!(listed("web-release"), ["release.tar.zst"]);
    let out = folder.join("out");
    fs::create_dir(&out).unwrap();
    run(Command::new("tar")
        .arg("-xf")
        .arg(artifacts.join("web-release/release.tar.zst"))
        .arg("-C")
        .arg(&out));
    let shown = fs::read(out.join("store/channels/web/stable.json")).unwrap();
    let shown: Value = serde_json::from_slice(&shown).unwrap();
    assert!(shown["current"]["imageId"].is_string(), "{shown}");
}
