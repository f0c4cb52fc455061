//! One policy out of several files: parents first, each file over those that it extends. Trees are
//! merged, before anybody looks at their meaning, so that every value keeps its place.

use std::collections::BTreeMap;

use super::overrides::Override;
use super::sections::{Merge, Section, replaceable};
use crate::fields::Fields;
use crate::kind::EvidenceKind;
use crate::problem::{At, instead_of};
use crate::yaml::{Node, Value};

type Entries = Vec<(Node, Node)>;

/// The tree that all files together make. `was` has, by the place of what counts now, what counted before;
/// `anew` the sections that began anew.
#[derive(Debug, Clone, Default)]
pub(super) struct Merged {
    entries: Entries,
    at: At,
    pub(super) was: BTreeMap<At, Node>,
    pub(super) anew: Vec<Anew>,
    /// The policy's own file, where it is no mapping: for the check to tell.
    no_map: Option<Node>,
}

/// A section that began anew.
#[derive(Debug, Clone)]
pub(crate) struct Anew {
    pub(crate) section: &'static str,
    /// Where `replace` says so.
    pub(crate) by: At,
    /// Where the section stood that does not count any more.
    pub(crate) was: At,
}

impl Merged {
    /// The policy's own file says what it is called; `layers` begins with the eldest parent.
    pub(super) fn of(fields: &mut Fields<'_>, layers: &[Node]) -> Self {
        let Some(own) = layers.last() else { return Self::default() };
        if !matches!(own.value, Value::Map(_)) {
            return Self { no_map: Some(own.clone()), ..Self::default() };
        }
        let is_own = |key: &Node| section(key).is_some_and(|(_, s)| s.merge == Merge::Own);
        let stays = |key: &Node| is_own(key) && !is_language(key);
        let entries = own.entries().iter().filter(|(key, _)| stays(key)).cloned().collect();
        let mut merged = Self { entries, at: own.at, ..Self::default() };
        for (index, layer) in layers.iter().enumerate() {
            let replace = replaced_by(fields, layer, false);
            if index == 0
                && let Some((_, at)) = replace.first()
            {
                fields.problem(
                    *at,
                    "there is nothing to replace: the policy extends no other",
                    "take `replace` out, or add `extends: recommended`",
                );
            }
            merged.put_layer(fields, layer, &replace);
        }
        merged
    }

    /// With an override on top.
    pub(super) fn with(&self, fields: &mut Fields<'_>, one: &Override) -> Self {
        let mut merged = self.clone();
        let mut layer = one.tree.clone();
        if let Value::Map(entries) = &mut layer.value {
            // What an override must not have is told already.
            entries.retain(|(key, _)| section(key).is_some_and(|(_, known)| known.in_overrides));
            for (key, evidence) in entries {
                if section(key).is_some_and(|(name, _)| name == "evidence") {
                    self.only_known_evidence(fields, evidence);
                }
            }
        }
        merged.put_layer(fields, &layer, &one.replace);
        merged
    }

    pub(super) fn tree(&self) -> Node {
        let whole = || Node { at: self.at, value: Value::Map(self.entries.clone()) };
        self.no_map.clone().unwrap_or_else(whole)
    }

    fn put_layer(&mut self, fields: &mut Fields<'_>, layer: &Node, replace: &[(&'static str, At)]) {
        for (name, at) in replace {
            if let Some(place) = place(&self.entries, name) {
                let (_, gone) = self.entries.remove(place);
                self.anew.push(Anew { section: name, by: *at, was: gone.at });
            }
        }
        for (key, value) in layer.entries() {
            match section(key) {
                Some((_, known)) => self.put_section(fields, known, key, value),
                None => self.put(key, value),
            }
        }
    }

    fn put_section(&mut self, fields: &mut Fields<'_>, known: &Section, key: &Node, value: &Node) {
        match known.merge {
            Merge::Own => {}
            Merge::Whole => self.put(key, value),
            Merge::Keys(depth) => {
                put_key(&mut self.entries, key, value, depth, &mut self.was);
            }
            Merge::Added => self.add(key, value),
            Merge::Once => {
                let there = place(&self.entries, known.name).map(|at| &self.entries[at].1);
                if !is_null(value)
                    && let Some(there) = there.filter(|there| !is_null(there))
                {
                    let file = fields.file(there.at).to_owned();
                    fields.problem(
                        key.at,
                        format!("`{}` is there twice: {file} has it in line {}", known.name, there.at.line),
                        format!("take it out, or write `replace: [{}]` to do without the first", known.name),
                    );
                } else {
                    self.put(key, value);
                }
            }
        }
    }

    /// One value in the place of another; nothing takes no place.
    fn put(&mut self, key: &Node, value: &Node) {
        put_key(&mut self.entries, key, value, 0, &mut self.was);
    }

    /// A list of rules more. What is no list goes where the check will find it.
    fn add(&mut self, key: &Node, value: &Node) {
        let there = place_of(&self.entries, key).map(|at| &mut self.entries[at]);
        match (there, &value.value) {
            (Some((_, Node { value: Value::List(rules), .. })), Value::List(more)) => {
                rules.extend(more.iter().cloned());
            }
            (Some((_, Node { value: Value::List(_), .. })), _) | (None, _) => self.put(key, value),
            (Some((_, there)), _) if is_null(there) => self.put(key, value),
            (Some(_), _) => {}
        }
    }

    /// An override asks more or less of evidence that the policy knows, and brings none of its own.
    fn only_known_evidence(&self, fields: &mut Fields<'_>, evidence: &mut Node) {
        let Value::Map(kinds) = &mut evidence.value else { return };
        let known = place(&self.entries, "evidence").map(|at| &self.entries[at].1);
        kinds.retain(|(key, _)| {
            let Value::Text(kind) = &key.value else { return true };
            let is_new = EvidenceKind::from_name(kind).is_some()
                && known.is_none_or(|known| known.get(kind).is_none());
            if is_new {
                fields.problem(
                    key.at,
                    format!("the policy's own `evidence` does not name `{kind}`"),
                    "say there who signs it: an override only changes what is asked of it",
                );
            }
            !is_new
        });
    }
}

