//! Key files: whether they are there, hold what they should, and who is whom.

use std::collections::{BTreeMap, BTreeSet};

use attest::PublicKey;
use policy::{Credential, EvidenceKind, Policy};

use super::rules::{key_files, named_policies};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Place, count, named};
use crate::doctor::policies;
use crate::doctor::project::{Project, normal};
use crate::doctor::workflow::Step;
use policy::yaml::{self, Node};

/// A file that has to be a public key, and what says so.
struct Wanted {
    path: String,
    /// Whose key it is, as a policy or an input names them.
    of: String,
    at: Place,
}

/// Every public key that a policy, a manifest or an input names; and private keys where none belongs.
pub(super) fn keys(facts: &Facts) -> Vec<Finding> {
    let project = &facts.project;
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut signers: BTreeMap<String, (String, Place)> = BTreeMap::new();
    for wanted in
        wanted(facts).into_iter().filter(|wanted| seen.insert((wanted.path.clone(), wanted.of.clone())))
    {
        match public_key(project, &wanted) {
            Err(finding) => found.push(finding),
            Ok(key) => {
                let id = key.key_id().to_string();
                match signers.get(&id) {
                    Some((other, _)) if *other != wanted.of && !wanted.of.is_empty() && !other.is_empty() => {
                        let what = format!(
                            "{} is the key of {} and of {}: neither can be told from the other",
                            named(&wanted.path),
                            named(other),
                            named(&wanted.of)
                        );
                        found.push(
                            Finding::warning(what, "make a key for each: `hallmark keygen`").at(&wanted.at),
                        );
                    }
                    _ => {
                        signers.insert(id, (wanted.of, wanted.at));
                    }
                }
            }
        }
    }
    found.extend(private_keys(facts));
    if found.is_empty() && !signers.is_empty() {
        found.push(Finding::ok(format!("{}, each a public one", count(signers.len(), "key"))));
    }
    found
}

fn wanted(facts: &Facts) -> Vec<Wanted> {
    let project = &facts.project;
    let mut all = Vec::new();
    for file in named_policies(facts) {
        let Some(policy) = policies::read(project, &file).and_then(Result::ok) else { continue };
        for (signer, path) in key_files(&file.path, &policy) {
            all.push(Wanted { path, of: signer.to_owned(), at: Place::file(&file.path) });
        }
    }
    for file in project.named().into_iter().filter(|file| file.input == "signers") {
        all.push(Wanted { path: file.path, of: file.name.unwrap_or_default(), at: file.at });
    }
    for file in ["verdict-signer", "approval-signer", "release-signer"]
        .into_iter()
        .flat_map(|input| project.named_by(input))
    {
        all.push(Wanted { path: file.path, of: String::new(), at: file.at });
    }
    for file in project.named_by("manifest") {
        all.extend(of_manifest(project, &file.path));
    }
    all
}

fn of_manifest(project: &Project, file: &str) -> Vec<Wanted> {
    let Some(root) = project.text(file).ok().and_then(|text| yaml::parse(&text).ok()) else {
        return Vec::new();
    };
    let folder = file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let entries = root.get("keys").map_or(&[][..], Node::entries);
    entries
        .iter()
        .filter_map(|(_, key)| {
            let node = key.get("file")?;
            let at = Place::new(file, node.at);
            let path = format!("{folder}{}", node.text()?);
            Some(Wanted { path: normal(&path).unwrap_or(path), of: String::new(), at })
        })
        .collect()
}

fn public_key(project: &Project, wanted: &Wanted) -> Result<PublicKey, Finding> {
    let shown = named(&wanted.path);
    let of = if wanted.of.is_empty() { String::new() } else { format!(" of {}", named(&wanted.of)) };
    let text = project.text(&wanted.path).map_err(|why| {
        Finding::problem(
            format!("the public key{of}, {shown}, {why}"),
            "`hallmark keygen` makes a pair; commit the public half",
        )
        .at(&wanted.at)
    })?;
    if is_private(&text) {
        let mend = "put the public half here, and take the private one for known: make a new pair, and replace it everywhere";
        return Err(Finding::problem(
            format!("{shown} holds a PRIVATE key where a public one belongs"),
            mend,
        )
        .at(&wanted.at));
    }
    PublicKey::from_pem(&text).map_err(|error| {
        Finding::problem(
            format!("the public key{of}, {shown}, does not read: {error}"),
            "write the public half in PEM, as `hallmark keygen` does",
        )
        .at(&wanted.at)
    })
}

