//! The chain's tables against those of its steps: nothing is lost, and nothing is invented.

use std::collections::BTreeSet;

use super::*;
use crate::chain::job::Job;
use crate::chain::steps::STEPS;

/// Inputs that have no place in a chain, and why. A new input of an action has to be decided about.
const LEFT_OUT: &[(&Step, &str, &str)] = &[
    (&VERIFY, "signing-config", "the chain is one job: keyless, its three signers would be one"),
    (&VERIFY, "trusted-root", "the manifest names it"),
    (&VERIFY, "refresh-trusted-root", "the roots are those that the manifest names"),
    (&VERIFY, "tuf-mirror", "the roots are those that the manifest names"),
    (&VERIFY, "offline", "it would hold for one step of several"),
    (&BAKE, "signing-config", "the chain signs by keys"),
    (&BAKE, "trusted-root", "the chain signs by keys"),
    (&BAKE, "refresh-trusted-root", "the chain signs by keys"),
    (&BAKE, "tuf-mirror", "the chain signs by keys"),
    (&TEST, "signing-config", "the chain signs by keys"),
    (&SCAN, "signing-config", "the chain signs by keys"),
    (&GATE, "signing-config", "the chain signs by keys"),
    (&PUBLISH, "signing-config", "the chain signs by keys"),
    (&SCAN, "rootfs", "the image is scanned"),
    (&SCAN, "sbom", "the image is scanned"),
    (&SCAN, "container-image", "the image is scanned"),
    (&SCAN, "report", "the image is scanned"),
    (&SCAN, "fail-on", "the gate decides"),
    (&SCAN, "fail-on-unfixed", "the gate decides"),
    (&SCAN, "family", "image.json says it"),
    (&SCAN, "architecture", "image.json says it"),
    (&SCAN, "previous", "the gate compares, with `previous-evidence`"),
    (&SCAN, "changes", "the gate's `json` says it"),
    (&GATE, "resume", "an approval is for a verdict that there is already"),
    (&GATE, "brief-digest", "it is for a resumed verdict"),
    (&GATE, "environments", "it is for a resumed verdict"),
    (&GATE, "replay", "`hallmark gate --replay` does that"),
    (&GATE, "explain-policy", "`hallmark gate --explain-policy` does that"),
    (&GATE, "family", "image.json says it"),
    (&PUBLISH, "verdict-identity", "the chain decides with a key, and its public half follows"),
    (&PUBLISH, "trusted-root", "the same"),
    (&PUBLISH, "disk", "the disks are where the bake left them"),
    (&PUBLISH, "max-verdict-age", "the verdict is a moment old"),
    (&BAKE, "aws-region", "the chain tests and scans a disk on this machine"),
    (&BAKE, "aws-role", "the chain tests and scans a disk on this machine"),
    (&PUBLISH, "provider", "the chain tests and scans a disk on this machine"),
    (&PUBLISH, "distribution", "the chain tests and scans a disk on this machine"),
    (&PUBLISH, "aws-role", "the chain tests and scans a disk on this machine"),
    (&PUBLISH, "journal", "the chain tests and scans a disk on this machine"),
    (&PUBLISH, "journal-kms-key", "the chain tests and scans a disk on this machine"),
    (&PUBLISH, "image-id", "the chain tests and scans a disk on this machine"),
    (&PUBLISH, "stage", "`register-ami` retires"),
    (&PUBLISH, "reason", "`register-ami` rejects"),
];

/// Inputs with another name than their action's: of several that share one, each is told apart.
const RENAMED: &[(&str, &Step, &str)] = &[
    ("build-timeout", &BAKE, "timeout"),
    ("test-timeout", &TEST, "timeout"),
    ("scan-timeout", &SCAN, "timeout"),
    ("test-report-output", &TEST, "report-output"),
    ("scan-report-output", &SCAN, "report-output"),
    ("gate-sarif", &GATE, "sarif"),
];

