//! A cancelled step leaves no process and no temporary file behind, whatever it was at: the runner signals the launcher and
//! nobody else, kills it when it takes too long, and then runs the clean-up. Run again, the same step does its work.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]
#![expect(clippy::print_stdout, reason = "says at what the steps were cancelled")]
#![expect(clippy::disallowed_methods, reason = "these tests start programs, and are told where the tree is")]

mod common;
#[path = "released/job.rs"]
mod job;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{home, tree};
use job::{Job, Running, Step};

/// How a step is ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As a runner cancels: SIGINT, SIGTERM, SIGKILL, to the launcher alone.
    Cancelled,
    /// As a machine without memory does: SIGKILL to the launcher, which tells nobody.
    Killed,
}

use End::{Cancelled, Killed};

/// What a step is at: the moment when this becomes true.
type Moment<'a> = (&'static str, End, &'a dyn Fn(&Running<'_>) -> bool);

/// Moments that last for milliseconds: on a busy machine the step may have ended when they are seen.
const BRIEF: [&str; 2] = ["the disk is put in its place", "the image is recorded"];

fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

/// The processes that work in a folder, or for it, or have it as their root.
fn at_work(folder: &Path) -> Vec<String> {
    let wanted = folder.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let process = entry.path();
        let read = |name: &str| fs::read(process.join(name)).unwrap_or_default();
        let leads_there =
            |name: &str| fs::read_link(process.join(name)).is_ok_and(|to| to.starts_with(folder));
        let names_it = |name: &str| String::from_utf8_lossy(&read(name)).contains(wanted);
        // A process that has ended and waits for its parent has none of these.
        if leads_there("cwd") || leads_there("root") || names_it("cmdline") || names_it("environ") {
            let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            found.push(format!("{} {command}", process.display()));
        }
    }
    found
}

/// Those that were started by a program of ours and do not carry the runner's mark, by which it ends what outlives a job,
/// should we not live to do it. (Git, which is asked for the commit, ends by itself at once.)
fn unmarked(folder: &Path) -> Vec<String> {
    let mut found = at_work(folder);
    found.retain(|process| {
        let path = Path::new(process.split(' ').next().unwrap());
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        // After its environment: between the two it may become the program that it was started for, and not go back.
        let command = fs::read(path.join("cmdline")).unwrap_or_default();
        let has = |name: &str| {
            environment.split(|&byte| byte == 0).any(|variable| variable.starts_with(name.as_bytes()))
        };
        has("HALLMARK_RUN=") && !has("RUNNER_TRACKING_ID=") && !command.starts_with(b"git\0")
    });
    found
}

/// Everything below a folder, by name.
fn names(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.symlink_metadata().unwrap().is_dir() {
                folders.push(path.clone());
            }
            found.insert(path.strip_prefix(folder).unwrap().to_owned());
        }
    }
    found
}

/// What may stay of a cancelled step: the folders that were asked for, the lock of an image's, and whole evidence.
fn may_stay(name: &Path) -> bool {
    let parts: Vec<&str> = name.to_str().unwrap().split('/').collect();
    match parts.as_slice() {
        [".hallmark"] | [".hallmark", "images" | "evidence"] | [".hallmark", "images", _] => true,
        [".hallmark", "evidence", file] => !file.starts_with('.'),
        other => matches!(other, [".hallmark", "images", _, ".lock"]),
    }
}

/// What is left of the work in the folders that a step may use.
fn traces(job: &Job, whole: bool) -> Vec<String> {
    let mut traces = at_work(job.folder());
    for folder in [job.temp(), job.tmp()] {
        traces.extend(names(&folder).iter().map(|name| folder.join(name).display().to_string()));
    }
    let own = job.workspace().join(".hallmark");
    let stays = |name: &Path| {
        let hidden = name.file_name().unwrap().as_encoded_bytes().starts_with(b".");
        may_stay(name) || (whole && !hidden)
    };
    if own.exists() {
        let found = names(&own).into_iter().map(|name| Path::new(".hallmark").join(name));
        traces.extend(found.filter(|name| !stays(name)).map(|name| name.display().to_string()));
    }
    traces
}

