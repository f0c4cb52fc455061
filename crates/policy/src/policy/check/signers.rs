//! `signers`: who may sign evidence, and with which key.

use std::collections::BTreeMap;

use super::is_name;
use crate::fields::{Fields, Map};
use crate::policy::{Key, Signer};
use crate::yaml::{Node, Value};

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
        let key = signer_key(fields, name, value);
        signers.insert(name.clone(), Signer { at: name_node.at, key });
    }
    signers
}

/// `bake: {key: keys/bake.pub}`, or `bake:` alone, whose key is given when the policy is used.
fn signer_key(fields: &mut Fields<'_>, name: &str, node: &Node) -> Option<Key> {
    if matches!(node.value, Value::Null) {
        return None;
    }
    let map = fields.map(node, &format!("the signer `{name}`"), &["key", "pem"])?;
    let path = map.get("key").and_then(|node| fields.text(node, "key")).map(Key::Path);
    let pem = map.get("pem").and_then(|node| fields.text(node, "pem")).map(Key::Pem);
    if path.is_some() && pem.is_some() {
        fields.problem(map.at, format!("the signer `{name}` has two keys"), "keep `key` or `pem`");
    }
    path.or(pem)
}