/// What the chain itself reads.
fn own() -> BTreeSet<&'static str> {
    let keys = [Job::Bake, Job::Assay, Job::Publish].map(Job::input);
    keys.into_iter().chain([OPERATION, SIGNERS, PASSWORD]).collect()
}

#[test]
fn every_input_of_every_step_is_given_or_follows_or_is_left_out_for_a_reason() {
    for step in STEPS {
        for input in step.action.inputs {
            let (step_name, name) = (step.name(), input.name);
            let asked =
                ASKED.iter().flat_map(|asked| asked.to).filter(|(to, theirs)| to.is(step) && *theirs == name);
            let follows = step.follows.iter().filter(|theirs| **theirs == name);
            let left_out = LEFT_OUT.iter().filter(|(of, theirs, _)| of.is(step) && *theirs == name);
            let ways = asked.count() + follows.count() + left_out.count();
            assert_eq!(ways, 1, "{step_name}: {name} comes to the step in {ways} ways");
        }
        for name in step.follows {
            assert!(step.action.inputs.iter().any(|input| input.name == *name), "{}: {name}", step.name());
        }
    }
    for (step, name, why) in LEFT_OUT {
        assert!(step.action.inputs.iter().any(|input| input.name == *name), "{}: {name}: {why}", step.name());
    }
}

#[test]
fn every_input_of_the_chain_is_for_a_step_or_for_itself() {
    for asked in ASKED {
        let name = asked.input.name;
        assert_eq!(asked.to.is_empty(), own().contains(name), "{name}");
        for (step, theirs) in asked.to {
            let renamed = RENAMED.iter().any(|(ours, of, old)| *ours == name && of.is(step) && old == theirs);
            assert!(name == *theirs || renamed, "{name} is {theirs} of {}", step.name());
            let of = input(step.action, theirs);
            assert_eq!(asked.input.kind, of.kind, "{name} of {}", step.name());
        }
    }
}

#[test]
fn what_a_step_requires_is_required_or_follows() {
    for step in STEPS {
        for required in step.action.inputs.iter().filter(|input| input.required) {
            let asked = ASKED
                .iter()
                .find(|asked| asked.to.iter().any(|(to, name)| to.is(step) && *name == required.name));
            let is_there =
                asked.is_some_and(|asked| asked.input.required) || step.follows.contains(&required.name);
            assert!(is_there, "{}: {}", step.name(), required.name);
        }
    }
}

/// The steps' own, but for those whose comment in the table says why.
#[test]
fn help_and_defaults_are_the_steps_own() {
    for asked in ASKED {
        let Some((step, theirs)) = asked.to.first() else { continue };
        let of = input(step.action, theirs);
        let (ours, name) = (asked.input, asked.input.name);
        assert!(ours.help == of.help || ["manifest", EVIDENCE].contains(&name), "{name}");
        assert!(ours.default == of.default || name == "manifest", "{name}");
        assert!(ours.required == of.required || name == "policy", "{name}");
    }
}

#[test]
fn every_output_is_given_back_by_a_step_or_by_the_chain() {
    for told in TOLD {
        let name = told.output.name;
        match told.from {
            Some((step, theirs)) => {
                assert!(STEPS.iter().any(|of| of.is(step)));
                assert_eq!(told.output.help, output(step.action, theirs).help, "{name}");
                let renamed = [("verdict-statement", "evidence"), ("gate-sarif", "sarif")];
                assert!(name == theirs || renamed.contains(&(name, theirs)), "{name}");
            }
            None => assert_eq!(name, EVIDENCE),
        }
    }
}

#[test]
fn the_tables_are_the_lists() {
    let asked: Vec<_> = ASKED.iter().map(|asked| asked.input.name).collect();
    assert_eq!(asked, INPUTS.map(|input| input.name));
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "each input is there once");
    let told: Vec<_> = TOLD.iter().map(|told| told.output.name).collect();
    assert_eq!(told, OUTPUTS.map(|output| output.name));
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "each output is there once");
}
