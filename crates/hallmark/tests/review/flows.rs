//! Without a screen, by flags: what is sent, and what never is.

use std::fs;

use github::testing::Answer;
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

use crate::common::NOW;
use crate::review::server::{Script, Server, account, artifact};
use crate::review::world::{Assayed, HOSTILE};
use crate::review::{action, asking};

const ACCEPTED: &str = "CVE-2026-1 p1 until 2026-12-01 because no certificate comes from outside";

fn assayed() -> Assayed {
    Assayed::at(NOW.parse().unwrap(), false)
}

fn approving(assayed: &Assayed, server: &Server) -> Harness {
    asking(assayed, server).input("run", "7").input("decision", "approve").input("yes", "true")
}

const POST: &str = "POST /repos/acme/images/actions/runs/7/pending_deployments";

/// Nothing that anybody wrote is obeyed by a terminal, and the token is told to nobody.
fn inert(run: &Run) {
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(!all.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}']), "{all:?}");
    assert!(!all.contains("ghp_secret") && !all.contains("sig=permission"), "{all}");
}

#[test]
fn what_waits_is_listed_and_shown_and_nothing_is_sent() {
    let assayed = assayed();
    let server = Server::new(Script::new(assayed.archive()));
    let run = asking(&assayed, &server).run(action());
    inert(&run);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("7  golden image: web 証明書  → production"), "{}", run.stderr);

    let run = asking(&assayed, &server).input("run", "7").run(action());
    inert(&run);
    assert_eq!((run.code, run.outputs["decision"].as_str()), (0, "nothing"), "{}", run.stderr);
    assert_eq!(run.outputs["brief-digest"], assayed.brief());
    for part in ["If this is approved now, the verdict is `pass`", &assayed.words(), "CVE-2026-2", "waived"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }

    let run = asking(&assayed, &server).input("run", "7").input("json", "true").run(action());
    inert(&run);
    assert!(run.stdout.contains("\\u8a3c\\u660e"), "{}", run.stdout);
    let json = run.stdout.split("\nOutputs").next().unwrap();
    let shown: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(
        (shown["verdict"].as_str(), shown["foreseen"]["verdict"].as_str()),
        (Some("review"), Some("pass"))
    );
    assert_eq!(shown["blocking"].as_array().unwrap().len(), 3, "{shown:#}");
    assert_eq!(server.changes(), Vec::<String>::new());
}

/// What is sent is what the gate accepts: its own `resume` reads it from the same server.
#[test]
fn the_gate_accepts_what_was_sent() {
    // A variable of the environment cannot hold it.
    let hostile = HOSTILE.replace('\0', "");
    for (accept, words) in [("", ""), (ACCEPTED, "seen with the web team"), ("", hostile.as_str())] {
        let assayed = assayed();
        let server = Server::new(Script::new(assayed.archive()));
        let run = approving(&assayed, &server).input("accept", accept).input("comment", words).run(action());
        inert(&run);
        assert_eq!(
            (run.code, run.outputs.get("decision").map(String::as_str)),
            (0, Some("approved")),
            "{}",
            run.stderr
        );
        assert_eq!(server.changes(), [POST]);
        let said = server.script.lock().unwrap().approvals[0].clone();
        let comment = said["comment"].as_str().unwrap();
        assert!(comment.starts_with(&assayed.words()), "{comment}");
        assert_eq!(comment.lines().any(|line| line.starts_with("except ")), !accept.is_empty(), "{comment}");
        // The archive lies elsewhere, and the token was not sent there.
        assert!(server.blobs.asked().iter().all(|asked| asked.header("authorization").is_none()));
        assert_eq!(server.blobs.asked().len(), 1);

        let world = &assayed.world;
        let inputs = [
            ("resume", assayed.decided.outputs["evidence"].clone()),
            ("brief-digest", assayed.brief().to_owned()),
            ("environments", "production".to_owned()),
            ("token", "ghs_job".to_owned()),
            ("signing-key", world.pem("publish")),
        ];
        let resumed = world
            .runner(&assayed.policy, &inputs)
            .env("GITHUB_API_URL", server.api.url("").to_string())
            .env("GITHUB_RUN_ID", "7")
            .run(&gate::ACTION);
        assert_eq!((resumed.code, resumed.outputs["verdict"].as_str()), (0, "pass"), "{}", resumed.stdout);
        assert_eq!(resumed.outputs["suppressed"], if accept.is_empty() { "0" } else { "1" });
        // It was said before, and waits no longer: nothing more is sent.
        let again = approving(&assayed, &server).run(action());
        assert_eq!((again.code, server.changes().len()), (2, 1), "{}", again.stderr);
        assert!(again.stderr.contains("waits for nobody"), "{}", again.stderr);
    }
}

