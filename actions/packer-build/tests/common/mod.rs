//! What the tests share: the real Packer, and small templates.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, dead_code, reason = "helpers of tests")]

use runner::testing::{Harness, Run};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// PATH with the folder of real tools in front.
pub(crate) fn path() -> String {
    let path = env::var("PATH").unwrap();
    match env::var("HALLMARK_TEST_BIN_DIR") {
        Ok(folder) => {
            assert!(
                Path::new(&folder).join("packer").is_file(),
                "HALLMARK_TEST_BIN_DIR is {folder}, and there is no packer in it: `make test` sets it up"
            );
            format!("{folder}:{path}")
        }
        Err(_) => path,
    }
}

/// A runner that has the real Packer, and a home of its own.
pub(crate) fn harness() -> Harness {
    let mut harness = Harness::new().env("PATH", path()).env("LANG", "C.UTF-8");
    for name in cache() {
        harness = harness.env(name.0, name.1);
    }
    let home = harness.workspace().join("../home");
    fs::create_dir_all(&home).unwrap();
    harness.env("HOME", home.canonicalize().unwrap().to_str().unwrap())
}

/// Where the tools crate keeps what it got before.
pub(crate) fn cache() -> Vec<(&'static str, String)> {
    let home = env::var("HOME").unwrap();
    let cache = env::var("HALLMARK_CACHE").unwrap_or_else(|_| {
        let xdg = env::var("XDG_CACHE_HOME").unwrap_or_else(|_| format!("{home}/.cache"));
        format!("{xdg}/hallmark")
    });
    vec![("HALLMARK_CACHE", cache)]
}

/// A template that makes a sparse 1 GiB disk with some bytes in it, after `steps` (shell commands).
pub(crate) fn template(steps: &[&str]) -> String {
    let steps: Vec<String> = steps.iter().map(|step| serde_json::to_string(step).unwrap() + ",").collect();
    r#"variable "output" { type = string }
variable "content" {
  type    = string
  default = "content"
}
variable "token" {
  type      = string
  default   = "none"
  sensitive = true
}

source "null" "disk" { communicator = "none" }

build {
  sources = ["source.null.disk"]
  provisioner "shell-local" {
    environment_vars = ["OUT=${var.output}", "CONTENT=${var.content}", "TOKEN=${var.token}"]
    inline = [
      STEPS
      "printf %s \"$CONTENT\" >\"$OUT/small.raw\"",
      "truncate -s 1G \"$OUT/small.raw\"",
    ]
  }
  post-processor "artifice" {
    files = ["${var.output}/small.raw"]
  }
}
"#
    .replace("STEPS", &steps.join("\n      "))
}

/// A harness with this template in `packer/small`.
pub(crate) fn with_template(text: &str) -> Harness {
    let harness = harness();
    harness.file("packer/small/small.pkr.hcl", text);
    harness.input("template", "packer/small")
}

/// It did what it should.
#[track_caller]
pub(crate) fn done(run: &Run) {
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
}

/// It could not, and says so.
#[track_caller]
pub(crate) fn failed(run: &Run, says: &str) {
    assert_eq!(run.code, 2, "{}\n{}", run.stdout, run.stderr);
    assert!(run.stdout.contains(says), "{says:?} is not in\n{}\n{}", run.stdout, run.stderr);
}

pub(crate) fn json(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The provenance statements in the evidence folder, unsigned.
pub(crate) fn provenance(evidence: &Path) -> Vec<Value> {
    let mut names: Vec<PathBuf> =
        fs::read_dir(evidence).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.iter().map(json).collect()
}

/// Where the image goes without an `output`.
pub(crate) fn output(harness: &Harness) -> PathBuf {
    harness.workspace().join(".hallmark/images/small")
}

/// Nothing of the work stays: no half-made image, no temporary file, no note.
#[track_caller]
pub(crate) fn is_tidy(harness: &Harness) {
    for name in [".bake", ".running"] {
        assert!(!output(harness).join(name).exists(), "{name} stayed");
    }
    let temp = harness.workspace().join("../temp");
    let left: Vec<_> = fs::read_dir(temp).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?} stayed");
}
