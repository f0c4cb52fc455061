//! Cancelled and killed: the real program, real signals, the real Packer. Nothing runs on, nothing
//! half made counts, and run again it ends in the same state.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "this test starts the program itself")]

use crate::common::{cache, json, path};
use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const ENOUGH: Duration = Duration::from_secs(120);

/// A child that outlives its parents unless somebody sees to it, in a session of its own.
const STRAGGLER: &str =
    "setsid sh -c 'echo $$ >straggler; exec sleep 1000' & while ! test -s straggler; do :; done";

/// A workspace, and how the runner starts the program in it.
struct Job {
    folder: tempfile::TempDir,
}

impl Job {
    /// A template that says where it is and waits there, if `wait_at` names the place.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["temp", "home", "workspace/packer/small"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        for name in ["output", "state", "summary"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let reach = |place: &str| {
            let wait = format!(
                "{STRAGGLER}; echo $$ >leader; echo x >at; while test -e wait-{place}; do sleep 0.05; done"
            );
            format!("[\"if test -e wait-{place}; then {wait}; fi\"]")
        };
        let template = r#"variable "output" {}
source "null" "disk" { communicator = "none" }
build {
  sources = ["source.null.disk"]
  provisioner "shell-local" { inline = BEFORE }
  provisioner "shell-local" { inline = ["printf content >${var.output}/small.raw", "truncate -s 1G ${var.output}/small.raw"] }
  provisioner "shell-local" { inline = AFTER }
  post-processors {
    post-processor "artifice" { files = ["${var.output}/small.raw"] }
    post-processor "shell-local" { inline = LAST }
  }
}
"#
        .replace("BEFORE", &reach("before"))
        .replace("AFTER", &reach("after"))
        .replace("LAST", &reach("last"));
        fs::write(folder.path().join("workspace/packer/small/small.pkr.hcl"), template).unwrap();
        Self { folder }
    }

    fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    fn output(&self) -> PathBuf {
        self.workspace().join(".hallmark/images/small")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_packer-build"));
        let file = |name: &str| self.folder.path().join(name);
        command
            .env_clear()
            .envs(cache())
            .env("PATH", path())
            .env("HOME", file("home"))
            .env("RUNNER_TEMP", file("temp"))
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_WORKSPACE", self.workspace())
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_STATE", file("state"))
            .env("GITHUB_STEP_SUMMARY", file("summary"))
            .env("INPUT_TEMPLATE", "packer/small")
            .current_dir(self.workspace())
            .stdin(Stdio::null());
        command
    }

    fn start(&self) -> Child {
        let log = File::create(self.folder.path().join("log")).unwrap();
        self.command().stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    /// Starts, and waits until the template waits at this place.
    fn start_until(&self, place: &str) -> Child {
        fs::write(self.workspace().join(format!("wait-{place}")), "").unwrap();
        let mut child = self.start();
        until("the template is there", || {
            assert!(child.try_wait().unwrap().is_none(), "it ended: {}", self.log());
            self.workspace().join("at").exists()
        });
        fs::remove_file(self.workspace().join("at")).unwrap();
        child
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The processes of the template have ended.
    #[track_caller]
    fn nothing_runs_on(&self) {
        for name in ["leader", "straggler"] {
            let pid = fs::read_to_string(self.workspace().join(name)).unwrap();
            assert!(ended(pid.trim()), "{name} lives on");
        }
    }

    /// Nothing half made counts as an image, and nothing of the work stays.
    #[track_caller]
    fn is_tidy(&self) {
        for name in [".bake", ".running", "image.json", "bake.json", "disk.raw"] {
            assert!(!self.output().join(name).exists(), "{name} stayed");
        }
        assert_eq!(fs::read_dir(self.folder.path().join("temp")).unwrap().count(), 0);
    }

    /// Run again with nothing in the way, it bakes; and again, it adopts.
    #[track_caller]
    fn converges(&self) {
        for place in ["before", "after", "last"] {
            fs::remove_file(self.workspace().join(format!("wait-{place}"))).ok();
        }
        fs::remove_file(self.workspace().join("straggler")).ok();
        let ended = self.start().wait().unwrap();
        assert_eq!(ended.code(), Some(0), "{}", self.log());
        let first = json(self.output().join("image.json"));
        assert!(self.output().join("bake.json").exists() && !self.output().join(".bake").exists());
        let again = self.start().wait().unwrap();
        assert_eq!(again.code(), Some(0), "{}", self.log());
        assert!(self.log().contains("small adopted"), "{}", self.log());
        assert_eq!(json(self.output().join("image.json")), first);
        assert_eq!(fs::read_dir(self.folder.path().join("temp")).unwrap().count(), 0);
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < ENOUGH, "waited too long until {what}");
        sleep(Duration::from_millis(5));
    }
}

fn ended(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.is_empty() || rest.starts_with(['Z', 'X']))
}

