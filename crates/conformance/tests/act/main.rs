//! A workflow that uses the actions by a commit, run by `act` on this machine itself: their real `action.yml`, expressions
//! between steps and jobs, `continue-on-error`, clean-ups. No container, no network.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]
#![expect(clippy::disallowed_methods, reason = "this test starts programs, and is told where things are")]

#[path = "../common/mod.rs"]
mod common;
mod golden;
#[path = "../released/job.rs"]
mod job;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{home, key, tree};
use serde_json::Value;

const WORKFLOW: &str = include_str!("chain.yml");
/// What the workflow pins before there is a commit.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgSign=false"])
        // A release's executable is large, and here for a minute.
        .args(["-c", "core.compression=0", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The release as a runner gets it: what the archive of a commit has, and the commit.
fn release(folder: &Path) -> (PathBuf, String) {
    let (repository, release) = (folder.join("hallmark"), folder.join("release"));
    run(Command::new("cp").arg("-a").arg(job::tree()).arg(&repository));
    git(&repository, &["init", "--quiet"]);
    // The executables are ignored on main, and forced into a release's commit.
    git(&repository, &["add", "--all", "--force"]);
    git(&repository, &["commit", "--quiet", "--message", "A release"]);
    let commit = git(&repository, &["rev-parse", "HEAD"]);
    let archive = folder.join("release.tar");
    git(&repository, &["archive", "--output", archive.to_str().unwrap(), &commit]);
    fs::create_dir(&release).unwrap();
    run(Command::new("tar").arg("-C").arg(&release).arg("-xf").arg(&archive));
    fs::remove_dir_all(repository).unwrap();
    fs::remove_file(archive).unwrap();
    (release, commit)
}

/// The repository of somebody who builds images.
fn repository(folder: &Path, commit: &str) -> PathBuf {
    let repository = folder.join("images");
    fs::create_dir_all(repository.join(".github/workflows")).unwrap();
    fs::create_dir(repository.join("keys")).unwrap();
    for part in ["packer", "goss", "policies"] {
        run(Command::new("cp").arg("-R").arg(job::tree().join(part)).arg(&repository));
    }
    tree::link(&home().join("service"), &repository.join("service"));
    for name in ["bake", "assay", "approver", "publish"] {
        let name = format!("{name}.pub");
        fs::copy(home().join("keys").join(&name), repository.join("keys").join(&name)).unwrap();
    }
    assert!(WORKFLOW.contains(NO_COMMIT));
    fs::write(repository.join(".github/workflows/chain.yml"), WORKFLOW.replace(NO_COMMIT, commit)).unwrap();
    git(&repository, &["init", "--quiet"]);
    git(&repository, &["remote", "add", "origin", "https://github.com/acme/images.git"]);
    git(&repository, &["add", "--all"]);
    git(&repository, &["commit", "--quiet", "--message", "Images"]);
    repository
}

fn tool(name: &str) -> PathBuf {
    let Some(folder) = std::env::var_os("HALLMARK_TEST_BIN_DIR") else {
        panic!("HALLMARK_TEST_BIN_DIR is not set: `make test` gets the pinned tools and sets it");
    };
    let tool = Path::new(&folder).join(name);
    assert!(tool.is_file(), "{} is not there: `make test` gets it", tool.display());
    tool
}

fn digest(file: &Path) -> String {
    model::Sha256::of(&fs::read(file).unwrap()).to_string()
}

/// `act`, with nothing of this user's, on this machine itself.
fn act(folder: &Path, release: &Path, commit: &str) -> Command {
    let bin = folder.join("bin");
    for name in ["bin", "home", "cache", "tmp"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    symlink(job::node(), bin.join("node")).unwrap();
    let mut command = Command::new(tool("act"));
    command
        .args([
            "workflow_dispatch",
            "--json",
            "--platform",
            "ubuntu-latest=-self-hosted",
            "--no-cache-server",
        ])
        .args(["--container-daemon-socket", "-", "--directory"])
        .arg(folder.join("images"))
        .arg("--local-repository")
        .arg(format!("hallmark-images/hallmark@{commit}={}", release.display()))
        .env_clear()
        .env(
            "PATH",
            format!("{}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", bin.display()),
        )
        .env("HOME", folder.join("home"))
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("TMPDIR", folder.join("tmp"))
        .env("LANG", "C.UTF-8")
        .env("HALLMARK_CACHE", common::cache())
        .stdin(Stdio::null());
    for (name, path) in [
        ("SHARED", folder.join("shared")),
        ("BASE_IMAGE", home().join("images/debian-base/image.json")),
        ("BASE_EVIDENCE", home().join("evidence/debian-base")),
        ("KEYS", home().join("keys")),
        ("EXCEPTIONS_DIGEST", PathBuf::from(digest(&job::tree().join("policies/exceptions.yml")))),
        ("ARCHITECTURE", PathBuf::from(if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" })),
    ] {
        command.args(["--var", &format!("{name}={}", path.display())]);
    }
    for (secret, name) in [("BAKE_KEY", "bake"), ("ASSAY_KEY", "assay"), ("PUBLISH_KEY", "publish")] {
        // Its value is taken from the environment.
        command.args(["--secret", secret]).env(secret, key::pem(name));
    }
    command
}

/// What act said: one object a line.
struct Log(Vec<Value>);

impl Log {
    fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// How each step of a stage ended, in order: `bake/verify success`. A step without an id has a number.
    fn steps(&self, stage: &str) -> Vec<String> {
        let of_stage = |line: &&Value| line["stage"] == stage && line["stepResult"].is_string();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let step = |line: &Value| {
            format!("{}/{} {}", text(&line["jobID"]), text(&line["stepID"][0]), text(&line["stepResult"]))
        };
        self.0.iter().filter(of_stage).map(step).collect()
    }

    /// What the steps wrote.
    fn said(&self) -> String {
        let raw = self.0.iter().filter(|line| line["raw_output"] == true);
        raw.filter_map(|line| line["msg"].as_str()).collect()
    }

    /// The arguments of the steps' commands of one kind: annotations of a level, say.
    fn commands(&self, command: &str) -> Vec<&str> {
        let of_kind = self.0.iter().filter(|line| line["command"] == command);
        of_kind.filter_map(|line| line["arg"].as_str().or(line["content"].as_str())).collect()
    }
}

#[test]
fn three_jobs_make_an_image_by_the_actions_of_one_commit() {
    let folder = job::folder();
    let folder = folder.path();
    let (release, commit) = release(folder);
    repository(folder, &commit);
    let output = act(folder, &release, &commit).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let log = Log::parse(&text);
    let all = format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{all}");

    let succeeded = |step: &str| format!("{step} success");
    let main = [
        "bake/0",
        "bake/1",
        "bake/verify",
        "bake/bake",
        "bake/again",
        "bake/wrong",
        "bake/6",
        "assay/0",
        "assay/test",
        "assay/scan",
        "assay/gate",
        "assay/4",
        "publish/0",
        "publish/publish",
        "publish/2",
    ];
    let mut expected = main.map(succeeded);
    expected[5] = "bake/wrong failure".to_owned();
    assert_eq!(log.steps("Main"), expected, "{all}");
    // Last in, first out, and the one that failed too.
    assert_eq!(
        log.steps("Post"),
        ["bake/wrong", "bake/again", "bake/bake", "assay/test"].map(succeeded),
        "{all}"
    );

    let said = log.said();
    for line in [
        "outcomes: false true failure success []",
        "counts: 0 failed, ",
        " packages: pass",
        "channel: debian-app/stable, the same image: true",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let errors = log.commands("error");
    assert!(
        errors.len() == 1 && errors[0].contains("input `architecture`: \"z80\" is not accepted"),
        "{errors:?}"
    );
    // Said by each of the four steps after it and by the three clean-ups, and heeded by none.
    let ignored =
        log.commands("warning").into_iter().filter(|text| text.contains("HALLMARK_BIN is set and not used"));
    assert_eq!(ignored.count(), 7, "{all}");
    let summaries = log.commands("summary");
    assert_eq!(summaries.iter().filter(|summary| summary.starts_with("## ")).count(), 7, "{summaries:#?}");

    // What three jobs made of three keys is one image, which the channel shows.
    let shared = folder.join("shared");
    let json =
        |path: &str| -> Value { serde_json::from_slice(&fs::read(shared.join(path)).unwrap()).unwrap() };
    let content = json("images/debian-app/image.json")["disks"][0]["contentDigest"].clone();
    let shown = json("store/channels/debian-app/stable.json")["current"]["imageId"].clone();
    assert_eq!(content.as_str().unwrap(), format!("hallmarkBlocks1:{}", shown.as_str().unwrap()));
    assert!(shared.join("page.html").is_file());
    let left: Vec<_> = fs::read_dir(folder.join("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
