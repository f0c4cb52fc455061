//! `apply` broken off at every call, in every way: run again, it leads to the same end; and at no time anything
//! protected less.
#![expect(clippy::disallowed_methods, reason = "the test starts and kills the program itself")]

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::common::run;
use crate::common::server::{Fault, Kept, Server};

const FILE: &str = "version: 1
environments:
  production:
    reviewers: [{team: acme/security}, {user: alice}]
    wait-timer: 30m
    branches: [main, 'release/*']
    tags: ['v*']
    variables: {AWS_REGION: eu-west-1, ROLE: publish}
    secrets: [ASSAY_KEY]
  staging:
    reviewers: [{user: bob}]
    prevent-self-review: false
    wait-timer: 0
    branches: protected
  dev eu/1:
    branches: [dev]
    variables: {}
";

/// Something to tighten, something to loosen, something to make, something to remove, something of nobody's.
fn begin() -> BTreeMap<String, Kept> {
    let staging = Kept {
        reviewers: vec![("User".into(), 1), ("User".into(), 3)],
        prevent_self_review: true,
        wait: 60,
        mode: "named".into(),
        patterns: vec![(1, "branch".into(), "main".into()), (2, "tag".into(), "v*".into())],
        ..Kept::made()
    };
    let dev = Kept {
        mode: "named".into(),
        patterns: vec![(3, "branch".into(), "*".into())],
        variables: BTreeMap::from([("OLD".into(), "1".into())]),
        ..Kept::made()
    };
    let other = Kept { wait: 7, ..Kept::made() };
    BTreeMap::from([("Staging".into(), staging), ("dev eu/1".into(), dev), ("other".into(), other)])
}

/// Without the numbers of patterns.
fn plain(mut all: BTreeMap<String, Kept>) -> BTreeMap<String, Kept> {
    for kept in all.values_mut() {
        kept.patterns.iter_mut().for_each(|pattern| pattern.0 = 0);
        kept.patterns.sort();
    }
    all
}

fn protects(now: &Kept, than: &Kept) -> bool {
    let nobody = than.reviewers.is_empty();
    (nobody || !now.reviewers.is_empty())
        && now.wait >= than.wait
        && (nobody || !than.prevent_self_review || now.prevent_self_review)
        && (than.bypass == Some(true) || now.bypass == Some(false))
}

/// A state that is as strict as one of the two, and opens to nothing that neither opens to.
fn assert_safe(history: &[BTreeMap<String, Kept>], end: &BTreeMap<String, Kept>, way: &str) {
    let begin = begin();
    for (at, state) in history.iter().enumerate() {
        assert_eq!(state["other"], begin["other"], "{way}");
        for (name, now) in state {
            let (before, asked) = (begin.get(name), &end[name]);
            let strict = protects(now, asked) || before.is_some_and(|before| protects(now, before));
            assert!(strict, "{way}, after call {at}: {name}: {now:?}");
            let open = |kept: &Kept, one: &(u64, String, String)| {
                kept.patterns.iter().any(|known| known.1 == one.1 && known.2 == one.2)
            };
            for pattern in &now.patterns {
                let known = open(asked, pattern) || before.is_some_and(|before| open(before, pattern));
                assert!(known, "{way}, after call {at}: {name}: {pattern:?}");
            }
            if now.mode == "any" {
                assert!(before.is_some_and(|before| before.mode == "any"), "{way}: {name}: {now:?}");
            }
        }
    }
}

#[test]
fn broken_off_at_every_call_and_run_again_it_leads_to_the_same_end() {
    let whole = Server::new(begin());
    let first = run(&whole.address, "apply", FILE);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let calls = whole.calls();
    assert_eq!(first.outputs["calls"], calls.to_string());
    let end = plain(whole.environments());
    assert_safe(&whole.state().history, &end, "whole");
    let again = run(&whole.address, "plan", FILE);
    assert_eq!((again.outputs["changes"].as_str(), again.outputs["calls"].as_str()), ("0", "0"));

    let mut table = vec!["call broken off | way | exit | calls of the second run | same end".to_owned()];
    for at in 0..calls {
        for (way, fault) in [
            ("cut before it is done", Fault::CutBefore(at)),
            ("cut after it is done", Fault::CutAfter(at)),
            ("500", Fault::Status(at, 500, "Server Error")),
            ("403", Fault::Status(at, 403, "Resource not accessible by personal access token")),
            ("404", Fault::Status(at, 404, "Not Found")),
            ("422", Fault::Status(at, 422, "Validation Failed")),
            ("429", Fault::Status(at, 429, "Slow down")),
        ] {
            let server = Server::new(begin());
            server.set_fault(Some(fault));
            let broken = run(&server.address, "apply", FILE);
            assert_ne!(broken.code, 0, "{way} at {at}: {}", broken.stdout);
            let mut lines = broken.stdout.lines().chain(broken.stderr.lines());
            assert!(lines.all(|line| !line.contains("ghs_secret") || line.starts_with("::add-mask::")));
            server.set_fault(None);
            let second = run(&server.address, "apply", FILE);
            assert_eq!(second.code, 0, "{way} at {at}: {}", second.stdout);
            table.push(format!("{at} | {way} | {} | {} | yes", broken.code, server.calls()));
            assert_eq!(plain(server.environments()), end, "{way} at {at}");
            assert_safe(&server.state().history, &end, way);
        }
    }
    println!("{}", table.join("\n"));
    assert!(calls >= 14, "{calls} calls");
}

#[test]
fn killed_at_every_call_and_run_again_it_leads_to_the_same_end() {
    let whole = Server::new(begin());
    assert_eq!(run(&whole.address, "apply", FILE).code, 0);
    let (calls, end) = (whole.calls(), plain(whole.environments()));
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("killed.yml");
    std::fs::write(&file, FILE).unwrap();
    let mut table = vec!["killed at call | done | calls of the second run | same end".to_owned()];
    for at in 0..calls {
        for done in [false, true] {
            let server = Server::new(begin());
            let (told, hangs) = mpsc::channel();
            server.set_fault(Some(Fault::Hang(at, done, told)));
            let mut child = Command::new(env!("CARGO_BIN_EXE_environments"))
                .args(["apply", "--repository", "acme/images", "--api-url", &server.address, "--file"])
                .arg(&file)
                .env("INPUT_TOKEN", "ghs_secret")
                .current_dir(&folder)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let hanging = hangs.recv_timeout(Duration::from_secs(60));
            child.kill().unwrap();
            let status = child.wait().unwrap();
            assert!(hanging.is_ok(), "call {at} was never made: {status}");
            server.set_fault(None);
            let second = run(&server.address, "apply", FILE);
            assert_eq!(second.code, 0, "killed at {at}: {}", second.stdout);
            table.push(format!("{at} | {done} | {} | yes", server.calls()));
            assert_eq!(plain(server.environments()), end, "killed at {at}");
            assert_safe(&server.state().history, &end, "killed");
        }
    }
    println!("{}", table.join("\n"));
}
