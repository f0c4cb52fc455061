//! Real runs: the real Goss, in the real image, in a real machine. `make test` bakes the image first.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use attest::predicate::test_result::{Predicate, Seen, TestOutcome};
use attest::{EvidenceDir, Form, Kind, PrivateKey, PublicKey, Verified};
use goss_test::ACTION;
use runner::testing::{Harness, Run};

/// The image to test on.
#[expect(clippy::disallowed_methods, reason = "the test is told its image by `make test`")]
fn image() -> PathBuf {
    match std::env::var_os("HALLMARK_TEST_IMAGE") {
        Some(path) => path.into(),
        None => panic!("HALLMARK_TEST_IMAGE is not set: `make test` bakes an image and sets it"),
    }
}

/// A runner with what a tool needs of the environment, and a spec.
fn harness(spec: &str) -> Harness {
    let mut harness = Harness::new().input_path("image", image()).input("specs", "goss/spec.yaml");
    for name in ["PATH", "HOME", "HALLMARK_CACHE", "HALLMARK_MIRROR", "XDG_CACHE_HOME", "GOPROXY", "GOFLAGS"]
    {
        harness = harness.pass_env(name);
    }
    harness.file("goss/spec.yaml", spec);
    harness
}

fn counts(run: &Run) -> [&str; 3] {
    ["passed", "failed", "skipped"].map(|name| run.outputs.get(name).map_or("none", String::as_str))
}

/// The one statement in the evidence folder, verified.
fn evidence(harness: &Harness, key: &PublicKey) -> (Verified, Predicate) {
    let evidence = EvidenceDir::new(harness.workspace().join(".hallmark/evidence"));
    let listing = evidence.list().unwrap();
    assert!(listing.strays.is_empty(), "{:?}", listing.strays);
    let [file] = &listing.files[..] else { panic!("{:?}", listing.files) };
    assert_eq!(file.form, Form::Signed);
    let verified = attest::verify(&file.bytes, &attest::Trust::from(key)).unwrap();
    assert_eq!(verified.kind, Kind::TestResult);
    let predicate: Predicate = verified.statement.predicate().unwrap();
    let report = predicate.hallmark.as_ref().unwrap().report.sha256;
    assert!(!evidence.report(&report).unwrap().is_empty());
    (verified, predicate)
}

const HOSTILE: &str = r#"
service:
  ssh:
    title: "runs\n::error::forged\n##[error]forged | <script>alert(1)</script> ]]> \e[31m"
    running: true
port:
  tcp:22:
    listening: true
file:
  /etc/passwd:
    exists: true
    mode: "0600"
    title: "::set-output name=passed::99"
command:
  "echo '::error::from a command'":
    exit-status: 0
    stdout: ["]]><script>"]
    timeout: 300000
"#;

#[test]
fn a_booted_image_is_tested_and_what_fails_is_shown_and_attested() {
    let key = PrivateKey::generate_p256().unwrap();
    let harness = harness(HOSTILE)
        .input("retry-timeout", "30s")
        .input("timeout", "20m")
        .input("signing-key", &key.private)
        .input("junit", "out/junit.xml")
        .input("report-output", "out/report.json")
        .input("console-log", "out/console.log");
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(counts(&run), ["4", "2", "0"], "{}", run.stdout);

    // Each failure at its line, and nothing that the guest or the specification forged.
    let errors: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(
        errors.iter().any(|error| error.contains("file=goss/spec.yaml,line=12,")
            && error.contains("expected: 0600%0Afound: 0644")),
        "{errors:?}"
    );
    assert!(errors.iter().any(|error| error.contains("file=goss/spec.yaml,line=17,")), "{errors:?}");
    let known = ["::add-mask::", "::group::", "::endgroup::", "::error file=goss/spec.yaml,"];
    for line in run.stdout.lines().filter(|line| line.trim_start().starts_with("::")) {
        assert!(known.iter().any(|start| line.starts_with(start)), "{line:?}");
    }
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains("##["));
    assert!(
        run.summary.starts_with("## Goss failed: ") && !run.summary.contains("<script>"),
        "{}",
        run.summary
    );

    let out = |name: &str| std::fs::read_to_string(harness.workspace().join("out").join(name)).unwrap();
    assert!(
        out("junit.xml").contains("tests=\"6\" failures=\"2\"") && !out("junit.xml").contains("<script>")
    );
    assert!(out("report.json").contains("\"failed-count\":2"));
    assert!(out("console.log").contains("Linux version"));

    let (verified, predicate) = evidence(&harness, &PublicKey::from_pem(&key.public).unwrap());
    assert_eq!(predicate.result, TestOutcome::Failed);
    let extension = predicate.hallmark.unwrap();
    assert_eq!((extension.seen, extension.tool.name.as_str()), (Seen::Booted, "goss"));
    assert_eq!((predicate.passed_tests.len(), predicate.failed_tests.len()), (4, 2));
    assert_eq!(predicate.configuration[0].name.as_deref(), Some("goss/spec.yaml"));
    assert!(verified.statement.content_digest().is_some());
}

#[test]
fn a_disk_that_lies_still_has_no_service_running() {
    let spec = "service:\n  ssh:\n    enabled: true\n    running: false\nport:\n  tcp:22:\n    listening: false\nfile:\n  {{.Vars.file}}:\n    exists: true\n";
    let key = PrivateKey::generate_p256().unwrap();
    let harness =
        harness(spec).input("mode", "disk").input("vars", "vars.yaml").input("signing-key", &key.private);
    harness.file("vars.yaml", "file: /etc/passwd\n");
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(counts(&run), ["4", "0", "0"]);
    let (_, predicate) = evidence(&harness, &PublicKey::from_pem(&key.public).unwrap());
    assert_eq!((predicate.result, predicate.hallmark.unwrap().seen), (TestOutcome::Passed, Seen::Disk));
}

#[test]
fn zero_tests_are_a_failure() {
    for spec in ["file: {}\n", "file:\n  /etc/passwd:\n    exists: true\n    skip: true\n"] {
        let run = harness(spec).input("mode", "disk").run(&ACTION);
        assert_eq!(run.code, 1, "{spec} {}", run.stdout);
        assert_eq!(counts(&run)[..2], ["0", "0"]);
        assert!(run.stdout.contains("no test was run"), "{}", run.stdout);
        assert!(run.summary.starts_with("## Goss failed: no test was run"), "{}", run.summary);
    }
}

#[test]
fn a_specification_that_goss_cannot_read_decides_nothing() {
    let harness = harness("file:\n  /etc/passwd:\n    exists: [\n").input("mode", "disk");
    let run = harness.run(&ACTION);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("::error title=goss-test::goss ended with exit code"), "{}", run.stdout);
    assert!(run.outputs.is_empty());
    assert!(!harness.workspace().join(".hallmark").exists(), "what was not decided leaves no evidence");
}

#[test]
fn a_test_that_hangs_is_stopped_with_the_machine() {
    let spec = "command:\n  sleep 3600:\n    exit-status: 0\n    timeout: 3600000\n";
    let run = harness(spec).input("mode", "disk").input("timeout", "60s").run(&ACTION);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("the machine was stopped when its 60 s were up"), "{}", run.stdout);
}

#[test]
fn a_guest_that_does_not_come_up_in_time_is_stopped() {
    let run = harness("file: {}\n").input("timeout", "2s").input("accelerator", "tcg").run(&ACTION);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("the machine was stopped when its 2 s were up"), "{}", run.stdout);
    assert!(run.outputs == BTreeMap::new());
}
