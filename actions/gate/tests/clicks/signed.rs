//! What is signed, what is kept, and for which verdict it counts.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{World, codes};
use crate::job::{Job, nothing_to_publish, predicate, review, words, written};
use crate::script::{COMMIT, Script};

#[test]
fn what_is_signed_says_who_approved_what() {
    let (world, policy, decided) = review("");
    let comment = format!("{}\nexcept CVE-2026-1 p1 until 2026-12-01 because no route", words(&decided));
    let run = Job::new(&world, &policy, &decided).run(Script::approved(&comment));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.outputs["suppressed"], "1");
    let approval = predicate(Path::new(&run.outputs["approval"]));
    assert_eq!(approval["approver"], "user-4 (id 4)");
    assert_eq!(approval["verdict"]["sha256"], decided.outputs["verdict-digest"]);
    assert_eq!(approval["brief"]["sha256"], decided.outputs["brief-digest"]);
    let github = json!({"repository": "acme/images", "runId": 1, "runAttempt": 1, "commit": COMMIT,
        "approvals": [{"environment": "production", "approverId": 4, "approverLogin": "user-4", "comment": comment}],
        "exceptions": [{"id": "CVE-2026-1", "package": "p1", "expires": "2026-12-01", "reason": "no route", "owner": "user-4 (id 4)"}]});
    assert_eq!(approval["github"], github);
    let verdict = predicate(Path::new(&run.outputs["evidence"]));
    let excepted = verdict["exceptions"].as_array().unwrap();
    assert_eq!((excepted.len(), excepted[0]["from"].as_str()), (1, Some("comment")));
    assert_eq!(verdict["approval"]["kind"], "approval");
    assert!(run.summary.contains("Excepted for this decision alone, as understood"), "{}", run.summary);

    // It is no approval of another decision: neither as a file, nor in the folder.
    let file = run.outputs["approval"].clone();
    let resumed = world.gate_with(&policy, &[("resume", file)]);
    assert_eq!((resumed.code, codes(&resumed)[0].as_str()), (1, "approval-refused"), "{}", resumed.stdout);
    assert_eq!(world.gate(&policy).outputs["verdict"], "review");
}

/// Whoever changes what GitHub said, in the bundle, is found out.
#[test]
fn a_replay_is_held_to_what_was_read() {
    let (world, policy, decided) = review("");
    let run = Job::new(&world, &policy, &decided).run(Script::approved(&words(&decided)));
    assert_eq!(run.code, 0, "{}", run.stdout);
    let manifest: Value = serde_json::from_str(&fs::read_to_string(&run.outputs["replay"]).unwrap()).unwrap();
    let kept = world.path("replay").join("sha256").join(manifest["click"].as_str().unwrap());
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("user-4"), "{text}");
    fs::write(&kept, text.replace("user-4", "user-5")).unwrap();
    let replayed = world.replay(&run.outputs["replay"]);
    assert_eq!(replayed.code, 1, "{}", replayed.stdout);
    assert!(replayed.stdout.contains("what GitHub said of the run differs"), "{}", replayed.stdout);
}

/// Each row: what is between the verdict that was shown and the job, and what comes of it.
#[test]
fn an_approval_is_for_the_verdict_that_was_shown() {
    type Row = (&'static str, fn(&World), Vec<(&'static str, String)>, &'static str, &'static str);
    let rows: &[Row] = &[
        ("another brief", |_| {}, vec![("brief-digest", "0".repeat(64))], "fail", "approval-of-another"),
        (
            "more evidence",
            |w| {
                w.put("bake", &w.provenance());
                w.put("assay", &w.tests("booted", "2026-11-22T11:30:00Z", 9, 0));
            },
            vec![],
            "fail",
            "approval-of-another",
        ),
        (
            "another environment in the policy's words",
            |_| {},
            vec![("environment", "prod".into())],
            "fail",
            "approval-of-another",
        ),
    ];
    for (what, change, more, verdict, code) in rows {
        let (world, policy, decided) = review("");
        change(&world);
        let mut job = Job::new(&world, &policy, &decided);
        job.more.clone_from(more);
        let mut script = Script::approved("");
        script.approvals[0]["comment"] = json!("");
        let run = job.run(script);
        assert_eq!(run.outputs.get("verdict").map(String::as_str), Some(*verdict), "{what}: {}", run.stdout);
        assert_eq!(
            (run.code, codes(&run).contains(&(*code).to_owned())),
            (1, true),
            "{what}: {:?}",
            codes(&run)
        );
        nothing_to_publish(&world, what);
    }
    let (mut world, policy, decided) = review("");
    world.now = "2026-11-22T21:00:00Z".parse().unwrap();
    let run = Job::new(&world, &policy, &decided).run(Script::approved(&words(&decided)));
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (1, "review"), "{}", run.stdout);
    assert!(codes(&run).contains(&"approval-expired".to_owned()), "{:?}", codes(&run));
}

#[test]
fn what_is_missing_is_asked_for_before_anything() {
    let (world, policy, decided) = review("");
    for (name, value, part) in [
        ("token", "", "input `token` was not given"),
        ("signing-key", "", "input `signing-key` was not given"),
        ("brief-digest", "", "input `brief-digest` was not given"),
        ("brief-digest", "abc", "input `brief-digest`"),
        ("environments", "", "input `environments` was not given"),
        ("environments", "production\nProduction", "names one twice"),
        ("resume", "gone.json", "input `resume`"),
    ] {
        let mut job = Job::new(&world, &policy, &decided);
        job.more.push((name, value.to_owned()));
        let run = job.run(Script::approved(""));
        assert_eq!(run.code, 2, "{name}: {}", run.stdout);
        assert!(run.stdout.contains(part), "{name}: {}", run.stdout);
        nothing_to_publish(&world, name);
    }
    // A key that may not sign approvals does not sign one.
    let mut job = Job::new(&world, &policy, &decided);
    job.more.push(("signing-key", world.pem("assay")));
    let run = job.run(Script::approved(""));
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("may not sign an approval"), "{}", run.stdout);
    assert!(written(&world, "approval").is_empty());
    // And elsewhere there is nothing to ask.
    for (name, value) in [("brief-digest", "0".repeat(64)), ("environments", "production".to_owned())] {
        let run = world.gate_with(&policy, &[(name, value)]);
        assert_eq!(run.code, 2, "{name}");
        assert!(run.stderr.contains("on a runner"), "{}", run.stderr);
    }
}
