//! Workflows run by `act` on this machine itself: no container, no network, nothing of this user's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

fn tool() -> PathBuf {
    let Some(folder) = std::env::var_os("HALLMARK_TEST_BIN_DIR") else {
        panic!("HALLMARK_TEST_BIN_DIR is not set: `make test` gets the pinned tools and sets it");
    };
    let tool = Path::new(&folder).join("act");
    assert!(tool.is_file(), "{} is not there: `make test` gets it", tool.display());
    tool
}

/// A repository with workflows, and where to run them.
pub(crate) struct Repository(TempDir);

impl Repository {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("flows-").tempdir().unwrap();
        for part in ["images/.github/workflows", "home", "cache", "tmp"] {
            fs::create_dir_all(folder.path().join(part)).unwrap();
        }
        Self(folder)
    }

    pub(crate) fn workflows(&self) -> PathBuf {
        self.0.path().join("images/.github/workflows")
    }

    /// JSON is YAML.
    pub(crate) fn write(&self, name: &str, workflow: &Value) {
        let text = serde_json::to_vec_pretty(workflow).unwrap();
        fs::write(self.workflows().join(format!("{name}.yml")), text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Nobody",
                "-c",
                "user.email=nobody@example.org",
                "-c",
                "commit.gpgSign=false",
            ])
            .args(["-c", "init.defaultBranch=main"])
            .args(arguments)
            .current_dir(self.0.path().join("images"))
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs every workflow that begins by hand.
    pub(crate) fn run(&self) -> Log {
        self.git(&["init", "--quiet"]);
        self.git(&["remote", "add", "origin", "https://github.com/acme/images.git"]);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "Images"]);
        let folder = self.0.path();
        let output = Command::new(tool())
            .args([
                "workflow_dispatch",
                "--json",
                "--platform",
                "ubuntu-latest=-self-hosted",
                "--no-cache-server",
            ])
            .args(["--container-daemon-socket", "-", "--directory"])
            .arg(folder.join("images"))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", folder.join("home"))
            .env("XDG_CACHE_HOME", folder.join("cache"))
            .env("TMPDIR", folder.join("tmp"))
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let said = format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(lines.iter().any(|line| line["jobResult"].is_string()), "act ran nothing: {said}");
        Log { lines, said }
    }
}

/// What act said: one object a line.
pub(crate) struct Log {
    lines: Vec<Value>,
    pub(crate) said: String,
}

impl Log {
    /// The jobs that ran, by workflow.
    pub(crate) fn ran(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut ran: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line["stage"] == "Main" && line["stepResult"].is_string())
        {
            let (workflow, _) = line["job"].as_str().unwrap().split_once('/').unwrap();
            ran.entry(workflow.trim()).or_default().insert(line["jobID"].as_str().unwrap());
        }
        ran
    }

    /// What the steps of a job wrote.
    pub(crate) fn wrote(&self, job: &str) -> String {
        let of_job = self.lines.iter().filter(|line| line["raw_output"] == true && line["jobID"] == job);
        of_job.filter_map(|line| line["msg"].as_str()).collect()
    }
}
