//! How the work is divided into jobs: keys, environments, runners, where the policy comes from, and what
//! scripts are made of.

use std::collections::{BTreeMap, BTreeSet};

use super::permissions::relevant;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, count, named};
use crate::doctor::workflow::{Step, Workflow};
use crate::words::{expressions, has_word};

/// Which job of the chain an action belongs to.
fn role(action: &str) -> Option<&'static str> {
    match action {
        "verify-signatures" | "packer-build" => Some("bake"),
        "goss-test" | "sbom" | "trivy-scan" | "grype-scan" | "gate" => Some("assay"),
        "register-ami" => Some("publish"),
        _ => None,
    }
}

/// Whether bake, assay and publish have a job and a key each.
pub(super) fn keys_apart(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut of_key: BTreeMap<String, &str> = BTreeMap::new();
    let mut signs = false;
    for workflow in relevant(facts) {
        for job in &workflow.jobs {
            let mut of_job: BTreeSet<&str> = BTreeSet::new();
            for step in &job.steps {
                let Some(key) = step.value("signing-key") else { continue };
                let keyless = key == services::KEYLESS;
                // Keyless, whoever signs is the workflow's file.
                let key = if keyless { format!("{key} in {}", workflow.file) } else { key.to_owned() };
                let Some(role) = step.action().and_then(|action| role(action.name)) else { continue };
                signs = true;
                let at = step.given("signing-key").map_or(&step.at, |given| &given.at);
                // Told once for each that comes in addition.
                let first = of_job.first().copied();
                if of_job.insert(role)
                    && let Some(other) = first
                {
                    let what = format!(
                        "{} signs for {other} and for {role}: whoever gets into it can do both",
                        job.name()
                    );
                    found.push(Finding::warning(what, "give each its own job, on its own machine").at(at));
                }
                match of_key.insert(key, role) {
                    Some(other) if other != role && of_job.len() == 1 => {
                        let (one, mend) = match keyless {
                            true => ("identity", "give each a workflow file of its own, and call it"),
                            false => ("key", "make a key for each: `hallmark keygen`"),
                        };
                        let what = format!(
                            "one {one} signs for {other} and for {role}: no policy can tell them apart"
                        );
                        found.push(Finding::warning(what, mend).at(at));
                    }
                    _ => {}
                }
            }
            if let Some(step) = job.steps.iter().find(|step| step.is("chain")) {
                let what = format!(
                    "{} bakes and assays: the template's code runs where the verdict is signed",
                    job.name()
                );
                found.push(
                    Finding::note(what, "use the single actions in three jobs where that matters")
                        .at(&step.at),
                );
            }
        }
    }
    if found.is_empty() && signs {
        found.push(Finding::ok("bake, assay and publish have a job and a key each"));
    }
    found
}

/// The keys that an action signs with.
fn key_inputs(action: &str) -> &'static [&'static str] {
    if action == "chain" { &["bake-key", "assay-key", "publish-key"] } else { &["signing-key"] }
}

/// Whether every statement is signed, by a key that is no part of the workflow.
pub(super) fn signed(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut steps = 0;
    for workflow in &facts.project.workflows {
        for (_, step) in workflow.steps() {
            let Some(action) = step.action() else { continue };
            // A replay signs nothing, and neither does what has no input for it; what publishes nothing needs no key that lasts.
            let has = |input: &&str| action.inputs.iter().any(|known| known.name == *input);
            if !key_inputs(action.name).iter().any(has)
                || step.value("replay").is_some()
                || step.literal("operation").is_some_and(|operation| ["plan", "none"].contains(&operation))
            {
                continue;
            }
            steps += 1;
            let at = step.uses.as_ref().map_or(&step.at, |(_, at)| at);
            let lacks: Vec<&str> =
                key_inputs(action.name).iter().copied().filter(|input| step.value(input).is_none()).collect();
            if !lacks.is_empty() {
                let what = match action.name {
                    "chain" => {
                        "without its three keys the chain makes throw-away ones: what it signs proves nothing tomorrow"
                    }
                    _ => "its evidence is not signed: a policy has to allow that by name",
                };
                found.push(Finding::warning(what, format!("give {} from a secret", lacks.join(", "))).at(at));
            }
            for input in key_inputs(action.name) {
                if step.literal(input).is_some_and(|value| value.contains("-----BEGIN")) {
                    let at = step.given(input).map_or(at, |given| &given.at);
                    let mend =
                        "replace the key everywhere, and give the new one from a secret: this one is known";
                    found.push(Finding::problem("a private key stands in the workflow", mend).at(at));
                }
            }
        }
    }
    if found.is_empty() && steps > 0 {
        found.push(Finding::ok(format!("{} with a key", count(steps, "step"))));
    }
    found
}

