//! The names by which the parts of a CycloneDX document refer to each other: none by chance, and each once.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use runner::Result;
use serde_json::Value;

use super::{Document, uuid};

/// Whether it is a UUID: Trivy draws those by lot, where a component has no package URL.
fn is_drawn(reference: &str) -> bool {
    reference.len() == 36
        && reference.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

/// Gives every component that was named by lot a name that follows from it, and lists none twice.
pub(super) fn settle(document: &mut Document) -> Result<()> {
    let mut renamed = BTreeMap::new();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    let components = document.get_mut("components").and_then(Value::as_array_mut);
    let mut kept = Vec::new();
    for mut component in components.map(std::mem::take).unwrap_or_default() {
        let reference = component["bom-ref"].as_str().unwrap_or_default().to_owned();
        if let Some(object) = component.as_object_mut() {
            object.remove("bom-ref");
        }
        // The same but for its name is the same.
        let content = component.to_string();
        if let Some(first) = known.get(&content) {
            renamed.insert(reference, first.clone());
            continue;
        }
        let name =
            if reference.is_empty() || is_drawn(&reference) { uuid(&component)? } else { reference.clone() };
        if !taken.insert(name.clone()) {
            bail!("the SBOM has two components with the bom-ref {name:?}");
        }
        known.insert(content, name.clone());
        component["bom-ref"] = name.clone().into();
        renamed.insert(reference, name);
        kept.push(component);
    }
    document.insert("components".into(), kept.into());
    if let Some(root) = document.get_mut("metadata").and_then(|metadata| metadata.get_mut("component")) {
        let old = root["bom-ref"].as_str().unwrap_or_default().to_owned();
        renamed.insert(old, "image".to_owned());
        root["bom-ref"] = "image".into();
    }
    renamed.remove("");
    dependencies(document, &renamed);
    Ok(())
}

/// Who needs whom, by the new names; what became one needs what both needed.
fn dependencies(document: &mut Document, renamed: &BTreeMap<String, String>) {
    let Some(list) = document.get_mut("dependencies").and_then(Value::as_array_mut) else { return };
    let named = |value: &Value| {
        let old = value.as_str().unwrap_or_default();
        renamed.get(old).cloned().unwrap_or_else(|| old.to_owned())
    };
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in list.iter() {
        let needs = all.entry(named(&one["ref"])).or_default();
        needs.extend(one["dependsOn"].as_array().into_iter().flatten().map(named));
    }
    *list = all
        .into_iter()
        .map(|(name, mut needs)| {
            needs.remove(&name);
            serde_json::json!({"ref": name, "dependsOn": needs})
        })
        .collect();
}
