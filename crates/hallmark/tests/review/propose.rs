//! Exceptions for good: one branch, one commit, one pull request, however often it is tried.

use github::testing::Answer;
use runner::testing::Run;

use crate::common::NOW;
use crate::review::server::{Script, Server};
use crate::review::world::Assayed;
use crate::review::{action, asking};

const ACCEPTED: &str = "CVE-2026-4 p1 until 2026-12-01 because `no` <b>route</b>, see #1 @octocat";

fn propose(assayed: &Assayed, server: &Server) -> Run {
    asking(assayed, server)
        .input("run", "7")
        .input("decision", "show")
        .input("pull-request", "true")
        .input("accept", ACCEPTED)
        .input("exceptions-path", "hallmark/exceptions.yml")
        .run(action())
}

fn failing() -> (Assayed, Server) {
    let assayed = Assayed::at(NOW.parse().unwrap(), true);
    let server = Server::new(Script::new(assayed.archive()));
    (assayed, server)
}

#[test]
fn once_and_never_twice() {
    let (assayed, server) = failing();
    let run = propose(&assayed, &server);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.outputs["pull-request"], "https://github.example/acme/images/pull/12");
    // What failed is for review with it: the preview is the gate's own.
    assert!(run.stderr.contains("the same evidence would be `review`"), "{}", run.stderr);
    let changes = server.changes();
    assert_eq!(changes.len(), 3, "{changes:?}");
    {
        let script = server.script.lock().unwrap();
        let text = script.proposed.clone().unwrap();
        assert!(
            text.starts_with("version: 1\n# Kept as it is.\nexceptions:\n  - id: CVE-2026-4\n"),
            "{text}"
        );
        for part in ["owner: ada", "expires: 2026-12-01", "images: [debian-web]"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let pull = &script.pulls[0];
        let body = pull["body"].as_str().unwrap();
        assert!(pull["head"].as_str().unwrap().starts_with("hallmark/exceptions-"), "{pull:#}");
        assert!(body.contains(assayed.brief()) && body.contains("actions/runs/7"), "{body}");
        // Nothing that somebody wrote comes alive.
        for live in ["<b>", " #1", "@octocat", "`no`"] {
            assert!(!body.contains(live), "{live}: {body}");
        }
    }
    let again = propose(&assayed, &server);
    assert_eq!((again.code, server.changes()), (0, changes), "{}", again.stderr);
    assert!(
        again.stderr.contains("Proposed before: https://github.example/acme/images/pull/12"),
        "{}",
        again.stderr
    );
}

/// Broken off anywhere, the same command goes on from what is there.
#[test]
fn it_goes_on_from_what_is_there() {
    for broken in ["POST /repos/acme/images/git/refs", "PUT /repos", "POST /repos/acme/images/pulls"] {
        for done in [false, true] {
            let (assayed, server) = failing();
            {
                let mut script = server.script.lock().unwrap();
                script.done_before_fault = done;
                script.faults.push((broken, Answer::Cut));
            }
            let run = propose(&assayed, &server);
            assert_eq!(run.code, 2, "{broken} {done}: {}", run.stderr);
            assert!(run.stderr.contains("goes on from what is there"), "{broken} {done}: {}", run.stderr);
            server.script.lock().unwrap().faults.clear();
            let run = propose(&assayed, &server);
            assert_eq!(run.code, 0, "{broken} {done}: {}", run.stderr);
            let script = server.script.lock().unwrap();
            assert_eq!((script.pulls.len(), script.branches.len()), (1, 2), "{broken} {done}");
            assert!(script.proposed.as_ref().unwrap().contains("CVE-2026-4"), "{broken} {done}");
        }
    }
}

#[test]
fn a_file_that_is_not_there_or_cannot_be_added_to() {
    let there = "version: 1\nexceptions:\n  - {id: CVE-2026-4, package: p1, images: [debian-web], reason: x, owner: y, created: 2026-11-20, expires: 2026-12-01}\n";
    for (file, code, part, changes) in [
        (None, 0, "Proposed: ", 3),
        (Some("version: 1\nexceptions: [{id: CVE-2026-9}]\n"), 2, "", 0),
        (Some("no: yaml: at all"), 2, "", 0),
        (Some(there), 0, "has these exceptions already", 0),
    ] {
        let (assayed, server) = failing();
        server.script.lock().unwrap().file = file.map(str::to_owned);
        let run = propose(&assayed, &server);
        assert_eq!(run.code, code, "{file:?}: {}", run.stderr);
        assert!(run.stderr.contains(part), "{file:?}: {}", run.stderr);
        assert_eq!(server.changes().len(), changes, "{file:?}");
    }
}