fn send(child: &Child, signal: &str) {
    let status = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn cancelled_at_each_phase_nothing_stays() {
    for place in ["before", "after", "last"] {
        for signal in ["INT", "TERM"] {
            let job = Job::new();
            let mut child = job.start_until(place);
            send(&child, signal);
            let status = child.wait().unwrap();
            assert_eq!(status.code(), Some(2), "{place} {signal}: {}", job.log());
            assert!(job.log().contains("packer build was cancelled"), "{place} {signal}: {}", job.log());
            job.nothing_runs_on();
            job.is_tidy();
            job.converges();
        }
    }
}

#[test]
fn killed_at_each_phase_the_next_run_cleans_up_and_bakes() {
    for place in ["before", "after", "last"] {
        let job = Job::new();
        let mut child = job.start_until(place);
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        let straggler = fs::read_to_string(job.workspace().join("straggler")).unwrap();
        assert!(!ended(straggler.trim()), "this test is of no use: nothing was left");
        assert!(job.output().join(".bake").exists());
        job.converges();
        assert!(ended(straggler.trim()), "{place}: the straggler lives on");
    }
}

#[test]
fn killed_the_post_step_cleans_up() {
    let job = Job::new();
    let mut child = job.start_until("after");
    child.kill().unwrap();
    child.wait().unwrap();
    // As the runner does: what was kept comes back as STATE_*.
    let state = fs::read_to_string(job.folder.path().join("state")).unwrap();
    let mut lines = state.lines().skip_while(|line| !line.starts_with("output<<"));
    let output = lines.nth(1).unwrap_or_else(|| panic!("{state}"));
    let post = job.command().arg("--post").env("STATE_output", output).output().unwrap();
    assert!(post.status.success(), "{post:?}");
    assert!(
        String::from_utf8_lossy(&post.stdout).contains("::notice::A bake had been cancelled"),
        "{post:?}"
    );
    job.nothing_runs_on();
    job.is_tidy();
    // With nothing to do, it does nothing.
    for state in [Some(output), Some("/nowhere"), None] {
        let mut command = job.command();
        command.arg("--post");
        if let Some(state) = state {
            command.env("STATE_output", state);
        }
        let post = command.output().unwrap();
        assert!(post.status.success() && post.stdout.is_empty(), "{post:?}");
    }
    job.converges();
}

#[test]
fn killed_at_any_moment_it_converges() {
    let job = Job::new();
    let whole = {
        let started = Instant::now();
        assert!(job.start().wait().unwrap().success(), "{}", job.log());
        started.elapsed()
    };
    let image = json(job.output().join("image.json"));
    const MOMENTS: u32 = 24;
    for moment in 0..MOMENTS {
        fs::remove_file(job.output().join("bake.json")).ok();
        let mut child = job.start();
        sleep(whole * moment / MOMENTS);
        child.kill().unwrap();
        child.wait().unwrap();
        // Whatever the moment: a record only ever stands beside a whole image.
        if job.output().join("bake.json").exists() {
            assert_eq!(json(job.output().join("image.json")), image);
        }
    }
    assert!(job.start().wait().unwrap().success(), "{}", job.log());
    assert_eq!(json(job.output().join("image.json")), image);
    job.converges();
}

#[test]
fn its_time_up_it_is_stopped() {
    let job = Job::new();
    fs::write(job.workspace().join("wait-before"), "").unwrap();
    // Long enough for Packer to begin, on a busy machine too: if it has not, the test waits longer.
    for seconds in [3, 10, 30, 90] {
        let log = File::create(job.folder.path().join("log")).unwrap();
        let status = job.command().env("INPUT_TIMEOUT", format!("{seconds}s")).stdout(log).status().unwrap();
        assert_eq!(status.code(), Some(2));
        assert!(job.log().contains("packer build was stopped after"), "{}", job.log());
        job.is_tidy();
        if job.workspace().join("at").exists() {
            return job.nothing_runs_on();
        }
    }
    panic!("the template never began: {}", job.log());
}

#[test]
fn what_a_build_leaves_behind_is_ended_and_said() {
    let job = Job::new();
    let template = job.workspace().join("packer/small/small.pkr.hcl");
    let text = fs::read_to_string(&template).unwrap();
    // Packer waits for whoever holds its output.
    let quiet = STRAGGLER.replace("1000'", "1000 >/dev/null 2>&1'");
    assert_ne!(quiet, STRAGGLER);
    fs::write(&template, text.replacen("printf content", &format!("{quiet}; printf content"), 1)).unwrap();
    assert!(job.start().wait().unwrap().success(), "{}", job.log());
    assert!(job.log().contains("processes behind; they were ended."), "{}", job.log());
    let straggler = fs::read_to_string(job.workspace().join("straggler")).unwrap();
    assert!(ended(straggler.trim()));
    assert!(Path::new(&job.output().join("image.json")).exists());
}
