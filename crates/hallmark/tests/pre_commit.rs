//! The hooks for pre-commit, by the real pre-commit, in a planted repository. pre-commit is in the folder that
//! HALLMARK_TEST_SERVERS_BIN names, gitleaks and Packer in that of HALLMARK_TEST_BIN_DIR: `make test` sets both.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs pre-commit, and is told where it is")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder that `make test` names.
fn folder(name: &str) -> PathBuf {
    match std::env::var_os(name) {
        Some(path) => PathBuf::from(path),
        None => panic!("{name} is not set: `make test` sets it"),
    }
}

fn git(folder: &Path, words: &[&str]) {
    let run = Command::new("git")
        .args(["-c", "user.name=Planted", "-c", "user.email=planted@example.org"])
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(run.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&run.stderr));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A repository of the hooks, as they are in this checkout, and a planted one beside it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let hooks = place.hooks();
        copy(&own.join("scripts/pre-commit"), &hooks.join("scripts/pre-commit"));
        fs::copy(own.join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml")).unwrap();
        copy(&own.join("tests/planted/tree"), &place.planted());
        for folder in [hooks, place.planted()] {
            git(&folder, &["init", "--quiet"]);
            git(&folder, &["add", "--all"]);
            git(&folder, &["commit", "--quiet", "--message", "planted"]);
        }
        place
    }

    fn hooks(&self) -> PathBuf {
        self.folder.path().join("hooks")
    }

    fn planted(&self) -> PathBuf {
        self.folder.path().join("planted")
    }

    /// Runs a hook over what is staged.
    fn try_hook(&self, hook: &str) -> (Output, String) {
        let hallmark = Path::new(env!("CARGO_BIN_EXE_hallmark")).parent().unwrap().to_owned();
        let (tools, peers) = (folder("HALLMARK_TEST_BIN_DIR"), folder("HALLMARK_TEST_SERVERS_BIN"));
        let system = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(
            [hallmark, tools, peers.clone()].into_iter().chain(std::env::split_paths(&system)),
        );
        let run = Command::new(peers.join("pre-commit"))
            .args(["try-repo", "--verbose", "--color=never"])
            .arg(self.hooks())
            .arg(hook)
            .env("PATH", path.unwrap())
            .env("PRE_COMMIT_HOME", self.folder.path().join("cache"))
            .env_remove("GITHUB_ACTIONS")
            .current_dir(self.planted())
            .output()
            .unwrap();
        let said =
            [&run.stdout, &run.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
        (run, said)
    }

    fn stage(&self, name: &str, text: &str) {
        let path = self.planted().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        git(&self.planted(), &["add", "--force", "--", name]);
    }
}

#[test]
fn a_staged_secret_is_found_and_what_is_not_staged_is_not_looked_at() {
    let place = Place::new();
    let token = ["gh", "p_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"].concat();
    place.stage("a, b.txt", "nothing\n");
    fs::write(place.planted().join("unstaged.txt"), &token).unwrap();
    let (run, said) = place.try_hook("hallmark-secrets");
    assert!(run.status.success(), "{said}");
    place.stage("app/new.txt", &format!("token = \"{token}\"\n"));
    let (run, said) = place.try_hook("hallmark-secrets");
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.contains("github-pat in app/new.txt"), "{said}");
    assert!(!said.contains(&token), "{said}");
    assert!(!place.planted().join(".hallmark").exists(), "it writes nothing into the repository");
}

#[test]
fn a_staged_file_that_is_called_like_an_option_is_looked_at_and_is_none() {
    let place = Place::new();
    let token = ["gh", "p_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"].concat();
    place.stage("--fail-on=none", &format!("token = \"{token}\"\n"));
    place.stage("--ignore-file=a.txt", "nothing\n");
    place.stage("a.txt", &format!("token = \"{token}\"\n"));
    let (run, said) = place.try_hook("hallmark-secrets");
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.contains("github-pat in --fail-on=none"), "{said}");
    assert!(said.contains("github-pat in a.txt"), "{said}");
}

#[test]
fn options_end_somewhere_and_names_are_one_line() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/pre-commit/hallmark.sh");
    for (words, says) in [
        (&["secrets", "--fail-on=none", "a.txt"][..], "let the hook's `args` end with it"),
        (&["secrets", "--", "a.txt", "b\nc.txt"], "has a line break"),
        (&["exceptions", "--", "a.yml "], "ends in a space"),
    ] {
        let run = Command::new(&script).args(words).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.code() == Some(2) && said.contains(says), "{words:?}: {said}");
    }
}

#[test]
fn exceptions_and_templates_are_held_to_their_form() {
    let place = Place::new();
    place.stage("exceptions.yml", "exceptions: 7\n");
    let (run, said) = place.try_hook("hallmark-exceptions");
    assert_eq!(run.status.code(), Some(1), "{said}");
    place.stage("packer/web.pkr.hcl", "source \"null\" \"web\" {\n      communicator = \"none\"\n}\n");
    let (run, said) = place.try_hook("hallmark-packer-fmt");
    assert_eq!(run.status.code(), Some(1), "{said}");
    place.stage("packer/web.pkr.hcl", "source \"null\" \"web\" {\n  communicator = \"none\"\n}\n");
    let (run, said) = place.try_hook("hallmark-packer-fmt");
    assert!(run.status.success(), "{said}");
}

#[test]
fn weaknesses_and_settings_are_found_in_what_is_staged() {
    let place = Place::new();
    place.stage("app/new.py", "import subprocess\n\nsubprocess.call(words, shell=True)\n");
    let (run, said) = place.try_hook("hallmark-sast");
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.contains("shell-true in app/new.py"), "{said}");
    place.stage("new/Dockerfile", "FROM debian:latest\n");
    let (run, said) = place.try_hook("hallmark-policy");
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.contains("CKV_DOCKER_"), "{said}");
}
