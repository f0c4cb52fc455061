//! Crashed at every call: the connection cut before and after the call took effect, and the process killed there. Run
//! again, everything is as if nothing had happened: nothing twice, nothing left over, the journal and AWS agree.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::world::{SECOND_DISK, World};

/// How many worlds there are: most of the time is waiting.
const WORKERS: usize = 3;

/// An operation that is crashed, and what it is run over.
struct Operation {
    inputs: &'static [(&'static str, &'static str)],
    /// What was published before, in this order.
    published: &'static [&'static str],
    /// Which image it is about.
    image: &'static str,
    /// Members of the distribution that are not the usual ones, as JSON: while the first ones were published, and after.
    before: &'static str,
    distribution: &'static str,
    kinds: &'static [&'static str],
    /// Of which calls that change something it is crashed at each; all calls, if there are none.
    changes: &'static [&'static str],
    /// How many images are there in the end.
    images: usize,
    releases: usize,
}

/// What was crashed, and what came of it.
type Row = (usize, &'static str, String, bool, Option<String>);

struct Scene {
    world: World,
    operation: &'static Operation,
    expected: Value,
    calls: Vec<String>,
}

impl Scene {
    /// The operation, undisturbed.
    fn new(operation: &'static Operation) -> Self {
        let mut world = World::new();
        world.bake("two");
        world.bake("three");
        world.bake_here("disk", &[1, 2, 3]);
        // One became zeros, one changed.
        world.bake_here("next disk", &[1, 0, 4]);
        world.bake_disks("disks", &[1, 0, 4], &[5, 6]);
        world.distribution(&serde_json::from_str(operation.before).unwrap());
        for name in operation.published {
            world.done(name, &[]);
        }
        world.distribution(&serde_json::from_str(operation.distribution).unwrap());
        world.forget_releases();
        world.proxy.snapshot("before");
        world.proxy.reset_calls();
        let run = world.done(operation.image, operation.inputs);
        let calls = world.proxy.calls();
        let word = |call: &Value, name: &str| call[name].as_str().unwrap_or_default().to_owned();
        let is_meant = |call: &&Value| {
            let (service, name) = (word(call, "service"), word(call, "operation"));
            let named = operation.changes.iter().any(|change| *change == service || *change == name);
            operation.changes.is_empty() || (named && call["mutating"] == true)
        };
        let calls = calls.iter().filter(is_meant).map(|call| {
            let word = |name: &str| word(call, name);
            format!("{}:{} {}/{}", word("service"), word("operation"), word("account"), word("region"))
        });
        let mut calls: Vec<String> = calls.collect();
        if !operation.changes.is_empty() {
            // What is written down after the last of them is the same for every publish.
            let last = calls.iter().rposition(|call| !call.starts_with("s3:")).unwrap();
            calls.truncate(last + 2);
        }
        let expected = world.state();
        assert_eq!(expected["images"].as_array().unwrap().len(), operation.images, "{}", run.said);
        Self { world, operation, expected, calls }
    }

    /// What one fault at one call leads to: whether the program went on, and what is wrong in the end, if anything.
    fn struck(&self, kind: &str, nth: usize) -> (bool, Option<String>) {
        let Self { world, operation, .. } = self;
        world.proxy.restore("before");
        world.forget_releases();
        world.proxy.reset_calls();
        let mut fault = json!({"kind": kind, "nth": nth, "pid": "peer"});
        if !operation.changes.is_empty() {
            fault["operations"] = json!(operation.changes);
            fault["mutating"] = json!(true);
        }
        world.proxy.faults(&json!([fault]));
        let first = world.run(operation.image, 1, operation.inputs);
        world.proxy.faults(&json!([]));
        let went_on = first.code == Some(0);
        // What has come to its end is compared as it is: asked again, a rollback would be another one.
        if !went_on && world.state() != self.expected {
            let again = world.run(operation.image, 2, operation.inputs);
            if again.code != Some(0) {
                return (went_on, Some(format!("run again, it ended with {:?}: {}", again.code, again.said)));
            }
        }
        let state = world.state();
        if state != self.expected {
            return (went_on, Some(format!("another state: {}", difference(&self.expected, &state))));
        }
        let releases = world.place.releases().len();
        (went_on, (releases > operation.releases).then(|| format!("{releases} release statements")))
    }
}

/// Crashes an operation at every call, and prints the table.
fn crash(operation: &'static Operation, at_least: usize) {
    let scenes: Vec<_> = (0..WORKERS).map(|_| Scene::new(operation)).collect();
    // Calls of regions run side by side: which one is the n-th differs, how many there are does not by much.
    let most = scenes.iter().map(|scene| scene.calls.len()).max().unwrap();
    let points: Vec<_> =
        (1..=most).flat_map(|nth| operation.kinds.iter().map(move |kind| (nth, *kind))).collect();
    let (next, table) = (AtomicUsize::new(0), Mutex::new(Vec::<Row>::new()));
    std::thread::scope(|scope| {
        for scene in &scenes {
            let (next, table, points, names) = (&next, &table, &points, &scenes[0].calls);
            scope.spawn(move || {
                while let Some((nth, kind)) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (went_on, wrong) = scene.struck(kind, *nth);
                    let call = names.get(nth - 1).cloned().unwrap_or_default();
                    table.lock().unwrap().push((*nth, *kind, call, went_on, wrong));
                }
            });
        }
    });
    let mut table = table.into_inner().unwrap();
    table.sort();
    for (nth, kind, call, went_on, wrong) in &table {
        let first = if *went_on { "went on" } else { "died or stopped" };
        println!("{nth:>4} {kind:<10} {call:<60} {first:<16} {}", wrong.as_deref().unwrap_or("same end"));
    }
    let wrong = table.iter().filter(|row| row.4.is_some()).count();
    println!("{most} calls, {} points, {wrong} wrong", table.len());
    assert!(most >= at_least, "{most}");
    assert_eq!(wrong, 0);
}

