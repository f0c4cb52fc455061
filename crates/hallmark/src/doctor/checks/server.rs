//! What GitHub says: environments, the default branch, permissions. What it did not say is unknown.

use github::{Allowed, BranchMode, Environment};

use super::jobs::publishes;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Place, count, named, names};
use crate::words::is_expression;

/// Whether the repository can be seen.
pub(super) fn repository(facts: &Facts) -> Vec<Finding> {
    let server = &facts.server;
    let name = server.name.as_ref().map_or_else(|_| "the repository".to_owned(), ToString::to_string);
    vec![match &server.repository {
        Ok(repository) if repository.archived => {
            Finding::problem(format!("{name} is archived: no workflow runs"), "unarchive it in its settings")
        }
        Ok(repository) => {
            let kind = if repository.private { "private" } else { "public" };
            let by = server.address.as_ref().map(|address| format!(", says {address}")).unwrap_or_default();
            Finding::ok(format!("{name} is {kind}{by}"))
        }
        Err(why) => {
            let mend = match facts.job.github.on_runner {
                true => {
                    "give `token: ${{ github.token }}`, and the job `actions: read`; settings need a token of their own (administration: read)"
                }
                false => {
                    "with a network: INPUT_TOKEN=$(gh auth token) hallmark doctor; or a fine-grained token of this repository with actions, administration and contents to read"
                }
            };
            Finding::unknown(format!("what GitHub says about {name} is not known: {why}"), mend)
        }
    }]
}

/// The rules of each environment.
pub(super) fn environments(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, looked) in &facts.server.environments {
        let at = place(facts, name);
        let mut of_this = match looked {
            Ok(Some(environment)) => rules(environment, is_publishing(facts, name)),
            Ok(None) => vec![Finding::problem(
                format!(
                    "there is no environment {}: the first job in it would make one without any rule",
                    named(name)
                ),
                "make it, with reviewers and branches: write `environments.yml` and run `hallmark environments apply`, or in the repository's settings under Environments",
            )],
            Err(why) => {
                vec![Finding::unknown(format!("the rules of {} are not known: {why}", named(name)), "")]
            }
        };
        if let Some(at) = at {
            of_this = of_this.into_iter().map(|finding| finding.at(&at)).collect();
        }
        found.append(&mut of_this);
    }
    let dynamic = facts
        .project
        .workflows
        .iter()
        .flat_map(|workflow| &workflow.jobs)
        .filter_map(|job| job.environment.as_ref());
    for (name, at) in dynamic.filter(|(name, _)| is_expression(name)) {
        let what = format!("{} is an environment that only a run knows", named(name));
        found.push(Finding::unknown(what, "name the environments by the input `environment`").at(at));
    }
    found
}

/// Where a job is in this environment.
fn place(facts: &Facts, name: &str) -> Option<Place> {
    let jobs = facts.project.workflows.iter().flat_map(|workflow| &workflow.jobs);
    jobs.filter_map(|job| job.environment.as_ref()).find(|(known, _)| known == name).map(|(_, at)| at.clone())
}

/// Whether a job in it publishes; one that no job names is asked for because it matters.
fn is_publishing(facts: &Facts, name: &str) -> bool {
    let jobs = facts.project.workflows.iter().flat_map(|workflow| &workflow.jobs);
    let mut of_name =
        jobs.filter(|job| job.environment.as_ref().is_some_and(|(known, _)| known == name)).peekable();
    of_name.peek().is_none() || of_name.any(|job| job.steps.iter().any(publishes))
}

fn rules(environment: &Environment, publishes: bool) -> Vec<Finding> {
    let name = named(&environment.name);
    let mut found = Vec::new();
    if environment.reviewers.is_empty() && publishes {
        found.push(Finding::warning(
            format!("{name} has no reviewers: its jobs begin by themselves"),
            "require a reviewer, if a person is to agree before an image is published",
        ));
    }
    if !environment.reviewers.is_empty() && !environment.prevents_self_review {
        found.push(Finding::warning(
            format!("in {name}, whoever starts a run may agree to it"),
            "switch on \"Prevent self-review\"",
        ));
    }
    if environment.branches == BranchMode::Any {
        found.push(Finding::warning(
            format!("{name} is open to every branch: a workflow that is changed on one gets its secrets"),
            "allow protected branches only, or name them",
        ));
    }
    if environment.admins_bypass == Some(true) && !environment.reviewers.is_empty() {
        found.push(Finding::warning(
            format!("administrators may pass the rules of {name} by"),
            "switch off \"Allow administrators to bypass\"",
        ));
    }
    if environment.admins_bypass.is_none() && !environment.reviewers.is_empty() {
        found.push(Finding::unknown(
            format!("whether administrators may pass the rules of {name} by, this server does not say"),
            "",
        ));
    }
    if found.is_empty() {
        let waits = if environment.wait_minutes > 0 {
            format!(", waits {} min", environment.wait_minutes)
        } else {
            String::new()
        };
        let more = match environment.other_rules.len() {
            0 => String::new(),
            number => format!(", {} of an app", count(number, "rule")),
        };
        found.push(Finding::ok(format!(
            "{name}: {}, branches limited{waits}{more}",
            count(environment.reviewers.len(), "reviewer")
        )));
    }
    found
}

