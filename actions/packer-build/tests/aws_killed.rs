//! A bake in AWS that is killed or cancelled at each of its calls: after `post` nothing of it is left there, and run again
//! it ends as if nothing had been.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "this test starts the program itself")]

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::amazon::{PASSED, base, inventory, plugins, template};
use crate::common::{cache, path};
use crate::world::Proxy;
use serde_json::{Value, json};

struct Job<'p> {
    folder: tempfile::TempDir,
    proxy: &'p Proxy,
    source: String,
}

impl<'p> Job<'p> {
    fn new(proxy: &'p Proxy, source: &str) -> Self {
        Self::of(proxy, source, &template("", ""))
    }

    fn of(proxy: &'p Proxy, source: &str, template: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["temp", "home", "workspace/packer/small"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        for name in ["output", "state", "summary"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::write(folder.path().join("workspace/packer/small/small.pkr.hcl"), template).unwrap();
        Self { folder, proxy, source: source.to_owned() }
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("workspace/.hallmark/images/small")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_packer-build"));
        let file = |name: &str| self.folder.path().join(name);
        command
            .env_clear()
            .envs(cache())
            .envs(self.proxy.env())
            .env("PATH", path())
            .env("HOME", file("home"))
            .env("PACKER_PLUGIN_PATH", plugins())
            .env("RUNNER_TEMP", file("temp"))
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_WORKSPACE", file("workspace"))
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_STATE", file("state"))
            .env("GITHUB_STEP_SUMMARY", file("summary"))
            .env("INPUT_TEMPLATE", "packer/small")
            .env("INPUT_VAR", format!("endpoint={}\nsource_ami={}", self.proxy.endpoint(), self.source))
            .env("INPUT_ENV", PASSED)
            .current_dir(file("workspace"))
            .stdin(Stdio::null());
        command
    }

    fn start(&self) -> Child {
        let log = File::create(self.folder.path().join("log")).unwrap();
        self.command().stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// As the runner does it after the job; what it says.
    fn post(&self) -> String {
        let mut command = self.command();
        command.arg("--post").env("STATE_output", self.output());
        let post = command.output().unwrap();
        let said = String::from_utf8_lossy(&post.stdout).into_owned();
        assert!(post.status.success(), "{said}{}", String::from_utf8_lossy(&post.stderr));
        said
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(120), "waited too long until {what}");
        sleep(Duration::from_millis(5));
    }
}

/// How many calls a whole bake makes; the account as it was before.
fn whole(proxy: &Proxy, source: &str) -> (u64, Vec<String>) {
    let before = inventory(proxy);
    proxy.snapshot("before");
    proxy.reset_calls();
    let job = Job::new(proxy, source);
    assert!(job.start().wait().unwrap().success(), "{}", job.log());
    let calls = proxy.calls().len() as u64;
    assert!(calls > 20, "{:?}", proxy.operations());
    proxy.restore("before");
    assert_eq!(inventory(proxy), before);
    (calls, before)
}

#[test]
fn killed_at_each_call_nothing_is_left_after_post() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let (calls, before) = whole(&proxy, &source);
    for call in 1..=calls {
        // Before a call it is as after the one before.
        for kind in if call == 1 { &["kill-before", "kill-after"][..] } else { &["kill-after"] } {
            let job = Job::new(&proxy, &source);
            proxy.reset_calls();
            let mut child = job.start();
            proxy.faults(&json!([{"kind": kind, "operation": "*", "nth": call, "pid": child.id()}]));
            let status = child.wait().unwrap();
            let reached = proxy.calls().iter().any(|call| !call["fault"].is_null());
            proxy.faults(&json!([]));
            job.post();
            let left = inventory(&proxy);
            if status.success() {
                // It had made its last call.
                assert!(!reached, "{kind} {call}: {}", job.log());
            } else if job.output().join("bake.json").exists() && left != before {
                // It was finished, and had only to say so: that is adopted.
                assert!(!job.output().join(".aws-run").exists(), "{kind} {call}: {left:?}");
                let mut again = job.start();
                assert!(again.wait().unwrap().success(), "{kind} {call}: {}", job.log());
                assert!(job.log().contains("small adopted"), "{kind} {call}: {}", job.log());
            } else {
                assert_eq!(left, before, "{kind} {call}: {:?}\n{}", proxy.operations(), job.log());
            }
            proxy.restore("before");
        }
    }
}