#[test]
fn a_publish_crashed_at_any_call_and_run_again_ends_as_if_nothing_had_been() {
    static PUBLISH: Operation = Operation {
        inputs: &[],
        published: &["one"],
        image: "two",
        // One account goes, another comes: both have or had grants.
        before: r#"{"share": {"accounts": ["222222222222", "444444444444"], "snapshots": true, "grants": true}}"#,
        distribution: r#"{"share": {"accounts": ["222222222222", "333333333333"], "snapshots": true, "grants": true}}"#,
        kinds: &["cut-before", "cut-after", "kill-after"],
        changes: &[],
        images: 7,
        releases: 1,
    };
    crash(&PUBLISH, 100);
}

const AT_HOME: &str = r#"{"regions": {"us-east-1": {}}, "channels": {"prefix": "/golden"}, "share": {"accounts": ["222222222222"], "snapshots": true}}"#;

#[test]
fn an_image_made_of_a_disk_is_made_once_whatever_crashed() {
    // Of what is new of a disk whose parent was published the same way; in one region, for what follows is the same.
    static DISK: Operation = Operation {
        inputs: &[],
        published: &["disk"],
        image: "next disk",
        before: AT_HOME,
        distribution: AT_HOME,
        kinds: &["cut-before", "cut-after", "kill-after"],
        changes: &["ebs", "RegisterImage", "PutObject"],
        images: 5,
        releases: 1,
    };
    crash(&DISK, 12);
}

#[test]
fn an_image_made_of_two_disks_is_made_once_whatever_crashed() {
    // One with a parent, one without, on their way beside each other.
    static DISKS: Operation = Operation {
        inputs: &[SECOND_DISK],
        published: &["disk"],
        image: "disks",
        before: AT_HOME,
        distribution: AT_HOME,
        kinds: &["cut-before", "cut-after", "kill-after"],
        changes: &["ebs", "RegisterImage", "PutObject"],
        images: 5,
        releases: 1,
    };
    crash(&DISKS, 16);
}

#[test]
fn a_rollback_crashed_at_any_call_goes_back_one_step_and_no_more() {
    static ROLLBACK: Operation = Operation {
        inputs: &[("operation", "rollback")],
        published: &["one", "two", "three"],
        image: "three",
        before: "{}",
        distribution: "{}",
        kinds: &["kill-after"],
        changes: &[],
        images: 9,
        releases: 1,
    };
    crash(&ROLLBACK, 30);
}

#[test]
fn retiring_crashed_at_any_call_leaves_nothing_behind() {
    static RETIRE: Operation = Operation {
        inputs: &[("operation", "retire"), ("stage", "delete")],
        published: &["one", "two", "three"],
        image: "one",
        before: "{}",
        distribution: "{}",
        kinds: &["kill-after"],
        changes: &[],
        images: 6,
        releases: 0,
    };
    crash(&RETIRE, 30);
}

/// The first things that differ.
fn difference(expected: &Value, found: &Value) -> String {
    let mut told = Vec::new();
    for (name, expected) in expected.as_object().unwrap() {
        let (Some(one), Some(other)) = (expected.as_array(), found[name].as_array()) else { continue };
        told.extend(
            one.iter().filter(|item| !other.contains(item)).map(|item| format!("{name} lacks {item}")),
        );
        told.extend(other.iter().filter(|item| !one.contains(item)).map(|item| format!("{name} has {item}")));
    }
    told.truncate(4);
    told.join("\n")
}
