//! Policies and exceptions, read as the gate reads them.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use policy::{Credential, Exception, ExceptionLimits, Exceptions, Policy, Problem, Problems};

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Place, count, named};
use crate::doctor::policies;
use crate::doctor::project::{Named, normal};

/// Whether each policy reads, and every signer has a key.
pub(super) fn policy(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut good = 0;
    let mut seen = BTreeSet::new();
    for file in named_policies(facts) {
        let signers = given_signers(&file);
        if !seen.insert((file.path.clone(), signers.clone())) {
            continue;
        }
        let Some(read) = policies::read(&facts.project, &file) else { continue };
        match read {
            Ok(policy) => {
                good += 1;
                found.extend(without_keys(&file, &policy, &signers));
            }
            Err(problems) => found.extend(mistakes(problems)),
        }
    }
    if found.is_empty() && good > 0 {
        found.push(Finding::ok(format!(
            "{} read",
            if good == 1 { "1 policy".to_owned() } else { format!("{good} policies") }
        )));
    }
    found
}

/// Every use of a policy: the same file with other signers is another one.
pub(super) fn named_policies(facts: &Facts) -> Vec<Named<'_>> {
    facts.project.named().into_iter().filter(|named| named.input == "policy").collect()
}

/// The signers whose keys a step gives beside its policy; those of the chain's own keys are among them.
pub(super) fn given_signers(file: &Named<'_>) -> BTreeSet<String> {
    let text = file.step.value("signers").unwrap_or("");
    let mut names: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().to_owned())
        .collect();
    if file.step.is("chain") {
        names.extend(["bake", "assay", "publish"].map(str::to_owned));
    }
    names
}

fn without_keys(file: &Named<'_>, policy: &Policy, given: &BTreeSet<String>) -> Vec<Finding> {
    // A value that is put in later may name any signer.
    if file.step.value("signers").is_some_and(crate::words::is_expression) {
        return Vec::new();
    }
    // Without a key and without a signer, the chain makes one for each that the policy names, for the run alone.
    let throws_away = file.step.is("chain")
        && ["bake-key", "assay-key", "publish-key", "signers"]
            .iter()
            .all(|input| file.step.value(input).is_none());
    if throws_away {
        return Vec::new();
    }
    let lacks = policy.signers().filter(|(name, key)| key.is_none() && !given.contains(*name));
    lacks
        .map(|(name, _)| {
            let what = format!("the policy's signer {} has no key", named(name));
            let mend = format!(
                "write `key:` for it in {}, or a line `{name}=path` under `signers:` here",
                named(&file.path)
            );
            Finding::problem(what, mend).at(&file.at)
        })
        .collect()
}

/// Whether the gate will read each policy at all: not from a checkout, unless it is said what it has to be.
pub(super) fn origin(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut good = 0;
    for file in named_policies(facts) {
        let given = |input: &str| file.step.given(input).is_some();
        if policies::ships(&file.path) || given("policy-digest") {
            good += 1;
            continue;
        }
        if !given("token") {
            let what = format!(
                "{} lies in the checkout, and on a runner the gate does not take it from there",
                named(&file.path)
            );
            let mend = "give `token: ${{ github.token }}` (with `contents: read`), and it is read from the protected branch; or `policy-digest`";
            found.push(Finding::problem(what, mend).at(&file.at));
            continue;
        }
        let other = given("policy-repository") || given("policy-ref");
        match &facts.server.branch {
            _ if other => found.push(
                Finding::unknown("whether the branch that `policy-ref` or `policy-repository` names is protected is not known", "")
                    .at(&file.at),
            ),
            Ok(branch) if !branch.is_protected() => {
                let what = format!("the policy is read from {}, which is not protected: the gate refuses that", named(&branch.name));
                let mend = "protect it (Settings, Rules), name by `policy-ref` a branch that is, or give `policy-digest`";
                found.push(Finding::problem(what, mend).at(&file.at));
            }
            // What is not known about the default branch is told once, there.
            Ok(_) | Err(_) => good += 1,
        }
    }
    if found.is_empty() && good > 0 {
        found.push(Finding::ok("from a protected branch, by digest, or out of Hallmark itself"));
    }
    found
}

/// Whether each exceptions file reads, and what is over or about to be.
pub(super) fn exceptions(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut good = 0;
    for file in facts.project.named_by("exceptions") {
        let Ok(text) = facts.project.text(&file.path) else { continue };
        let Some(limits) = limits(facts, &file) else {
            let what =
                format!("{} is read by the limits of its policy, which does not read", named(&file.path));
            found.push(Finding::unknown(what, "mend the policy first").at(&Place::file(&file.path)));
            continue;
        };
        match Exceptions::parse(&file.path, &text, limits) {
            Ok(exceptions) => {
                good += exceptions.list().len();
                let dated = exceptions
                    .list()
                    .iter()
                    .filter_map(|exception| dated(facts.now, &file.path, limits, exception));
                found.extend(dated);
                if exceptions.list().is_empty() && found.is_empty() {
                    found.push(Finding::ok("none, and the file reads"));
                }
            }
            Err(problems) => found.extend(mistakes(problems)),
        }
    }
    if found.is_empty() && good > 0 {
        found.push(Finding::ok(format!("{} in force", count(good, "exception"))));
    }
    found
}

/// The limits of the policy that stands in the same step.
fn limits(facts: &Facts, file: &Named<'_>) -> Option<ExceptionLimits> {
    let policies = facts.project.named().into_iter();
    let policy =
        policies.filter(|named| named.input == "policy").find(|named| std::ptr::eq(named.step, file.step))?;
    Some(policies::read(&facts.project, &policy)?.ok()?.exception_limits())
}

fn dated(now: Timestamp, file: &str, limits: ExceptionLimits, exception: &Exception) -> Option<Finding> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let at = Place::new(file, exception.at);
    let label = named(&exception.label());
    let warns = limits.warn_before.as_hours() / 24;
    let left =
        exception.expires.duration_since(today).checked_div(1).unwrap_or(SignedDuration::ZERO).as_hours()
            / 24;
    let finding = if exception.expires < today {
        let what = format!(
            "the exception for {label} ended on {}: it suppresses nothing any more",
            exception.expires
        );
        Finding::warning(what, "take it out, or have it answered for again")
    } else if exception.created > today {
        Finding::note(format!("the exception for {label} begins on {}", exception.created), "")
    } else if left <= warns {
        Finding::note(
            format!("the exception for {label} ends on {}", exception.expires),
            "have it answered for again, or mend the finding",
        )
    } else {
        return None;
    };
    Some(finding.at(&at))
}

/// The mistakes of a policy or an exceptions file, each at its place.
fn mistakes(problems: Problems) -> Vec<Finding> {
    let tell = |problem: Problem| {
        let at = Place::new(problem.file, problem.at);
        Finding::problem(problem.what, problem.mend).at(&at)
    };
    problems.0.into_iter().map(tell).collect()
}

/// Where a file is that a policy names, relative to the repository.
pub(super) fn root_file(policy_file: &str, path: &str) -> String {
    let folder = policy_file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    normal(&path).unwrap_or(path)
}

/// Where a policy's own keys are, by signer: relative to the repository.
pub(super) fn key_files<'a>(policy_file: &str, policy: &'a Policy) -> Vec<(&'a str, String)> {
    let beside = |path: &str| root_file(policy_file, path);
    policy
        .signers()
        .filter_map(|(name, key)| match key? {
            Credential::KeyFile(path) => Some((name, beside(path))),
            Credential::Pem(_) | Credential::Identity(_) => None,
        })
        .collect()
}
