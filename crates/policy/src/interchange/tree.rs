//! Reading the files of others: what is not understood is an objection to one entry, not to the file.

use super::entry::Entry;
use super::{Broken, Source};
use crate::yaml::{self, Node, Value};

/// The source as a tree.
pub(super) fn read(source: &Source<'_>) -> Result<Node, Broken> {
    yaml::parse(source.text).map_err(|yaml::Broken { at, what }| Broken {
        at,
        what: format!("this is not YAML: {what}"),
        mend: "mend the syntax here".to_owned(),
    })
}

/// One text under a key. Another kind of value is an objection.
pub(super) fn text(entry: &mut Entry, map: &Node, key: &str) -> Option<String> {
    let node = map.get(key)?;
    let text = node.text();
    if text.is_none() {
        let what = format!("`{key}` is {}", node.value.name());
        entry.lost(node.at, what, "write text here");
    }
    text.filter(|text| !text.trim().is_empty())
}

/// Texts under a key, with their places.
pub(super) fn texts<'n>(entry: &mut Entry, map: &'n Node, key: &str) -> Vec<(String, &'n Node)> {
    let Some(node) = map.get(key) else { return Vec::new() };
    let mut found = Vec::new();
    for item in node.items() {
        match item.text() {
            Some(text) => found.push((text, item)),
            None => entry.lost(item.at, format!("`{key}` has {}", item.value.name()), "write text here"),
        }
    }
    found
}

/// Objects to every key that is not among the known ones.
pub(super) fn known(entry: &mut Entry, map: &Node, known: &[&str]) {
    if !matches!(map.value, Value::Map(_)) {
        entry.lost(map.at, format!("an entry is {}", map.value.name()), "a mapping is wanted");
    }
    for (key, _) in map.entries() {
        let name = key.text().unwrap_or_default();
        if !known.contains(&name.as_str()) {
            let what = format!("nothing is known about `{name}`");
            entry.lost(key.at, what, "say what it means in the words of an exception");
        }
    }
}