/// Whether an image was baked to its end.
fn is_recorded(own: &Path) -> bool {
    let images = fs::read_dir(own.join("images")).into_iter().flatten().flatten();
    images.into_iter().any(|image| image.path().join("bake.json").is_file())
}

/// As [`ended_at`]; again where the step had ended before this saw the moment, as it may on a busy machine.
fn end_at(job: &Job, step: &Step<'_>, moment: &Moment<'_>) {
    let is_brief = BRIEF.contains(&moment.0);
    let in_time = (0..if is_brief { 1 } else { 5 }).any(|_| ended_at(job, step, moment));
    assert!(in_time || is_brief, "{}: the step ended before, each time", moment.0);
}

/// Starts the step, ends it at the moment, runs its clean-up, and looks for what stayed. Says whether it was in time.
fn ended_at(job: &Job, step: &Step<'_>, (what, how, moment): &Moment<'_>) -> bool {
    let own = job.workspace().join(".hallmark");
    if own.exists() {
        fs::remove_dir_all(&own).unwrap();
    }
    let mut running = step.start();
    let seen = running.until(moment);
    let alive = at_work(job.folder()).len();
    assert_eq!(unmarked(job.folder()), Vec::<String>::new(), "{what}");
    let begun = Instant::now();
    let ended = match how {
        Cancelled => running.cancel(),
        Killed => running.kill(),
    };
    let took = begun.elapsed().as_secs_f64();
    let outlived = at_work(job.folder()).len();
    let post = step.post();
    let code = ended.code.unwrap();
    println!(
        "{what:<31} {how:<9?} exit code {code:<3} after {took:>4.1} s; {alive:>2} processes, {outlived:>2} at the clean-up"
    );
    let said = format!("{what}, {how:?}:\n{}\n--post:\n{}", ended.said(), post.said());
    let whole = code == 0;
    assert!(seen || whole, "the step failed before: {said}");
    assert!(whole || BRIEF.contains(what) || ended.outputs.is_empty(), "{said}");
    assert_eq!(post.code, Some(0), "{said}");
    // Whose launcher alone was killed may have come to its end before the clean-up found it: its record is written last.
    let finished = whole || (matches!(how, Killed) && is_recorded(&own));
    assert_eq!(traces(job, finished), Vec::<String>::new(), "{said}");
    seen && !whole
}

/// Run again after all that, it bakes, and then adopts.
fn bakes_then_adopts(job: &Job, step: &Step<'_>) {
    let baked = step.run().done();
    assert_eq!(baked.output("adopted"), "false");
    assert!(baked.output_path("image").is_file() && baked.output_path("evidence").is_file());
    step.post().done();
    assert_eq!(step.run().done().output("adopted"), "true");
    assert_eq!(traces(job, true), Vec::<String>::new());
}

/// A group of the log, or a phase of a template, that has begun.
fn says(text: &'static str) -> impl Fn(&Running<'_>) -> bool {
    move |running| running.log().contains(text)
}

/// Lets a phase come to its work.
fn a_while_after(text: &'static str, pause: Duration) -> impl Fn(&Running<'_>) -> bool {
    move |running| {
        let so = running.log().contains(text);
        if so {
            std::thread::sleep(pause);
        }
        so
    }
}