/// What others write, and GitHub puts into a script's text.
const OTHERS: &[&str] = &["github.event.", "github.head_ref", "inputs."];

/// Whether a script's text is made of secrets, or of what others write.
pub(super) fn scripts(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut scripts = 0;
    for workflow in &facts.project.workflows {
        for (_, step) in workflow.steps() {
            let Some((run, at)) = &step.run else { continue };
            scripts += 1;
            for inner in expressions(run) {
                let at = workflow.find(at, inner);
                let shown = named(&format!("${{{{ {inner} }}}}"));
                if has_word(inner, "secrets") {
                    let what = format!(
                        "{shown} becomes part of the script: it can be seen in the list of processes, and read as commands"
                    );
                    found.push(
                        Finding::warning(what, "hand it over in `env:`, and write \"$NAME\" in the script")
                            .at(&at),
                    );
                } else if OTHERS.iter().any(|start| inner.contains(start)) {
                    let what =
                        format!("{shown} becomes part of the script: whoever writes it writes commands");
                    found.push(
                        Finding::warning(what, "hand it over in `env:`, and write \"$NAME\" in the script")
                            .at(&at),
                    );
                }
            }
        }
    }
    if found.is_empty() && scripts > 0 {
        found.push(Finding::ok(format!("{} made of nobody else's text", count(scripts, "script"))));
    }
    found
}

/// Runners that Hallmark has no executable for, and such as there are no more.
pub(super) fn runs_on(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut jobs = 0;
    for workflow in relevant(facts) {
        for job in workflow.jobs.iter().filter(|job| job.has_hallmark()) {
            jobs += 1;
            for (label, at) in &job.runs_on {
                let word = label.to_ascii_lowercase();
                let mend = "Hallmark runs on Linux, x64 and arm64: `ubuntu-24.04`, or `ubuntu-24.04-arm`";
                let is = |system: &str| word == system || word.starts_with(&format!("{system}-"));
                if is("windows") || is("macos") || word == "x86" || word == "arm" {
                    found.push(
                        Finding::problem(format!("there is no executable for {}", named(label)), mend).at(at),
                    );
                } else if is("ubuntu-18.04") || is("ubuntu-20.04") {
                    found.push(
                        Finding::problem(format!("GitHub has no {} any more", named(label)), mend).at(at),
                    );
                }
            }
        }
    }
    if found.is_empty() && jobs > 0 {
        found.push(Finding::ok(format!("{} on Linux, as far as the labels say", count(jobs, "job"))));
    }
    found
}

/// Whether a step publishes.
pub(super) fn publishes(step: &Step) -> bool {
    (step.is("register-ami") || step.is("chain"))
        && step.literal("operation").is_none_or(|operation| operation == "publish" || operation == "rollback")
}

/// Whether a job that publishes waits for its environment's rules.
pub(super) fn publish_environment(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut good = BTreeSet::new();
    for workflow in relevant(facts) {
        for job in &workflow.jobs {
            if !job.steps.iter().any(publishes) {
                continue;
            }
            match &job.environment {
                Some((name, _)) => {
                    good.insert(named(name));
                }
                None => {
                    let what = format!(
                        "{} publishes outside of any environment: no reviewer and no branch rule holds it back",
                        job.name()
                    );
                    found.push(
                        Finding::warning(
                            what,
                            "give the job an `environment:` with reviewers, and keep its key there",
                        )
                        .at(&job.at),
                    );
                }
            }
        }
    }
    if found.is_empty() && !good.is_empty() {
        found.push(Finding::ok(good.into_iter().collect::<Vec<_>>().join(", ")));
    }
    found
}

/// Whether code of a pull request from anywhere runs with this repository's secrets.
pub(super) fn pull_request_target(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for workflow in relevant(facts) {
        for event in ["pull_request_target", "workflow_run"] {
            let Some(at) = workflow.triggers.get(event) else { continue };
            match foreign_checkout(workflow) {
                Some(step) => {
                    let what = format!(
                        "on `{event}`, this checks out a change from anywhere, in a run that has this repository's secrets"
                    );
                    found.push(
                        Finding::problem(what, "bake changes on `pull_request`, which has none").at(&step.at),
                    );
                }
                None if event == "pull_request_target" => {
                    let what = "`pull_request_target` gives this repository's secrets to runs for changes from anywhere";
                    found.push(Finding::warning(what, "use `pull_request`").at(at));
                }
                None => {}
            }
        }
    }
    found
}

fn foreign_checkout(workflow: &Workflow) -> Option<&Step> {
    let foreign = |step: &&Step| {
        let names_head = |input| {
            step.value(input).is_some_and(|value| value.contains("head") || value.contains("refs/pull"))
        };
        step.is_others("actions/checkout") && (names_head("ref") || names_head("repository"))
    };
    workflow.jobs.iter().flat_map(|job| &job.steps).find(foreign)
}
