//! `signers`: who may sign evidence, and by which key or certificate.

use std::collections::BTreeMap;

use signers::ROOTS;

use super::{identity, is_name};
use crate::fields::{Fields, Map};
use crate::policy::signer::Signer;
use crate::policy::{Credential, Identity, Root};
use crate::problem::listed;
use crate::yaml::{Node, Value};

/// What a signer is made of.
pub(crate) const SIGNER_KEYS: [&str; 4] = ["key", "pem", "identity", "trusted-root"];

pub(super) fn signers(fields: &mut Fields<'_>, top: &Map<'_>) -> BTreeMap<String, Signer> {
    let mut signers = BTreeMap::new();
    let Some(node) = top.get("signers") else { return signers };
    let Value::Map(entries) = &node.value else {
        fields.entries(node, "signers");
        return signers;
    };
    fields.entries(node, "signers");
    for (name_node, value) in entries {
        let Value::Text(name) = &name_node.value else { continue };
        if !is_name(name) {
            fields.problem(
                name_node.at,
                format!("`{name}` is no signer's name"),
                "use small letters, digits and dashes",
            );
        }
        let known_by = credential(fields, name, value);
        signers.insert(name.clone(), Signer { at: name_node.at, known_by });
    }
    signers
}

/// `bake: {key: keys/bake.pub}`, `bake: {identity: {…}}`, or `bake:` alone, whose key is given when the policy is used.
fn credential(fields: &mut Fields<'_>, name: &str, node: &Node) -> Option<Credential> {
    if matches!(node.value, Value::Null) {
        return None;
    }
    let map = fields.map(node, &format!("the signer `{name}`"), &SIGNER_KEYS)?;
    let path = map.get("key").and_then(|node| fields.text(node, "key")).map(Credential::KeyFile);
    let pem = map.get("pem").and_then(|node| fields.text(node, "pem")).map(Credential::Pem);
    let root = root(fields, name, &map);
    let identity = map.get("identity").and_then(|node| {
        let rule = identity::rule(fields, node, &format!("the identity of `{name}`"))?;
        Some(Credential::Identity(Box::new(Identity { rule, root: root? })))
    });
    let there = ["key", "pem", "identity"].into_iter().filter(|key| map.get(key).is_some());
    match there.collect::<Vec<_>>().as_slice() {
        [_, _, ..] if map.get("identity").is_some() => fields.problem(
            map.at,
            format!("the signer `{name}` has a key and an identity"),
            "keep one of `key`, `pem` and `identity`: whoever else signs is another signer",
        ),
        [_, _, ..] => {
            fields.problem(map.at, format!("the signer `{name}` has two keys"), "keep `key` or `pem`");
        }
        _ => {}
    }
    path.or(pem).or(identity)
}

/// Whose word counts for an identity.
fn root(fields: &mut Fields<'_>, name: &str, map: &Map<'_>) -> Option<Root> {
    let Some(node) = map.get("trusted-root") else { return Some(Root::default()) };
    if map.get("identity").is_none() {
        let what = format!("the signer `{name}` has a `trusted-root` and no `identity`");
        fields.problem(node.at, what, "take it out: a key needs nobody to vouch for it");
        return None;
    }
    let text = fields.text(node, "trusted-root")?;
    let root = Root::parse(&text);
    if root.is_none() {
        let mend =
            format!("write {}, or the path of its file, such as `keys/trusted_root.json`", listed(&ROOTS));
        fields.problem(node.at, format!("`{}` is no trusted root", text.escape_debug()), mend);
    }
    root
}