#[test]
fn cancelled_while_it_waits_for_an_answer_nothing_is_left_after_post() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let (_, before) = whole(&proxy, &source);
    let mut call = 0;
    loop {
        call += 1;
        let job = Job::new(&proxy, &source);
        proxy.reset_calls();
        proxy.faults(&json!([{"kind": "hang-after", "mutating": true, "nth": call}]));
        let mut child = job.start();
        until("the call hangs", || {
            child.try_wait().unwrap().is_some() || proxy.calls().iter().any(|call| !call["fault"].is_null())
        });
        // As the runner cancels: SIGINT, SIGTERM 7.5 seconds later, SIGKILL after 2.5 more; here in less time.
        for (signal, wait) in [("INT", 1500), ("TERM", 500), ("KILL", 0)] {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
            let asked = Instant::now();
            while asked.elapsed() < Duration::from_millis(wait) && child.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(10));
            }
        }
        let status = child.wait().unwrap();
        let reached = proxy.calls().iter().any(|call| !call["fault"].is_null());
        proxy.faults(&json!([]));
        if !reached {
            // There are no more.
            assert!(call > 8 && status.success(), "{call}: {}", job.log());
            break;
        }
        job.post();
        if !status.success() && !job.output().join("bake.json").exists() {
            assert_eq!(inventory(&proxy), before, "{call}: {:?}\n{}", proxy.operations(), job.log());
        }
        proxy.restore("before");
    }
}

const AWAY: &str = "us-west-2";

/// Packer's plugin dies over a call: what has no tag yet is found by what it is a copy of, complete or not.
#[test]
fn killed_over_copies_nothing_is_left_in_their_region() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let before = inventory(&proxy);
    proxy.snapshot("before");
    let template = template(&format!("ami_regions = [\"{AWAY}\"]"), "");
    // Tags of the image, its snapshot, and their copies are set in no order.
    let points = [("CopyImage", 1, 0), ("CopyImage", 1, 1000)].into_iter();
    for (operation, nth, pending) in points.chain((1..=4).map(|nth| ("CreateTags", nth, 0))) {
        let point = format!("{operation} {nth}");
        let job = Job::of(&proxy, &source, &template);
        proxy.reset_calls();
        proxy.faults(&json!([{"kind": "kill-after", "operation": operation, "nth": nth, "pid": "peer"}]));
        let mut child = job.start();
        if pending > 0 {
            until("it copies", || proxy.operations().iter().any(|call| call == "ec2:CreateImage"));
            proxy.settings(&json!({"image_pending": {"looks": pending, "ms": 0}}));
        }
        assert!(!child.wait().unwrap().success(), "{point}: {}", job.log());
        proxy.faults(&json!([]));
        job.post();
        proxy.settings(&json!({"image_pending": {"looks": 0, "ms": 0}}));
        assert_eq!(inventory(&proxy), before, "{point}: {:?}\n{}", proxy.operations(), job.log());
        let deletes = |call: &Value| call["operation"] == "DeregisterImage" && call["region"] == AWAY;
        assert!(proxy.calls().iter().any(deletes), "{point}: {:?}", proxy.operations());
        assert!(!job.output().join(".aws-run").exists(), "{point}");
        proxy.restore("before");
    }
}

/// Who bakes need not be allowed to delete what has no tags, or to look into other regions: then the image stays, for a copy
/// is found by it.
#[test]
fn a_copy_that_post_may_not_delete_or_see_keeps_its_image_until_it_is_reaped() {
    let proxy = Proxy::start();
    let source = base(&proxy);
    let before = inventory(&proxy);
    let job = Job::of(&proxy, &source, &template(&format!("ami_regions = [\"{AWAY}\"]"), ""));
    proxy.faults(&json!([{"kind": "kill-after", "operation": "CopyImage", "pid": "peer"}]));
    let mut child = job.start();
    assert!(!child.wait().unwrap().success(), "{}", job.log());
    proxy.snapshot("killed");
    let note = fs::read(job.output().join(".aws-run")).unwrap();
    for operation in ["DeregisterImage", "DeleteSnapshot", "DescribeImages"] {
        proxy.restore("killed");
        fs::write(job.output().join(".aws-run"), &note).unwrap();
        proxy.faults(&json!([{
            "kind": "error", "operation": operation, "region": AWAY, "count": null,
            "code": "UnauthorizedOperation", "status": 403,
        }]));
        let said = job.post();
        proxy.faults(&json!([]));
        assert!(said.contains(&format!("hallmark reap --regions us-east-1,{AWAY}")), "{operation}: {said}");
        let left = inventory(&proxy);
        let left: Vec<&String> = left.iter().filter(|one| !before.contains(one)).collect();
        let kinds =
            ["image ", "snapshot "].map(|kind| left.iter().filter(|one| one.starts_with(kind)).count());
        assert_eq!((left.len(), kinds), (4, [2, 2]), "{operation}: {left:?}");
    }
}
