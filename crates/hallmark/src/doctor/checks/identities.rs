//! Signers without keys: whether each identity reads, whose word counts for it, and whether two are one.

use attest::TrustRoot;
use policy::{Credential, EvidenceKind, Identity, Policy, Root, identity_rule};
use signers::IdentityRule;

use super::rules::{named_policies, root_file};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Place, count, named};
use crate::doctor::policies;
use crate::doctor::project::Project;
use crate::words::is_expression;

/// The inputs that say who signs without a key.
const INPUTS: [&str; 3] = ["verdict-identity", "approval-identity", "release-identity"];

/// Every identity that a policy or an input names.
pub(super) fn identities(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut good = 0;
    let policies = policies_once(facts);
    for (file, policy) in &policies {
        good += of_policy(&facts.project, file, policy, &mut found);
    }
    for workflow in &facts.project.workflows {
        for (_, step) in workflow.steps().filter(|(_, step)| step.action().is_some()) {
            for input in INPUTS {
                let Some(text) = step.literal(input).filter(|text| !is_expression(text)) else { continue };
                let at = step.given(input).map_or(&step.at, |given| &given.at);
                match identity_rule(input, text) {
                    Ok(rule) => {
                        good += 1;
                        found.extend(beside_policy(input, &rule, &policies).map(|one| one.at(at)));
                    }
                    Err(problems) => found.extend(problems.0.into_iter().map(|problem| {
                        Finding::problem(format!("`{input}`: {}", problem.what), problem.mend).at(at)
                    })),
                }
            }
        }
    }
    if found.is_empty() && good > 0 {
        found.push(Finding::ok(if good == 1 {
            "1 identity reads".to_owned()
        } else {
            format!("{good} identities read")
        }));
    }
    found
}

/// Each policy that is named and reads.
fn policies_once(facts: &Facts) -> Vec<(String, Policy)> {
    let mut all: Vec<(String, Policy)> = Vec::new();
    for file in named_policies(facts) {
        if all.iter().any(|(known, _)| *known == file.path) {
            continue;
        }
        if let Some(Ok(policy)) = policies::read(&facts.project, &file) {
            all.push((file.path.clone(), policy));
        }
    }
    all
}

/// Tells what is wrong with a policy's identities, and how many there are.
fn of_policy(project: &Project, file: &str, policy: &Policy, found: &mut Vec<Finding>) -> usize {
    let mut seen: Vec<(&str, &Identity)> = Vec::new();
    for (name, known_by) in policy.signers() {
        let Some(Credential::Identity(identity)) = known_by else { continue };
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == &**identity) {
            let what = format!(
                "the signers {} and {} are one identity: neither can be told from the other",
                named(other),
                named(name)
            );
            let mend = "give each a workflow file or an environment of its own";
            found.push(Finding::warning(what, mend).at(&Place::file(file)));
        }
        seen.push((name, identity));
        found.extend(root(project, file, name, &identity.root));
    }
    seen.len()
}

/// A root's file that is not there, or is none.
fn root(project: &Project, file: &str, signer: &str, root: &Root) -> Option<Finding> {
    let Root::File(path) = root else { return None };
    let path = root_file(file, path);
    let shown = named(&path);
    let finding = match project.text(&path) {
        Err(why) => Finding::problem(
            format!("the trusted root of the signer {}, {shown}, {why}", named(signer)),
            "commit the trusted root of the instance, or name `public-good` or `github`",
        ),
        Ok(text) => {
            let error = TrustRoot::parse(&path, text.as_bytes()).err()?;
            Finding::problem(
                format!("the trusted root of the signer {} is none: it {}", named(signer), error.what),
                "take the JSON that the instance publishes as its trusted root",
            )
        }
    };
    Some(finding.at(&Place::file(file)))
}

/// Whether whoever is trusted here is one whom the policy lets sign that. With several policies it is not known which
/// one a statement will be by.
fn beside_policy(input: &str, rule: &IdentityRule, policies: &[(String, Policy)]) -> Option<Finding> {
    let [(file, policy)] = policies else { return None };
    let kind = match input {
        "verdict-identity" => EvidenceKind::Verdict,
        "approval-identity" => EvidenceKind::Approval,
        _ => EvidenceKind::Release,
    };
    let may = policy.signers_of(kind);
    let signers: Vec<_> = policy.signers().filter(|(name, _)| may.iter().any(|one| one == name)).collect();
    // Whoever is given later may be anybody.
    if signers.is_empty() || signers.iter().any(|(_, known_by)| known_by.is_none()) {
        return None;
    }
    let identities: Vec<&IdentityRule> = signers
        .iter()
        .filter_map(|(_, known_by)| match known_by {
            Some(Credential::Identity(identity)) => Some(&identity.rule),
            _ => None,
        })
        .collect();
    if identities.is_empty() {
        let what = format!(
            "`{input}` is an identity, and by the policy {} only keys sign a {kind}: every one will be refused",
            named(file)
        );
        return Some(Finding::problem(what, "give the key, or the policy the identity"));
    }
    (!identities.contains(&rule)).then(|| {
        let what = format!(
            "`{input}` says otherwise who signs a {kind} than the policy {} does ({})",
            named(file),
            count(identities.len(), "identity").replace("identitys", "identities")
        );
        Finding::warning(what, "copy the policy's identity, so that both mean the same")
    })
}
