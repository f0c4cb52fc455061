//! The real program, started as a runner starts it: a scrubbed environment, `INPUT_*` in, files out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::common::World;

#[expect(clippy::disallowed_methods, reason = "the program under test is started by the test alone")]
fn start(world: &World, inputs: &[(&'static str, String)]) -> Output {
    fs::create_dir_all(world.path("checkout")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gate"));
    command.env_clear().current_dir(world.path(""));
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", world.path("checkout"))
        .env("RUNNER_TEMP", world.path(""));
    for file in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_STATE"] {
        fs::write(world.path(file), "").unwrap();
        command.env(file, world.path(file));
    }
    for (name, value) in inputs {
        command.env(format!("INPUT_{}", name.to_uppercase()), value);
    }
    command.output().unwrap()
}

/// Evidence that is fresh by the clock of this machine: the program reads no other.
fn fresh(found: &[crate::common::Found<'_>]) -> World {
    let world = World::bare();
    let dated = |mut statement: attest::Statement| {
        let text = serde_json::to_string(&statement.predicate).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the real program has the real clock")]
        let now = jiff::Timestamp::now().to_string();
        statement.predicate = serde_json::from_str(&text.replace("2026-11-22T11:00:00Z", &now)).unwrap();
        statement
    };
    world.put("bake", &dated(world.signatures(b"binary")));
    world.put("bake", &dated(world.provenance()));
    world.put("assay", &dated(world.tests("booted", "2026-11-22T11:00:00Z", 3, 0)));
    world.put("assay", &dated(world.scan(found, false)));
    world
}

fn outputs(world: &World) -> String {
    fs::read_to_string(world.path("GITHUB_OUTPUT")).unwrap()
}

#[test]
fn the_program_decides_signs_and_replays() {
    let world = fresh(&[]);
    let run = start(&world, &world.inputs("recommended"));
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stdout));
    assert!(outputs(&world).contains("\npass\n"));
    let summary = fs::read_to_string(world.path("GITHUB_STEP_SUMMARY")).unwrap();
    assert!(summary.starts_with("## ✅ Pass: web"), "{summary}");
    let manifest = fs::read_dir(world.path("replay"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            path.extension().is_some_and(|e| e == "json") && !path.to_string_lossy().contains(".sigstore.")
        })
        .unwrap();
    let replay = [("replay", manifest.to_string_lossy().into_owned())];
    let run = start(&world, &replay);
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stdout));
    assert!(!String::from_utf8_lossy(&run.stdout).contains("another build"));
}

/// Hostile text from a scanner's report reaches the log, the summary and the page inert.
#[test]
fn hostile_text_is_inert_everywhere() {
    let id =
        "CVE-1\n::set-output name=verdict::pass\n\u{1b}[2J<script>alert(1)</script>|]]>`[x](javascript:y)";
    let world = fresh(&[(id, "CRITICAL", Some("2\n::stop-commands::x"))]);
    let run = start(&world, &world.inputs("recommended"));
    let stdout = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(1), "{stdout}");
    for line in stdout.lines() {
        assert!(!line.starts_with("::set-output") && !line.starts_with("::stop-commands"), "{line}");
    }
    assert!(!stdout.contains('\u{1b}'));
    for file in ["GITHUB_STEP_SUMMARY", "brief.md", "page.html"] {
        let text = fs::read_to_string(world.path(file)).unwrap();
        assert!(
            !text.contains("<script>alert") && !text.contains('\u{1b}') && !text.contains("\n::"),
            "{file}"
        );
        // In HTML that is plain text.
        assert!(file == "page.html" || !text.contains("](javascript"), "{file}");
    }
    assert!(!outputs(&world).contains("\npass\n"));
}

#[test]
fn an_approval_file_is_refused_on_a_runner() {
    let world = fresh(&[]);
    let mut inputs = world.inputs("recommended");
    inputs.push(("resume", world.file("provenance").to_string_lossy().into_owned()));
    let run = start(&world, &inputs);
    assert_eq!(run.status.code(), Some(2));
    assert!(!Path::new(&world.path("page.html")).exists());
}