/// What a file or an override replaces, each with its place.
pub(super) fn replaced_by(
    fields: &mut Fields<'_>,
    layer: &Node,
    in_override: bool,
) -> Vec<(&'static str, At)> {
    let Some(node) = layer.get("replace") else { return Vec::new() };
    let known = replaceable(in_override);
    let mut found = Vec::new();
    for (word, at) in fields.texts(node, "replace") {
        let Some(name) = known.iter().find(|name| **name == word) else {
            let mend = instead_of(&word, &known);
            fields.problem(at, format!("`{word}` is no section that can be replaced"), mend);
            continue;
        };
        // A list that is silently empty reads like a list that somebody forgot.
        if layer.get(name).is_none() && *name != "rego" {
            let empty =
                if matches!(Section::of(name), Some(s) if s.merge == Merge::Added) { "[]" } else { "{}" };
            fields.problem(
                at,
                format!("`{name}` is replaced by nothing"),
                format!("write the new `{name}` here, or `{name}: {empty}` to do without"),
            );
            continue;
        }
        found.push((*name, at));
    }
    found
}

/// Puts one key's value over what is there, so many mappings deep.
fn put_key(into: &mut Entries, key: &Node, value: &Node, depth: usize, was: &mut BTreeMap<At, Node>) {
    let Some(at) = place_of(into, key) else {
        into.push((key.clone(), value.clone()));
        return;
    };
    let (old_key, old) = &mut into[at];
    if is_null(value) {
        return;
    }
    match (&mut old.value, &value.value) {
        (Value::Map(inner), Value::Map(more)) if depth > 0 => {
            put_keys(inner, more, depth - 1, was);
            old.at = value.at;
        }
        // What is no mapping where one belongs stays, for the check to find.
        (there, Value::Map(_)) if depth > 0 && !matches!(there, Value::Null) => {}
        _ => {
            let gone = std::mem::replace(old, value.clone());
            *old_key = key.clone();
            if !is_null(&gone) {
                was.insert(value.at, gone);
            }
        }
    }
}

fn put_keys(into: &mut Entries, more: &[(Node, Node)], depth: usize, was: &mut BTreeMap<At, Node>) {
    // Looked up by name: two hostile mappings of thousands of keys would take their product.
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (at, (key, _)) in into.iter().enumerate() {
        if let Value::Text(name) = &key.value {
            places.insert(name.clone(), at);
        }
    }
    for (key, value) in more {
        let there = if let Value::Text(name) = &key.value { places.get(name) } else { None };
        match there {
            Some(at) => {
                let mut one = vec![into[*at].clone()];
                put_key(&mut one, key, value, depth, was);
                into[*at] = one.remove(0);
            }
            None => into.push((key.clone(), value.clone())),
        }
    }
}

fn place(entries: &Entries, name: &str) -> Option<usize> {
    entries.iter().position(|(key, _)| matches!(&key.value, Value::Text(text) if text == name))
}

fn place_of(entries: &Entries, key: &Node) -> Option<usize> {
    if let Value::Text(name) = &key.value { place(entries, name) } else { None }
}

fn section(key: &Node) -> Option<(&str, &'static Section)> {
    let Value::Text(name) = &key.value else { return None };
    Section::of(name).map(|section| (name.as_str(), section))
}

/// What only the language needs, and no checked policy has.
fn is_language(key: &Node) -> bool {
    matches!(section(key), Some(("extends" | "replace" | "overrides", _)))
}

const fn is_null(node: &Node) -> bool {
    matches!(node.value, Value::Null)
}
