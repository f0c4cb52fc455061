//! What the tests of `hallmark init` share: throw-away repositories, and the workflow read back.
#![allow(dead_code, reason = "each file of tests uses a part of it")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use runner::testing::{Harness, Run};
use serde_json::Value;

/// The commit that tests pin, so that no server is asked.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

pub(crate) const WORKFLOW: &str = ".github/workflows/golden-image.yml";

/// Everything that is written.
pub(crate) const FILES: [&str; 9] = [
    WORKFLOW,
    "hallmark/exceptions.yml",
    "hallmark/goss/booted.yaml",
    "hallmark/goss/disk.yaml",
    "hallmark/goss/files.yaml",
    "hallmark/keys/.gitignore",
    "hallmark/keys/README.md",
    "hallmark/policy.yml",
    "signatures.yml",
];

/// An action of the program.
pub(crate) fn action(name: &str) -> &'static runner::Action {
    let found = hallmark::ACTIONS.iter().find(|action| action.name == name);
    found.unwrap_or_else(|| panic!("there is no action {name}"))
}

/// Hallmark's own repository.
pub(crate) fn hallmark() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Somebody's repository, which is the working folder.
pub(crate) struct Repository(pub(crate) Harness);

impl Repository {
    /// With these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let harness = Harness::new().off_runner().input("release", COMMIT);
        harness.file(".git/HEAD", "ref: refs/heads/main\n");
        for (name, text) in files {
            harness.file(name, text);
        }
        Self(harness)
    }

    /// With Hallmark's own template debian-base, as a newcomer copies it.
    pub(crate) fn with_debian_base() -> Self {
        let repository = Self::with(&[]);
        for folder in ["debian-base", "lib"] {
            copy(&hallmark().join("packer").join(folder), &repository.path("packer").join(folder));
        }
        repository
    }

    pub(crate) fn input(self, name: &str, value: &str) -> Self {
        Self(self.0.input(name, value))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.workspace().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn init(&self) -> Run {
        self.0.run(action("init"))
    }

    /// Runs it and wants it to go well.
    pub(crate) fn initialised(self) -> Self {
        let run = self.init();
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        self
    }

    pub(crate) fn workflow(&self) -> Value {
        yaml(&self.read(WORKFLOW))
    }

    /// Every file and link, for comparing.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        let mut waiting = vec![self.path("")];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let kind = fs::symlink_metadata(&path).unwrap();
                if kind.is_dir() {
                    waiting.push(path);
                } else if kind.is_symlink() {
                    let target = fs::read_link(&path).unwrap();
                    found.insert(path, format!("-> {}", target.display()));
                } else {
                    let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                    found.insert(path, text);
                }
            }
        }
        found
    }

    /// Makes the four key pairs, as hallmark/keys/README.md says: the private ones elsewhere.
    pub(crate) fn keys(&self) -> PathBuf {
        let private = self.path("../keys");
        for key in ["bake", "assay", "publish", "approver"] {
            let run = Harness::new()
                .input_path("key", private.join(key).with_extension("pem"))
                .input_path("public", self.path("hallmark/keys").join(key).with_extension("pub"))
                .run(action("keygen"));
            assert_eq!(run.code, 0, "{}", run.stdout);
        }
        private
    }
}

/// Copies a folder, its links and modes.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, target) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Every step of every job, with its job's id.
pub(crate) fn steps(workflow: &Value) -> Vec<(String, Value)> {
    let jobs = workflow["jobs"].as_object().unwrap();
    let steps = jobs.iter().flat_map(|(id, job)| {
        job["steps"].as_array().unwrap().iter().map(move |step| (id.clone(), step.clone()))
    });
    steps.collect()
}

/// The name of Hallmark's action that a step uses, if it uses one.
pub(crate) fn hallmark_action(step: &Value) -> Option<String> {
    let uses = step["uses"].as_str()?.strip_prefix("hallmark-images/hallmark/actions/")?;
    Some(uses.split('@').next()?.to_owned())
}

/// The workflow with what its comments say to switch on for signatures.
pub(crate) fn verifying(workflow: &str) -> String {
    let mut inside = false;
    let lines = workflow.lines().map(|line| {
        inside = line.contains("# - name: Verify signatures") || inside && line.starts_with("      # ");
        let on = inside || line.trim_start().starts_with("# verified-files:");
        if on { line.replacen("# ", "", 1) + "\n" } else { format!("{line}\n") }
    });
    let text: String = lines.collect();
    assert!(
        text.contains("\n      - name: Verify signatures\n") && text.contains("\n          verified-files: ")
    );
    text
}