/// Each row: what GitHub is like, the exit code, what is said, and whether anything was sent.
#[test]
fn what_is_not_sent_or_refused() {
    type Change = fn(&mut Script);
    let slow =
        || Answer::Whole(429, vec![("retry-after", "3600".to_owned())], r#"{"message":"slow"}"#.into());
    let rows: &[(&str, Change, u8, &str, usize)] = &[
        (
            "another attempt since",
            |s| s.attempt_after = Some((2, 2)),
            2,
            "is in attempt 2 by now, and attempt 1 was shown",
            0,
        ),
        ("approved by somebody else since", |s| s.pending = json!([]), 2, "waits for nobody", 0),
        (
            "not this account's",
            |s| s.pending[0]["current_user_can_approve"] = json!(false),
            2,
            "does not wait for ada",
            0,
        ),
        ("who started it", |s| s.starter = s.me.clone(), 1, "would still be `review`", 0),
        ("who wrote it", |s| s.me = account(3, "writer"), 1, "would still be `review`", 0),
        (
            "an app",
            |s| s.faults.push(("GET /user", Answer::error(403, "Resource not accessible by integration"))),
            2,
            "",
            0,
        ),
        (
            "no token that counts",
            |s| s.faults.push(("GET /user", Answer::error(401, "Bad credentials"))),
            2,
            "401",
            0,
        ),
        (
            "403",
            |s| s.faults.push((POST, Answer::error(403, "Must have push access"))),
            2,
            "(needs a token with `deployments: write`)",
            1,
        ),
        (
            "refused by GitHub",
            |s| s.faults.push((POST, Answer::error(422, "You cannot approve your own deployment"))),
            2,
            "422: You cannot approve your own deployment",
            1,
        ),
        (
            "no facts",
            |s| s.faults.push(("GET /repos/acme/images/environments", Answer::error(403, "no"))),
            2,
            "could not be read, so that nobody can tell",
            0,
        ),
        (
            "500, and not done",
            |s| s.faults.push((POST, Answer::error(500, "oops"))),
            2,
            "GitHub does not tell that it was done",
            1,
        ),
        (
            "cut, and not done",
            |s| s.faults.push((POST, Answer::Cut)),
            2,
            "GitHub does not tell that it was done",
            1,
        ),
        (
            "500, and done",
            |s| {
                s.done_before_fault = true;
                s.faults.push((POST, Answer::error(500, "oops")))
            },
            0,
            "Approved",
            1,
        ),
        (
            "cut, and done",
            |s| {
                s.done_before_fault = true;
                s.faults.push((POST, Answer::Cut))
            },
            0,
            "Approved",
            1,
        ),
        ("expired", |s| s.artifacts[0]["expired"] = json!(true), 2, "`web-assayed` is gone", 0),
        (
            "410",
            |s| {
                s.faults.push((
                    "GET /repos/acme/images/actions/artifacts",
                    Answer::error(410, "Artifact has expired"),
                ))
            },
            2,
            "`web-assayed` is gone",
            0,
        ),
        ("of another run", |s| s.artifacts[0]["workflow_run"]["id"] = json!(8), 2, "is of run 8", 0),
        (
            "too large by its word",
            |s| s.artifacts[0]["size_in_bytes"] = json!(1_u64 << 40),
            2,
            "at most 268435456 are read",
            0,
        ),
        (
            "none",
            |s| s.artifacts = json!([artifact(9, "web-baked", 1)]),
            2,
            "no artifact `<image>-assayed`",
            0,
        ),
        (
            "several",
            |s| s.artifacts = json!([artifact(9, "web-assayed", 1), artifact(8, "db-assayed", 1)]),
            2,
            "several images (db, web): give `image`",
            0,
        ),
        (
            "another digest",
            |s| s.artifacts[0]["digest"] = json!(format!("sha256:{}", "0".repeat(64))),
            2,
            "not the one whose digest GitHub tells",
            0,
        ),
        ("no archive", |s| s.archive = Answer::Bytes(b"PK no".to_vec()), 2, "no zip archive", 0),
        (
            "an archive that is forbidden",
            |s| s.archive = Answer::error(403, "signature expired"),
            2,
            "403",
            0,
        ),
        (
            "a redirect to nowhere",
            |s| {
                s.faults.push((
                    "GET /repos/acme/images/actions/artifacts",
                    Answer::Whole(302, vec![], String::new()),
                ))
            },
            2,
            "leads nowhere",
            0,
        ),
    ];
    let assayed = assayed();
    let archive = assayed.archive();
    for (what, change, code, part, sent) in rows {
        let mut script = Script::new(archive.clone());
        change(&mut script);
        let server = Server::new(script);
        let run = approving(&assayed, &server).run(action());
        inert(&run);
        let said = format!("{what}: {}\n{}", run.stderr, run.stdout);
        assert_eq!(run.code, *code, "{said}");
        assert!(said.contains(part), "{part}: {said}");
        assert_eq!(server.changes().len(), *sent, "{said}");
    }
    let mut script = Script::new(archive);
    script.faults.push((POST, slow()));
    let server = Server::new(script);
    let run = approving(&assayed, &server).run(action());
    assert_eq!((run.code, server.changes().len()), (2, 1), "{}", run.stderr);
    assert!(run.stderr.contains("again in 3600 s"), "{}", run.stderr);
}

#[test]
fn inputs_that_are_refused_before_anything_is_asked() {
    let assayed = assayed();
    let server = Server::new(Script::new(assayed.archive()));
    let refused = |harness: Harness, part: &str| {
        let run = harness.run(action());
        assert_eq!(run.code, 2, "{part}: {}", run.stderr);
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    };
    refused(asking(&assayed, &server).input("run", "7").input("decision", "approve"), "give `yes: true`");
    refused(asking(&assayed, &server).input("output", "x"), "`output` is for `report` alone");
    let folder = assayed.folder();
    refused(asking(&assayed, &server).input_path("report", &folder), "`token` has no meaning with `report`");
    assert_eq!(server.api.asked(), []);
    // What is wrong with an exception is known once the policy is.
    for (accept, part) in [
        ("CVE-2026-1 until 2027-06-01 because x", "may hold until 2026-12-22"),
        ("CVE-2026-1 until 2026-11-01 because x", "is over"),
        ("CVE-2026-1 until 2026-12-01", "no reason"),
        ("everything until 2026-12-01 because x", "no id"),
    ] {
        refused(approving(&assayed, &server).input("accept", accept), part);
    }
    refused(approving(&assayed, &server).input("comment", "approve of it"), "approve");
    refused(
        asking(&assayed, &server).input("decision", "approve").input("yes", "true"),
        "`run` was not given",
    );
    assert_eq!(server.changes(), Vec::<String>::new());
}

#[test]
fn a_rejection_says_why_and_names_the_brief() {
    let assayed = assayed();
    let server = Server::new(Script::new(assayed.archive()));
    let reject =
        || asking(&assayed, &server).input("run", "7").input("decision", "reject").input("yes", "true");
    let run = reject().run(action());
    assert_eq!((run.code, server.changes().len()), (2, 0), "{}", run.stderr);
    assert!(run.stderr.contains("says why"), "{}", run.stderr);
    let run = reject().input("comment", "the certificate is read from outside").run(action());
    assert_eq!((run.code, run.outputs["decision"].as_str()), (0, "rejected"), "{}", run.stderr);
    let said = server.script.lock().unwrap().approvals[0].clone();
    assert_eq!(said["state"], "rejected");
    assert_eq!(
        said["comment"],
        format!("the certificate is read from outside\n(brief {})", &assayed.brief()[..12])
    );
}

/// Nobody decides on something else than the gate did.
#[test]
fn what_does_not_come_out_again_is_not_decided_on() {
    let assayed = assayed();
    let replay = assayed.world.path("replay");
    let manifest = assayed.decided.outputs["replay"].clone();
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("\"version\":\"0", "\"version\":\"9", 1)).unwrap();
    let server = Server::new(Script::new(assayed.archive()));
    let run = approving(&assayed, &server).run(action());
    assert_eq!((run.code, server.changes().len()), (2, 0), "{}", run.stderr);
    assert!(run.stderr.contains("does not come to the verdict again"), "{}", run.stderr);
    fs::write(&manifest, &text).unwrap();
    // A brief that was edited is no verdict's.
    fs::write(assayed.world.path("report/web.md"), "All is well.").unwrap();
    let server = Server::new(Script::new(assayed.archive()));
    let run = approving(&assayed, &server).run(action());
    assert_eq!((run.code, server.changes().len()), (2, 0), "{}", run.stderr);
    assert!(run.stderr.contains("no brief"), "{}", run.stderr);
    assert!(replay.is_dir());
}

