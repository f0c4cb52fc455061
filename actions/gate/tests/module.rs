//! A policy with a Rego module, and one that is different in an environment.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use crate::common::{World, codes};
use serde_json::Value;

/// The path of a policy beside the world's files.
fn policy(world: &World, text: &str) -> String {
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/recommended.yml");
    fs::copy(shipped, world.path("recommended.yml")).unwrap();
    let file = world.path("policy.yml");
    fs::write(&file, format!("version: 1\nname: acme\nextends: recommended.yml\n{text}")).unwrap();
    file.to_string_lossy().into_owned()
}

const MODULE: &str = r#"package hallmark

deny contains {"msg": sprintf("%s has no owner", [input.image.name]), "code": "owner", "weight": "review"} if {
	input.image.family != "owned"
}
"#;

#[test]
fn denials_are_reasons_and_the_document_can_be_had() {
    let world = World::good();
    fs::write(world.path("extra.rego"), MODULE).unwrap();
    let policy = policy(&world, "rego: {module: extra.rego}\n");
    let document = world.path("seen/input.json");
    let run = world.gate_with(&policy, &[("rego-input", document.to_string_lossy().into_owned())]);
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (0, "review"), "{}", run.stderr);
    assert_eq!(codes(&run), ["rego:owner"]);
    let seen: Value = serde_json::from_slice(&fs::read(document).unwrap()).unwrap();
    assert_eq!((&seen["version"], &seen["image"]["name"]), (&1.into(), &world.image.name.as_str().into()));

    // The module's text is in the bundle: without the files, the replay comes to the same.
    for file in ["extra.rego", "policy.yml", "recommended.yml"] {
        fs::remove_file(world.path(file)).unwrap();
    }
    let replayed = world.replay(&run.outputs["replay"]);
    assert_eq!((replayed.code, replayed.outputs["verdict"].as_str()), (0, "review"), "{}", replayed.stdout);

    // A person may waive what the module leaves to one.
    let approved = world.approve(&run, "approver");
    assert_eq!(approved.code, 0, "{}", approved.stderr);
    assert!(approved.outputs["waives"].contains("rego:owner"), "{}", approved.outputs["waives"]);
}

#[test]
fn a_module_that_fails_is_a_fail() {
    let world = World::good();
    fs::write(world.path("extra.rego"), "package hallmark\n\ndeny contains 1 if true\n").unwrap();
    let run = world.gate(&policy(&world, "rego: {module: extra.rego}\n"));
    assert_eq!((run.code, codes(&run)), (1, vec!["rego-error".to_owned()]), "{}", run.stderr);
}

#[test]
fn a_mistake_in_a_module_is_told_at_its_place() {
    let world = World::good();
    for (module, said) in [
        ("package hallmark\n\ndeny contains \"x\" if {\n\thttp.send({})\n}\n", "extra.rego"),
        ("package hallmark\n\ndeny contains \"x\" if {", "extra.rego"),
    ] {
        fs::write(world.path("extra.rego"), module).unwrap();
        let run = world.gate(&policy(&world, "rego: {module: extra.rego}\n"));
        assert_eq!(run.code, 2, "{}", run.stdout);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains(said) && told.contains("mistake"), "{told}");
        assert!(run.outputs.is_empty(), "{:?}", run.outputs);
    }
}

#[test]
fn nothing_is_decided_for_an_environment_that_nobody_named() {
    let world = World::good();
    let policy = policy(
        &world,
        "overrides:\n  - environments: [prod, \"stage-*\"]\n    reasons: {tests-skipped: fail}\n",
    );
    let run = world.gate(&policy);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.outputs.is_empty(), "{:?}", run.outputs);
    let told = format!("{}{}", run.stdout, run.stderr);
    assert!(told.contains("`prod`, `stage-*`") && told.contains("`environment`"), "{told}");

    for (environment, known) in [("prod", true), ("stage-2", true), ("production", false), ("dev", false)] {
        let run = world.gate_with(&policy, &[("environment", environment.to_owned())]);
        assert_eq!(run.code, 0, "{environment}: {}", run.stderr);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert_eq!(told.contains("no override of the policy is for"), !known, "{environment}: {told}");
    }
}
