//! `hallmark exceptions`, as a person types it and as a workflow calls it.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::fs;

use runner::Action;
use runner::testing::{Harness, Run};

fn action() -> &'static Action {
    hallmark::ACTIONS.iter().find(|action| action.name == "exceptions").unwrap()
}

fn operation(name: &str) -> Harness {
    Harness::new().input("operation", name)
}

fn run(harness: &Harness) -> Run {
    harness.run(action())
}

const IGNORED: &str = "# known\nCVE-2026-1\nDSA-1-1\nCVE-2026-2 exp:2025-01-01\n";

#[test]
fn an_import_writes_a_file_that_the_gate_refuses_until_it_is_filled_in() {
    let harness = operation("import").input("from", ".trivyignore").input("output", "e.yml");
    harness.file(".trivyignore", IGNORED);
    let done = run(&harness);
    assert_eq!(done.code, 1, "{}", done.stdout);
    assert_eq!((done.outputs["entries"].as_str(), done.outputs["left-out"].as_str()), ("1", "1"));
    let lost = "::warning file=.trivyignore,line=3,col=1,title=Not imported::`DSA-1-1` is a vendor's notice";
    assert!(done.stdout.contains(lost), "{}", done.stdout);
    assert!(
        done.stdout.contains(
            "::notice file=.trivyignore,line=4,col=1,title=Not imported::it ended after 2024-12-31"
        )
    );
    assert!(done.stdout.contains("The gate refuses 1 exception until"), "{}", done.stdout);
    let written = fs::read_to_string(harness.workspace().join("e.yml")).unwrap();
    assert!(
        written.contains("  - id: CVE-2026-1\n    reason: known\n    created: 2026-01-02\n    # owner: who")
    );
    let again = run(&harness);
    assert_eq!(again.code, 2);
    assert!(again.stdout.contains("e.yml is there already"), "{}", again.stdout);
    assert_eq!(fs::read_to_string(harness.workspace().join("e.yml")).unwrap(), written);

    let check = operation("check").input_path("exceptions", harness.workspace().join("e.yml"));
    let refused = run(&check);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stdout.contains("has no `owner`") && refused.stdout.contains("has no `expires`"),
        "{}",
        refused.stdout
    );

    let filled = harness
        .input("overwrite", "true")
        .input("owner", "me")
        .input("expires", "2026-02-01")
        .input("partial", "true");
    assert_eq!(run(&filled).code, 0);
    let checked = run(&operation("check").input_path("exceptions", filled.workspace().join("e.yml")));
    assert_eq!(checked.code, 0, "{}", checked.stdout);
    assert_eq!(checked.outputs["entries"], "1");
}

#[test]
fn adding_touches_nothing_that_is_there() {
    let harness = operation("import")
        .input("from", ".trivyignore")
        .input("into", "exceptions.yml")
        .input("owner", "me")
        .input("expires", "2026-02-01");
    harness.file(".trivyignore", "CVE-2026-1 # why\nCVE-2026-2 # why\n");
    let mine = "# mine\nversion: 1\nexceptions:\n  # old\n  - {id: CVE-2026-2, reason: r, owner: o, created: 2026-01-01, expires: 2026-01-03}\n";
    harness.file("exceptions.yml", mine);
    let done = run(&harness);
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert!(
        done.stdout
            .contains("::notice file=.trivyignore,line=2,col=1,title=Already there::exceptions.yml has"),
        "{}",
        done.stdout
    );
    let grown = fs::read_to_string(harness.workspace().join("exceptions.yml")).unwrap();
    assert!(grown.starts_with(mine) && grown.contains("- id: CVE-2026-1\n"), "{grown}");
    assert_eq!(run(&harness).outputs["entries"], "0");
    assert_eq!(fs::read_to_string(harness.workspace().join("exceptions.yml")).unwrap(), grown);
    // And a file that is not there is made.
    fs::remove_file(harness.workspace().join("exceptions.yml")).unwrap();
    assert_eq!(run(&harness).outputs["entries"], "2");
}

#[test]
fn a_person_types_the_operation_as_a_word_and_gets_the_file_on_standard_output() {
    let harness =
        Harness::new().off_runner().arg("import").arg("--from").arg(".trivyignore").arg("--owner").arg("me");
    harness.file(".trivyignore", "CVE-2026-1\n");
    let done = run(&harness);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.starts_with("# Imported from .trivyignore on 2026-01-02.\n"), "{}", done.stdout);
    let help = run(&Harness::new().off_runner().arg("--help"));
    assert!(help.stdout.contains("[operation]"), "{}", help.stdout);
}

