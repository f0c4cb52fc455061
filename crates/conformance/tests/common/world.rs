//! A copy of the real result, as the gate finds it: every case has one of its own, and what `make bake` made stays.

use std::fs;
use std::path::{Path, PathBuf};
use std::{env, io};

use tempfile::TempDir;

use super::{Step, key};

/// Where `make test` baked: keys, images, evidence, store.
pub(crate) fn home() -> PathBuf {
    match env::var_os("HALLMARK_TEST_HOME") {
        Some(home) => home.into(),
        None => panic!("HALLMARK_TEST_HOME is not set: `make test` bakes a real image and sets it"),
    }
}

/// Who decides, by its own name.
pub(crate) const VERIFIER: &str = "https://hallmark.dev/gate";

/// What deciding and publishing make of the evidence, and no evidence that is decided on.
const RESULTS: [&str; 4] = ["verdict.", "vsa.", "approval.", "release."];

/// One image with its evidence, its base's, and the policies.
pub(crate) struct World {
    folder: TempDir,
    image: &'static str,
}

impl World {
    /// The app image, with nothing decided about it yet.
    pub(crate) fn app() -> Self {
        let world = Self::decided("debian-app");
        for entry in fs::read_dir(world.evidence()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if RESULTS.iter().any(|result| name.starts_with(result)) {
                fs::remove_file(path).unwrap();
            }
        }
        world
    }

    /// An image with the verdict that `make test` made.
    pub(crate) fn decided(image: &'static str) -> Self {
        let world = Self { folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(), image };
        copy(&home().join("evidence").join(image), &world.evidence()).unwrap();
        copy(&home().join("evidence/debian-base"), &world.base()).unwrap();
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
        copy(&policies, &world.path("policies")).unwrap();
        fs::copy(home().join("images").join(image).join("image.json"), world.manifest()).unwrap();
        world
    }

    /// Another just like it, to be spoilt.
    pub(crate) fn again(&self) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        copy(self.folder.path(), folder.path()).unwrap();
        Self { folder, image: self.image }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn evidence(&self) -> PathBuf {
        self.path("evidence")
    }

    pub(crate) fn base(&self) -> PathBuf {
        self.path("base")
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.path("image.json")
    }

    pub(crate) fn policy(&self, name: &str) -> PathBuf {
        self.path("policies").join(format!("{name}.yml"))
    }

    /// The disk that was baked; never to be written to.
    pub(crate) fn disk(&self) -> PathBuf {
        home().join("images").join(self.image).join("disk.raw")
    }

    /// A sparse copy of the disk, to be written to.
    pub(crate) fn own_disk(&self) -> PathBuf {
        let own = self.path("disk.raw");
        let mut command = std::process::Command::new("cp");
        assert!(command.arg("--sparse=always").args([&self.disk(), &own]).status().unwrap().success());
        own
    }

    /// The one file of a kind.
    #[track_caller]
    pub(crate) fn file(&self, kind: &str) -> PathBuf {
        let of_kind = |path: &PathBuf| {
            path.file_name().unwrap().to_string_lossy().split_once('.').is_some_and(|(k, _)| k == kind)
        };
        let mut found: Vec<PathBuf> = fs::read_dir(self.evidence())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(of_kind)
            .collect();
        assert_eq!(found.len(), 1, "one {kind} is wanted: {found:?}");
        found.remove(0)
    }

    /// The full report of the scan.
    pub(crate) fn report(&self) -> PathBuf {
        let digest = self.statement("vulns").predicate["hallmark"]["report"]["digest"]["sha256"].clone();
        self.path("evidence/reports").join(format!("{}.json", digest.as_str().unwrap()))
    }

    pub(crate) fn gate(&self, policy: &str) -> Step {
        let signers = ["bake", "assay", "approver", "publish"]
            .map(|name| format!("{name}={}", home().join("keys").join(format!("{name}.pub")).display()));
        Step::new("gate", self.folder.path())
            .path("image", self.manifest())
            .path("policy", self.policy(policy))
            .path("exceptions", self.path("policies/exceptions.yml"))
            .input("signers", signers.join("\n"))
            .path("evidence", self.evidence())
            .path("base-evidence", self.base())
            .input("verifier-id", VERIFIER)
            .key("assay")
            .path("bundle", self.path("replay"))
            .path("page", self.path("page.html"))
            .path("brief", self.path("brief.md"))
    }

    /// What a person does with a verdict.
    pub(crate) fn approve(&self, verdict: &Path) -> Step {
        Step::new("approve", self.folder.path())
            .off_runner()
            .path("verdict", verdict)
            .path("verdict-key", home().join("keys/assay.pub"))
            .path("signing-key", home().join("keys/approver.pem"))
            .input("approver", "somebody")
            .path("brief", self.path("brief.md"))
            .path("evidence", self.evidence())
    }

    /// Deciding again with an approval in hand, at a terminal.
    pub(crate) fn resume(&self, policy: &str, approval: &Path) -> Step {
        let step = self.gate(policy).off_runner();
        step.path("signing-key", home().join("keys/assay.pem")).path("resume", approval)
    }

    pub(crate) fn publish(&self, store: &Path, policy_digest: &str) -> Step {
        Step::new("register-ami", self.folder.path())
            .path("image", self.manifest())
            .path("disk", self.disk())
            .path("evidence", self.evidence())
            .path("store", store)
            .input("channel", "stable")
            .path("verdict-signer", home().join("keys/assay.pub"))
            .input("verifier-id", VERIFIER)
            .input("policy-digest", policy_digest)
            .key("publish")
    }
}

impl Step {
    /// The key as a workflow gives it: the secret's text, not a path.
    pub(crate) fn key(self, name: &str) -> Self {
        self.input("signing-key", key::pem(name))
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}