#[test]
fn a_folder_without_github() {
    let assayed = assayed();
    let at = |more: &[(&str, &str)]| {
        let harness =
            Harness::new().off_runner().now(assayed.world.now).input_path("report", assayed.folder());
        more.iter().fold(harness, |harness, (name, value)| harness.input(name, value)).run(action())
    };
    let run = at(&[]);
    inert(&run);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("the verdict is `pass`"), "{}", run.stderr);

    let run = at(&[("decision", "approve"), ("accept", ACCEPTED), ("owner", "ada")]);
    assert_eq!((run.code, run.outputs["decision"].as_str()), (0, "nothing"), "{}", run.stderr);
    for part in
        [&assayed.words(), "except CVE-2026-1 p1 until 2026-12-01", "  - id: CVE-2026-1", "owner: ada"]
    {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    let out = assayed.world.path("out");
    let shown = out.to_string_lossy().into_owned();
    let written =
        [("decision", "approve"), ("accept", ACCEPTED), ("owner", "ada"), ("output", shown.as_str())];
    assert_eq!(at(&written).code, 0);
    assert!(fs::read_to_string(out.join("comment.txt")).unwrap().starts_with(&assayed.words()));
    assert!(fs::read_to_string(out.join("exceptions.yml")).unwrap().contains("CVE-2026-1"));
    let again = at(&written);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);

    let run = at(&[("image", "db")]);
    assert!(run.code == 2 && run.stderr.contains("no brief of the image `db`"), "{}", run.stderr);
}