#[test]
fn what_is_over_fails_a_check_and_what_ends_soon_is_told() {
    let entry = |id: &str, created: &str, expires: &str| {
        format!("  - {{id: {id}, package: x, reason: r, owner: o, created: {created}, expires: {expires}}}\n")
    };
    let over = entry("CVE-2026-1", "2025-12-01", "2026-01-01");
    let soon = entry("CVE-2026-2", "2025-12-01", "2026-01-02");
    let later = entry("CVE-2026-3", "2026-01-03", "2026-01-10");
    for (entries, code, told) in [
        (
            over.clone() + &soon + &later,
            1,
            vec![
                "::error file=e.yml,line=3,col=5,title=Expired::The exception for CVE-2026-1 in x ended after 2026-01-01",
                "::warning file=e.yml,line=4,col=5,title=Ending::The exception for CVE-2026-2 in x ends after 2026-01-02",
                "::notice file=e.yml,line=5,col=5,title=Not yet::The exception for CVE-2026-3 in x begins on 2026-01-03",
            ],
        ),
        (soon, 0, vec!["1 exception in e.yml: 0 over, 1 ending soon"]),
        (String::new(), 2, vec!["the exceptions file has no `exceptions`"]),
        ("  - {id: x}\n".to_owned(), 2, vec!["::error file=e.yml,line=3", "`e.yml` has"]),
    ] {
        let harness = operation("check").input("exceptions", "e.yml");
        harness.file("e.yml", format!("version: 1\nexceptions:\n{entries}"));
        let done = run(&harness);
        assert_eq!(done.code, code, "{}", done.stdout);
        for part in told {
            assert!(done.stdout.contains(part), "{part} is missing in\n{}", done.stdout);
        }
    }
    // The limits are the policy's.
    let harness = operation("check").input("exceptions", "e.yml").input("policy", "p.yml");
    harness.file(
        "e.yml",
        format!("version: 1\nexceptions:\n{}", entry("CVE-2026-1", "2026-01-01", "2026-01-20")),
    );
    harness.file("p.yml", "version: 1\nname: mine\nextends: recommended\nexceptions: {max-lifetime: 7d}\n");
    let done = run(&harness);
    assert_eq!(done.code, 2);
    assert!(done.stdout.contains("it holds for 19 days"), "{}", done.stdout);
}

#[test]
fn exceptions_are_published_and_what_cannot_be_said_is_told() {
    let harness = operation("export")
        .input("exceptions", "e.yml")
        .input("product", "pkg:oci/web")
        .env("GITHUB_REPOSITORY_OWNER", "acme");
    let entry = |rest: &str| {
        format!("  - {{{rest}, reason: r, owner: o, created: 2026-01-01, expires: 2026-02-01}}\n")
    };
    let said = entry("id: CVE-2026-1, purl: pkg:deb/debian/x");
    harness.file("e.yml", format!("version: 1\nexceptions:\n{said}{}", entry("id: CVE-2026-2, package: x")));
    let done = run(&harness);
    assert_eq!(done.code, 1, "{}", done.stdout);
    assert!(
        done.stdout.contains(
            "::warning file=e.yml,line=4,col=5,title=Not exported::a package has to be named by its purl"
        ),
        "{}",
        done.stdout
    );
    assert_eq!((done.outputs["entries"].as_str(), done.outputs["left-out"].as_str()), ("1", "1"));
    let harness = harness.input("partial", "true").input("output", "web.openvex.json");
    assert_eq!(run(&harness).code, 0);
    let text = fs::read_to_string(harness.workspace().join("web.openvex.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["author"], "https://github.com/acme");
    assert_eq!(document["timestamp"], "2026-01-02T03:04:05Z");
    assert_eq!(document["statements"][0]["status"], "affected");
    harness.file("e.yml", "version: 1\nexceptions: []\n");
    let nothing = run(&harness.input("overwrite", "true"));
    assert_eq!(nothing.code, 2);
    assert!(nothing.stdout.contains("says nothing of this product"), "{}", nothing.stdout);
}

#[test]
fn inputs_that_cannot_be_meant_are_refused_before_anything_is_written() {
    for (name, inputs, told) in [
        ("import", &[][..], "input `from` was not given"),
        ("import", &[("from", "x")], "does not say what it is: give `format`"),
        ("import", &[("from", ".trivyignore"), ("into", "a"), ("output", "b")], "give one of them"),
        ("import", &[("from", ".trivyignore"), ("expires", "soon")], "is no date"),
        ("import", &[("from", ".trivyignore"), ("expires", "2025-01-01")], "2025-01-01 is over"),
        ("import", &[("from", "none.openvex.json"), ("product", "x")], "cannot read"),
        ("import", &[("from", ".trivyignore"), ("product", "x")], "`product` needs `images`"),
        (
            "import",
            &[("from", ".trivyignore"), ("policy", "p")],
            "`policy` has no meaning for `exceptions import`",
        ),
        ("export", &[("exceptions", "x")], "input `product` was not given"),
        ("export", &[("exceptions", "x"), ("product", "web")], "neither a package URL nor a digest"),
        ("export", &[("exceptions", "x"), ("product", "pkg:oci/web")], "input `author` was not given"),
        ("export", &[("format", "grype")], "and not as grype"),
        ("check", &[], "input `exceptions` was not given"),
        ("check", &[("exceptions", "x"), ("into", "y")], "`into` has no meaning for `exceptions check`"),
    ] {
        let harness =
            inputs.iter().fold(operation(name), |harness, (name, value)| harness.input(name, value));
        harness.file(".trivyignore", "CVE-2026-1\n");
        let done = run(&harness);
        assert_eq!(done.code, 2, "{}", done.stdout);
        assert!(done.stdout.contains(told), "{told} is missing in\n{}", done.stdout);
        assert_eq!(fs::read_dir(harness.workspace()).unwrap().count(), 1);
    }
}