/// Whether one person alone can change what the default branch says about policy.
pub(super) fn default_branch(facts: &Facts) -> Vec<Finding> {
    vec![match &facts.server.branch {
        Ok(branch) if branch.is_protected() => {
            let rules = if branch.rules.is_empty() {
                String::new()
            } else {
                format!(" ({})", branch.rules.join(", "))
            };
            Finding::ok(format!("{} is protected{rules}", named(&branch.name)))
        }
        Ok(branch) => Finding::warning(
            format!(
                "{} is not protected: anyone who may write can change policy, exceptions and keys",
                named(&branch.name)
            ),
            "require pull requests with a review, by a ruleset or a branch protection",
        ),
        Err(why) => {
            Finding::unknown(format!("whether the default branch is protected is not known: {why}"), "")
        }
    }]
}

/// What a job's token may do where its workflow does not say.
pub(super) fn token_default(facts: &Facts) -> Vec<Finding> {
    let permissions = match &facts.server.permissions {
        Ok(permissions) => permissions,
        Err(why) => {
            return vec![Finding::unknown(
                format!("the default permissions of jobs are not known: {why}"),
                "",
            )];
        }
    };
    let mut found = Vec::new();
    if permissions.write {
        found.push(Finding::warning(
            "a job whose workflow does not say otherwise may write to the whole repository",
            "Settings, Actions, General: \"Read repository contents and packages permissions\"",
        ));
    }
    if permissions.may_approve_pull_requests {
        found.push(Finding::warning(
            "workflows may approve pull requests: a review that is required of people can come from a machine",
            "Settings, Actions, General: switch off \"Allow GitHub Actions to create and approve pull requests\"",
        ));
    }
    if found.is_empty() {
        found.push(Finding::ok("to read, and to approve nothing"));
    }
    found
}

/// Whether the workflows' actions may run at all.
pub(super) fn allowed_actions(facts: &Facts) -> Vec<Finding> {
    let policy = match &facts.server.actions {
        Ok(policy) => policy,
        Err(why) => return vec![Finding::unknown(format!("which actions may run is not known: {why}"), "")],
    };
    if !policy.enabled {
        return vec![Finding::problem(
            "GitHub Actions is switched off in this repository",
            "Settings, Actions, General",
        )];
    }
    let owner = facts.server.name.as_ref().map(|name| name.owner().to_ascii_lowercase()).unwrap_or_default();
    let others = others(facts, &owner);
    let mut found = Vec::new();
    match policy.allowed {
        Some(Allowed::OwnersOnly) if !others.is_empty() => found.push(Finding::problem(
            format!("only actions of {} may run, and the workflows use {}", named(&owner), names(&others)),
            "allow them by name in Settings, Actions, General; or mirror them",
        )),
        Some(Allowed::Selected) if !others.is_empty() => {
            found.push(Finding::note(
                format!("only selected actions may run; these have to be among them: {}", names(&others)),
                "",
            ));
        }
        _ => {}
    }
    if policy.pinning_required == Some(false) {
        found.push(Finding::note(
            "actions may be named by tags",
            "Settings, Actions, General: \"Require actions to be pinned to a full-length commit SHA\"",
        ));
    }
    if found.is_empty() {
        let how = if policy.pinning_required == Some(true) { ", by their commits only" } else { "" };
        found.push(Finding::ok(format!("those that the workflows use{how}")));
    }
    found
}

/// The repositories of actions that are not this owner's.
fn others(facts: &Facts, owner: &str) -> Vec<String> {
    let uses = facts.project.workflows.iter().flat_map(|workflow| workflow.uses());
    let mut all: Vec<String> = uses
        .filter_map(|(uses, _)| match uses {
            crate::doctor::uses::Uses::Remote { repository, .. } => Some(repository.to_ascii_lowercase()),
            _ => None,
        })
        .filter(|repository| repository.split('/').next() != Some(owner))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