#[test]
fn a_bake_from_packages_at_each_of_its_phases() {
    let job = Job::new();
    job.bring("packer");
    let mirror = std::env::var("MIRROR").unwrap_or_else(|_| "http://deb.debian.org/debian".to_owned());
    let step = job
        .uses("packer-build")
        .with("template", "packer/debian-base")
        .with("sources", "packer/lib")
        .with("architecture", architecture())
        .with("distribution", "debian 13")
        .with(
            "var",
            format!("mirror={mirror}\nsecurity_mirror={mirror}-security\narchitecture={}", architecture()),
        )
        .key("bake");
    let work = job.workspace().join(".hallmark/images/debian-base/.bake/.work");
    let unpacked = work.join("tree/var/lib/dpkg/info/systemd.list");
    let fetching = a_while_after("--> packages", Duration::from_secs(2));
    let moments: &[Moment<'_>] = &[
        ("mmdebstrap fetches packages", Cancelled, &fetching),
        ("mmdebstrap configures packages", Killed, &|_| unpacked.exists()),
        ("Ansible hardens", Cancelled, &a_while_after("--> hardening", Duration::from_secs(1))),
    ];
    for moment in moments {
        end_at(&job, &step, moment);
    }
    bakes_then_adopts(&job, &step);
}

#[test]
fn a_bake_on_a_base_at_each_of_its_phases() {
    let job = Job::new();
    job.bring("packer");
    tree::link(&home().join("service"), &job.workspace().join("service"));
    let service = job.workspace().join("service/hallmark-hello");
    let step = job
        .uses("packer-build")
        .with("template", "packer/debian-app")
        .with("sources", "packer/lib")
        .with("architecture", architecture())
        .path("base-image", home().join("images/debian-base/image.json"))
        .with("var", format!("service_binary={}\narchitecture={}", service.display(), architecture()))
        .key("bake");
    let output = job.workspace().join(".hallmark/images/debian-app");
    let is_there = |name: &str| {
        let path = output.join(name);
        move |_: &Running<'_>| path.exists()
    };
    let starts =
        |_: &Running<'_>| at_work(job.folder()).iter().any(|process| process.contains("hallmark-linux-"));
    let looks = |running: &Running<'_>| running.state().contains("-process<<");
    let (locked, runs, keeps) = (is_there(".lock"), is_there(".running"), is_there(".keeping"));
    let (hashes, records) = (is_there("disk.raw"), is_there("provenance.json"));
    let moments: &[Moment<'_>] = &[
        ("Node starts", Cancelled, &|_| true),
        ("the program starts", Cancelled, &starts),
        ("it looks for its tools", Cancelled, &looks),
        ("the same", Killed, &looks),
        ("the workshop is opened", Cancelled, &locked),
        ("packer validate", Cancelled, &runs),
        ("the base is taken apart", Cancelled, &says("--> base")),
        ("the same", Killed, &says("--> base")),
        ("the service is put in", Cancelled, &says("--> service")),
        ("the disk is made", Cancelled, &says("--> disk")),
        ("the same", Killed, &says("--> disk")),
        ("the disk is put in its place", Cancelled, &keeps),
        ("the disk is hashed", Cancelled, &hashes),
        ("the same", Killed, &hashes),
        ("the image is recorded", Cancelled, &records),
    ];
    for moment in moments {
        end_at(&job, &step, moment);
    }
    bakes_then_adopts(&job, &step);
}

#[test]
fn a_test_while_its_machine_runs() {
    let job = Job::new();
    job.bring("goss");
    let step = job
        .uses("goss-test")
        .path("image", home().join("images/debian-app/image.json"))
        .with("specs", "goss/debian-app/booted.yaml")
        .key("assay");
    let temp = job.temp();
    let lays_out = move |_: &Running<'_>| fs::read_dir(&temp).unwrap().next().is_some();
    let moments: &[Moment<'_>] = &[
        ("the image is hashed", Cancelled, &says("::add-mask::")),
        ("the machine is laid out", Cancelled, &lays_out),
        ("the machine boots", Cancelled, &says("Linux version")),
        ("the same", Killed, &says("Linux version")),
    ];
    for moment in moments {
        end_at(&job, &step, moment);
    }
    let tested = step.run().done();
    assert_eq!(tested.output("failed"), "0", "{}", tested.said());
    step.post().done();
    assert_eq!(traces(&job, true), Vec::<String>::new());
}
