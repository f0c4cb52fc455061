//! Being told to stop, with real signals to a real process: this program starts itself again as the
//! one that is told.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "this test is a program of its own, and starts itself"
)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use process::{Processes, Real, Spec, end_left_behind, end_process, this_process};
use std::{
    env, fs,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Command, ExitStatus},
    thread::sleep,
    time::{Duration, Instant},
};

const ENOUGH: Duration = Duration::from_secs(60);
const DEAF: &str =
    "trap '' INT TERM HUP; setsid sleep 1000 & echo $! >child; echo $$ >leader; while :; do sleep 0.1; done";
const STUBBORN: &str = "trap 'echo INT >>got' INT; trap 'echo TERM >>got' TERM; sleep 1000 & echo $! >child; echo $$ >leader; while :; do sleep 0.05; done";
const POLITE: &str = "trap 'echo INT >>got; exit 5' INT; sleep 1000 & echo $! >child; echo $$ >leader; while :; do sleep 0.05; done";

fn main() {
    match env::args().nth(1).as_deref() {
        Some("told") => told(),
        _ => {
            for (name, test) in TESTS {
                let folder = tempfile::tempdir().unwrap();
                test(folder.path());
                println!("test {name} ... ok");
            }
        }
    }
}

/// Runs a script; says how it ended; tries to run another; then waits, running nothing.
fn told() {
    let script = env::args().nth(2).unwrap();
    let grace = Duration::from_millis(env::args().nth(3).unwrap().parse().unwrap());
    let shell = |script: &str| Spec::new("/bin/sh").args(["-c", script]).env("PATH", "/usr/bin:/bin");
    fs::write("name", this_process()).unwrap();
    runtime().block_on(async {
        let spec = shell(&script).kill_grace(grace).note("note");
        let exit = Real.run(spec, &mut |_| {}).await.unwrap();
        let after = Real.run(shell("echo ran >after"), &mut |_| {}).await.unwrap();
        let cleanup = Real.run(shell("echo ran >cleanup").even_if_cancelled(), &mut |_| {}).await.unwrap();
        let text = format!("{exit}, then {after}, then {cleanup}\n");
        fs::write("exit.tmp", text).unwrap();
        fs::rename("exit.tmp", "exit").unwrap();
    });
    sleep(ENOUGH);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

type Test = (&'static str, fn(&Path));

const TESTS: &[Test] = &[
    ("an_interrupt_is_forwarded_at_once", |folder| forwarded(folder, "INT")),
    ("a_terminate_is_forwarded_at_once", |folder| forwarded(folder, "TERM")),
    ("a_hangup_is_forwarded_at_once", |folder| forwarded(folder, "HUP")),
    ("the_deaf_are_killed_after_two_graces", deaf),
    ("each_further_signal_hurries", hurried),
    ("between_runs_a_signal_ends_us", between_runs),
    ("what_a_killed_one_leaves_is_found_by_its_note", killed),
    ("whoever_lost_its_parent_is_ended_by_its_name", orphaned),
];

fn begin(folder: &Path, script: &str, grace_ms: u64) -> Child {
    // Under `nohup` we ignore hangups, and so would it.
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP").arg(env::current_exe().unwrap());
    let child = command.current_dir(folder).args(["told", script, &grace_ms.to_string()]).spawn().unwrap();
    for name in ["leader", "child"] {
        if script.contains(name) {
            until("it began", || {
                fs::read_to_string(folder.join(name)).is_ok_and(|text| text.ends_with('\n'))
            });
        }
    }
    child
}

fn send(child: &Child, signal: &str) {
    let status = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < ENOUGH, "waited too long until {what}");
        sleep(Duration::from_millis(5));
    }
}

fn ended(folder: &Path, name: &str) -> bool {
    let pid = fs::read_to_string(folder.join(name)).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.is_empty() || rest.starts_with(['Z', 'X']))
}

/// It says how the run ended; ending it afterwards takes one more signal.
fn finish(folder: &Path, mut child: Child) -> (String, ExitStatus) {
    until("it said how it ended", || folder.join("exit").exists());
    assert!(ended(folder, "leader") && ended(folder, "child"), "something lives on");
    assert!(!folder.join("note").exists(), "the note stayed");
    send(&child, "TERM");
    (fs::read_to_string(folder.join("exit")).unwrap(), child.wait().unwrap())
}

const CANCELLED: &str = "was cancelled, then was cancelled, then ended with exit code 0\n";

fn forwarded(folder: &Path, signal: &str) {
    let child = begin(folder, POLITE, 600_000);
    send(&child, signal);
    let (said, status) = finish(folder, child);
    assert_eq!(said, CANCELLED);
    assert_eq!(status.code(), Some(128 + 15));
    assert_eq!(fs::read_to_string(folder.join("got")).unwrap(), "INT\n");
    assert!(!folder.join("after").exists(), "ran although told to stop");
    assert!(folder.join("cleanup").exists());
}

fn deaf(folder: &Path) {
    let child = begin(folder, DEAF, 200);
    send(&child, "INT");
    assert_eq!(finish(folder, child).0, CANCELLED);
}

fn hurried(folder: &Path) {
    let child = begin(folder, STUBBORN, 600_000);
    for got in ["INT\n", "INT\nTERM\n"] {
        send(&child, "INT");
        until("it got the next signal", || {
            fs::read_to_string(folder.join("got")).is_ok_and(|text| text == got)
        });
    }
    send(&child, "INT");
    assert_eq!(finish(folder, child).0, CANCELLED);
}

fn between_runs(folder: &Path) {
    let child = begin(folder, "echo $$ >leader; sleep 0 & echo $! >child", 100);
    let (said, status) = finish(folder, child);
    assert_eq!(said, "ended with exit code 0, then ended with exit code 0, then ended with exit code 0\n");
    assert_eq!(status.code(), Some(128 + 15));
}

fn killed(folder: &Path) {
    let mut child = begin(folder, DEAF, 100);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert!(!ended(folder, "leader") && !ended(folder, "child"), "this test is of no use: nothing was left");
    let note = folder.join("note");
    let left = runtime().block_on(end_left_behind(&note, Duration::from_millis(100))).unwrap();
    assert!(left >= 2, "{left}");
    assert!(ended(folder, "leader") && ended(folder, "child"), "something lives on");
    assert!(!note.exists());
}

fn orphaned(folder: &Path) {
    let mut child = begin(folder, POLITE, 600_000);
    let name = fs::read_to_string(folder.join("name")).unwrap();
    assert_ne!(name, this_process());
    // Another start of the machine, another moment, another number: somebody else.
    let (rest, pid) = name.rsplit_once('-').unwrap();
    let (boot, start) = rest.split_once('-').unwrap();
    let grace = Duration::from_secs(1);
    for other in [
        format!("{boot}-1-{pid}"),
        format!("00000000-{start}-{pid}"),
        format!("{rest}-{}", std::process::id()),
    ] {
        assert!(!runtime().block_on(end_process(&other, grace)), "{other}");
    }
    assert!(!ended(folder, "leader"));
    // It is told, and ends what it runs; this one then waits for ever, and is killed: late enough, on a busy machine too.
    assert!(runtime().block_on(end_process(&name, grace * 5)));
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(fs::read_to_string(folder.join("exit")).unwrap(), CANCELLED);
    assert!(ended(folder, "leader") && ended(folder, "child"), "something lives on");
    assert!(!runtime().block_on(end_process(&name, grace)));
}
