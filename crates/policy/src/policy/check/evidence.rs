//! The part of a policy that says what evidence is asked for, and who may sign it.

use std::collections::BTreeMap;

use crate::fields::{Fields, Map};
use crate::kind::EvidenceKind;
use crate::policy::{Requirement, Signer};
use crate::problem::instead_of;
use crate::yaml::{Node, Value};

pub(super) type Requirements = BTreeMap<EvidenceKind, Requirement>;

pub(super) fn evidence(
    fields: &mut Fields<'_>,
    top: &Map<'_>,
    signers: &BTreeMap<String, Signer>,
) -> Option<Requirements> {
    let node = fields.required(
        top,
        "the policy",
        "evidence",
        "{test-result: {signed-by: [assay], required: true}}",
    )?;
    fields.entries(node, "evidence")?;
    let Value::Map(entries) = &node.value else { return None };
    let table: Vec<(&str, EvidenceKind)> =
        EvidenceKind::ALL.iter().map(|kind| (kind.as_str(), *kind)).collect();
    let mut requirements = BTreeMap::new();
    for (key, value) in entries {
        let Value::Text(text) = &key.value else { continue };
        if let Some(kind) = fields.word(text, key.at, "evidence", &table)
            && let Some(requirement) = requirement(fields, kind, value, signers)
        {
            requirements.insert(kind, requirement);
        }
    }
    if !requirements.values().any(|r| r.required) {
        fields.problem(
            node.at,
            "the policy requires no evidence",
            "add `required: true` to a kind: nothing seen proves nothing",
        );
    }
    Some(requirements)
}

/// The keys that make sense for a kind.
pub(crate) fn keys_of(kind: EvidenceKind) -> Vec<&'static str> {
    let mut keys = vec!["signed-by", "allow-unsigned"];
    if kind.can_be_required() {
        keys.extend(["required", "max-age"]);
    }
    if !kind.ways_to_see().is_empty() {
        keys.push("seen");
    }
    match kind {
        EvidenceKind::TestResult => keys.push("min-tests"),
        EvidenceKind::Sbom | EvidenceKind::SpdxSbom => keys.push("min-packages"),
        EvidenceKind::Vulns => keys.extend(["database-max-age", "min-packages"]),
        EvidenceKind::Vsa => keys.push("levels"),
        EvidenceKind::SignatureVerification
        | EvidenceKind::Provenance
        | EvidenceKind::Verdict
        | EvidenceKind::Approval
        | EvidenceKind::Release
        | EvidenceKind::Closure => {}
    }
    keys
}

fn requirement(
    fields: &mut Fields<'_>,
    kind: EvidenceKind,
    node: &Node,
    signers: &BTreeMap<String, Signer>,
) -> Option<Requirement> {
    let name = format!("`{kind}`");
    let map = fields.map(node, &name, &keys_of(kind))?;
    let signed_by = signed_by(fields, &map, &name, signers);
    let ways: Vec<_> = kind.ways_to_see().iter().map(|seen| (seen.as_str(), *seen)).collect();
    let mut seen = Vec::new();
    if let Some(node) = map.get("seen") {
        for (word, at) in fields.texts(node, "seen") {
            seen.extend(fields.word(&word, at, "seen", &ways));
        }
    }
    seen.sort_unstable();
    seen.dedup();
    let levels = levels(fields, &map);
    let mut flag = |key: &str, usual: bool| map.get(key).map_or(Some(usual), |node| fields.flag(node, key));
    // An image built on another always needs its base's verification, unless the policy says no.
    let required = flag("required", kind == EvidenceKind::Vsa)?;
    let allow_unsigned = flag("allow-unsigned", false)?;
    let mut span = |key: &str| map.get(key).and_then(|node| fields.span(node, key));
    let (max_age, database_max_age) = (span("max-age"), span("database-max-age"));
    let mut count = |key: &str| map.get(key).map_or(Some(1), |node| fields.count(node, key));
    let (min_tests, min_packages) = (count("min-tests")?, count("min-packages")?);
    Some(Requirement {
        signed_by,
        required,
        allow_unsigned,
        seen,
        max_age,
        min_tests,
        database_max_age,
        min_packages,
        levels,
    })
}

fn levels(fields: &mut Fields<'_>, map: &Map<'_>) -> Vec<String> {
    let Some(node) = map.get("levels") else { return Vec::new() };
    let mut levels: Vec<String> = fields.texts(node, "levels").into_iter().map(|(level, _)| level).collect();
    if levels.is_empty() {
        fields.problem(
            node.at,
            "`levels` is empty",
            "name a level such as HALLMARK_BASE, or leave `levels` out",
        );
    }
    levels.sort_unstable();
    levels.dedup();
    levels
}

fn signed_by(
    fields: &mut Fields<'_>,
    map: &Map<'_>,
    name: &str,
    signers: &BTreeMap<String, Signer>,
) -> Vec<String> {
    let Some(node) = fields.required(map, name, "signed-by", "[assay]") else { return Vec::new() };
    let mut names = Vec::new();
    for (signer, at) in fields.texts(node, "signed-by") {
        if !signers.contains_key(&signer) {
            let known: Vec<&str> = signers.keys().map(String::as_str).collect();
            let mend = if known.is_empty() {
                "add `signers` to the policy".into()
            } else {
                instead_of(&signer, &known)
            };
            fields.problem(at, format!("`{signer}` is none of the policy's signers"), mend);
        }
        names.push(signer);
    }
    if names.is_empty() {
        fields.problem(node.at, format!("nobody may sign {name}"), "name at least one signer");
    }
    names.sort_unstable();
    names.dedup();
    names
}