fn is_private(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY"))
}

/// Private keys that a workflow names by a path of the repository.
fn private_keys(facts: &Facts) -> Vec<Finding> {
    let inputs = ["signing-key", "bake-key", "assay-key", "publish-key"];
    let mut found = Vec::new();
    for workflow in &facts.project.workflows {
        for (_, step) in workflow.steps().filter(|(_, step)| step.action().is_some()) {
            for input in inputs {
                let Some(path) =
                    step.literal(input).filter(|value| !value.contains('\n') && !value.starts_with("-----"))
                else {
                    continue;
                };
                if facts.project.text(path).is_ok_and(|text| is_private(&text)) {
                    let at = step.given(input).map_or(&step.at, |given| &given.at);
                    let mend = "replace the key everywhere, and give the new one from a secret; a key in a repository is known";
                    found.push(
                        Finding::problem(
                            format!("a private key lies in the repository: {}", named(path)),
                            mend,
                        )
                        .at(at),
                    );
                }
            }
        }
    }
    found
}

/// Whether the key whose verdicts are carried out is one that the policy lets sign verdicts.
pub(super) fn verdict_signer(facts: &Facts) -> Vec<Finding> {
    let project = &facts.project;
    // With several policies it is not known which one a verdict will be by.
    let uses = named_policies(facts);
    let Some(file) = uses.first().filter(|first| uses.iter().all(|other| other.path == first.path)) else {
        return vec![];
    };
    let Some(policy) = policies::read(project, file).and_then(Result::ok) else { return vec![] };
    let trusted = trusted(facts, &file.path, &policy);
    let mut found = Vec::new();
    let mut good = 0;
    for file in project.named_by("verdict-signer") {
        let wanted = Wanted { path: file.path.clone(), of: String::new(), at: file.at.clone() };
        let (Ok(key), Some(trusted)) = (public_key(project, &wanted), &trusted) else { continue };
        if trusted.contains(&key.key_id().to_string()) {
            good += 1;
        } else {
            let signers = policy.signers_of(EvidenceKind::Verdict).join(", ");
            let what = format!(
                "{} is none of the keys that sign verdicts by the policy ({signers}): every verdict will be refused",
                named(&file.path)
            );
            found.push(Finding::problem(what, "name the public key of whoever runs the gate").at(&file.at));
        }
    }
    if found.is_empty() && good > 0 {
        found.push(Finding::ok("it is the policy's"));
    }
    found
}

/// The ids of the keys that may sign verdicts; none where any of them is not known. An identity has no key.
fn trusted(facts: &Facts, policy_file: &str, policy: &Policy) -> Option<BTreeSet<String>> {
    let project = &facts.project;
    let signers = policy.signers_of(EvidenceKind::Verdict);
    let mut paths: BTreeMap<&str, String> = key_files(policy_file, policy).into_iter().collect();
    let given = project.named();
    for file in given.iter().filter(|file| file.input == "signers") {
        paths.extend(file.name.as_deref().map(|name| (name, file.path.clone())));
    }
    let mut ids = BTreeSet::new();
    for signer in signers {
        let known_by = policy.signers().find(|(name, _)| name == signer).and_then(|(_, known_by)| known_by);
        let inline = match known_by {
            Some(Credential::Identity(_)) => continue,
            Some(Credential::Pem(pem)) => Some(pem.clone()),
            _ => None,
        };
        let pem = inline.or_else(|| project.text(paths.get(signer.as_str())?).ok());
        match pem.and_then(|pem| PublicKey::from_pem(&pem).ok()) {
            Some(key) => ids.insert(key.key_id().to_string()),
            None => return None,
        };
    }
    // The chain's own key of the assay follows from its secret.
    let by_secret = |step: &Step| step.is("chain") && step.value("assay-key").is_some();
    if project.workflows.iter().any(|workflow| workflow.steps().any(|(_, step)| by_secret(step))) {
        return None;
    }
    (!signers.is_empty()).then_some(ids)
}