/// What no person may waive is not approved, whatever is accepted.
#[test]
fn a_verdict_that_fails_stays_shut() {
    let assayed = Assayed::at(NOW.parse().unwrap(), true);
    let server = Server::new(Script::new(assayed.archive()));
    let run = approving(&assayed, &server)
        .input("accept", "CVE-2026-4 p1 until 2026-12-01 because no route")
        .run(action());
    assert_eq!((run.code, server.changes().len()), (1, 0), "{}", run.stderr);
    assert!(run.stderr.contains("would still be `fail`"), "{}", run.stderr);
}

/// Two environments are two people's: one approves one of them, and never both.
#[test]
fn two_environments_that_wait_at_once() {
    let assayed = assayed();
    let mut script = Script::new(assayed.archive());
    let mut second = script.pending[0].clone();
    second["environment"] = json!({"id": 11, "name": "canary"});
    script.pending.as_array_mut().unwrap().push(second);
    let server = Server::new(script);
    let both = approving(&assayed, &server).run(action());
    assert_eq!((both.code, server.changes().len()), (1, 0), "{}", both.stderr);
    assert!(both.stderr.contains("approval-not-distinct"), "{}", both.stderr);
    let one = approving(&assayed, &server).input("environment", "Canary").run(action());
    assert_eq!((one.code, server.changes().len()), (0, 1), "{}", one.stderr);
    assert!(!one.stderr.contains("You have approved"), "{}", one.stderr);
    let environments = server.script.lock().unwrap().approvals[0]["environments"].clone();
    assert_eq!(environments, json!([{"id": 11, "name": "by number"}]));
    // The same person for the other one.
    let again = approving(&assayed, &server).run(action());
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("You have approved this run in by number before"), "{}", again.stderr);
    server.script.lock().unwrap().pending = json!([]);
    let none = approving(&assayed, &server).input("environment", "staging").run(action());
    assert_eq!(none.code, 2, "{}", none.stderr);
}

/// What was looked at for too long is no longer approved.
#[test]
fn an_approval_that_would_come_too_late() {
    let assayed = assayed();
    let server = Server::new(Script::new(assayed.archive()));
    let late = assayed.world.now + jiff::SignedDuration::from_hours(9);
    let run = approving(&assayed, &server).now(late).run(action());
    assert_eq!((run.code, server.changes().len()), (1, 0), "{}", run.stderr);
    assert!(run.stderr.contains("approval-expired"), "{}", run.stderr);
}
