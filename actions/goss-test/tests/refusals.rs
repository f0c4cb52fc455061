//! What needs no machine: refusals, what a bake left, and the clean-up.

use attest::predicate::test_result::{Predicate, Seen};
use attest::{EvidenceDir, read_unsigned};
use goss_test::ACTION;
use runner::testing::Harness;

const PASS: &str = r#"{"results":[{"property":"exists","resource-id":"/a","resource-type":"File","result":0,"skipped":false,"successful":true,"title":"","matcher-result":{},"duration":1}],"summary":{"failed-count":0,"skipped-count":0,"test-count":1}}"#;

fn harness() -> Harness {
    let harness = Harness::new().input("image", "disk.raw");
    harness.file("disk.raw", [1; 4096]);
    harness.file("spec.yaml", "file: {}\n");
    harness
}

#[test]
fn refusals_name_the_input_and_the_value() {
    for (inputs, part) in [
        (&[][..], "input `specs` is required in mode booted"),
        (&[("specs", "nope.yaml")], "there is no specification at"),
        (&[("specs", "spec.yaml"), ("image", "nope.raw")], "there is no image at"),
        (&[("specs", "spec.yaml"), ("image", "")], "input `image` is required"),
        (
            &[("specs", "spec.yaml"), ("mode", "boot")],
            "`mode`: \\\"boot\\\" is not accepted; give one of booted, disk, results",
        ),
        (&[("specs", "spec.yaml"), ("timeout", "10")], "`timeout`: \\\"10\\\" is not accepted"),
        (&[("specs", "spec.yaml"), ("accelerator", "hvf")], "give one of auto, tcg, kvm"),
        (&[("specs", "spec.yaml"), ("signing-key", "not a key")], "input `signing-key`"),
        (&[("specs", "spec.yaml")], "no ext4 file system"),
        (&[("mode", "results")], "input `results` is required in mode results"),
        (&[("mode", "results"), ("results", "nope.json")], "input `results`: there is no file at"),
        (&[("specs", "spec.yaml"), ("vars", "nope.yaml")], "input `vars`: there is no file at"),
        (&[("specs", "spec.yaml"), ("memory", "127")], "input `memory`: 127 is not accepted; give 128 to"),
        (&[("specs", "spec.yaml"), ("cpus", "65")], "input `cpus`: 65 is not accepted; give 1 to 64"),
    ] {
        let harness = inputs.iter().fold(harness(), |harness, (name, value)| harness.input(name, value));
        let run = harness.run(&ACTION);
        assert_eq!(run.code, 2, "{inputs:?} {}", run.stdout);
        let part = part.replace("\\\"", "\"");
        assert!(run.stdout.contains(&part), "{inputs:?} {}", run.stdout);
        let mut told = run.stdout.lines().filter(|line| !line.starts_with("::add-mask::"));
        assert!(told.all(|line| !line.contains("not a key")) && run.outputs.is_empty(), "{}", run.stdout);
        assert!(!harness.workspace().join(".hallmark").exists(), "{inputs:?}");
    }
}

#[test]
fn results_of_a_bake_are_shown_and_seen_in_build() {
    let fail = PASS
        .replace("\"result\":0", "\"result\":1")
        .replace("\"successful\":true", "\"successful\":false")
        .replace("\"failed-count\":0", "\"failed-count\":1");
    let cut = &PASS[..PASS.len() - 2];
    for (results, code, passed) in
        [(PASS, 0, Some("1")), (&fail, 1, Some("0")), (cut, 2, None), ("", 2, None)]
    {
        let harness = harness().input("mode", "results").input("results", "left.json");
        harness.file("left.json", results);
        let run = harness.run(&ACTION);
        assert_eq!(run.code, code, "{}", run.stdout);
        assert_eq!(run.outputs.get("passed").map(String::as_str), passed);
        let evidence = EvidenceDir::new(harness.workspace().join(".hallmark/evidence"));
        let files = evidence.list().unwrap().files;
        assert_eq!(files.len(), usize::from(code != 2));
        for file in files {
            let predicate: Predicate = read_unsigned(&file.bytes).unwrap().statement.predicate().unwrap();
            let extension = predicate.hallmark.unwrap();
            assert_eq!(extension.seen, Seen::InBuild);
            assert_eq!(evidence.report(&extension.report.sha256).unwrap(), results.as_bytes());
            assert!(run.stdout.contains("the evidence is not signed"), "{}", run.stdout);
        }
    }
}

#[test]
fn the_clean_up_removes_what_a_killed_run_left_and_nothing_else() {
    for (name, in_temp, removed) in [
        ("hallmark-goss-test.abc", true, true),
        ("hallmark-goss-test.abc", false, false),
        ("something-else", true, false),
    ] {
        let harness = Harness::new();
        let temp = harness.file("temp/x", "").parent().unwrap().to_owned();
        let work = harness.file(&format!("{}{name}/file", if in_temp { "temp/" } else { "" }), "");
        let work = work.parent().unwrap();
        let harness =
            harness.env("RUNNER_TEMP", temp.to_string_lossy()).env("STATE_work", work.to_string_lossy());
        let run = harness.post(&ACTION);
        assert_eq!(run.code, 0, "{}", run.stdout);
        assert_eq!(!work.exists(), removed, "{name} {in_temp}");
    }
    assert_eq!(Harness::new().post(&ACTION).code, 0);
}
