//! A policy as it is in force, flat, for people: every line says where it comes from.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::sections::{Merge, SECTIONS, Section};
use super::{Origin, Policy};
use crate::problem::At;
use crate::yaml::{self, Node, Value, block, flow};

/// Comments stand in one column, as far as lines allow.
const COLUMN: usize = 64;

impl Policy {
    /// The policy with nothing left to look up but keys, as YAML: each line with the file and line that it
    /// comes from and what it took the place of, or `default`. It reads back as a policy with the same digest.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut written = self.written(&BTreeMap::new());
        // What a resolved policy leaves unsaid, because it is usual.
        for (section, key, usual) in
            [("mode", None, "enforce"), ("exceptions", Some("package-level"), "refuse")]
        {
            let there = match key {
                Some(key) => &mut written[section][key],
                None => &mut written[section],
            };
            if there.is_null() {
                *there = usual.into();
            }
        }
        let mut page = Page { policy: self, origin: &self.origin, text: String::new() };
        for section in &SECTIONS {
            let own = self.origin.tree.get_entry(section.name);
            let default = written.get(section.name).filter(|value| !is_empty(value));
            if own.is_some() || default.is_some() {
                page.section(section, own, default);
            }
        }
        page.text
    }
}

/// What is asked for by default in so many words, and means nothing.
fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

struct Page<'p> {
    policy: &'p Policy,
    origin: &'p Origin,
    text: String,
}

type Entry<'n> = (&'n Node, &'n Node);

impl Page<'_> {
    fn section(&mut self, section: &Section, own: Option<Entry<'_>>, default: Option<&Json>) {
        let own = own.filter(|(_, value)| !matches!(value.value, Value::Null));
        match (section.merge, own) {
            (Merge::Added, Some((key, value))) => self.list(section.name, key, value),
            (Merge::Keys(depth), _) => {
                self.blank();
                self.keys(section.name, 0, depth, own.map(|(_, value)| value), default);
            }
            (Merge::Once, Some((_, value))) => {
                self.blank();
                self.keys(section.name, 0, 1, Some(value), default);
            }
            (_, Some((_, value))) => self.leaf(section.name, 0, value),
            (_, None) => {
                if let Some(default) = default.and_then(Json::as_str) {
                    let from = if section.name == "environment" { "as asked for" } else { "default" };
                    self.line(0, &format!("{}: {default}", section.name), from);
                }
            }
        }
    }

    /// One line a rule.
    fn list(&mut self, name: &str, key: &Node, value: &Node) {
        self.blank();
        if value.items().is_empty() {
            let from = [self.place(key.at), self.began_anew(name)];
            let from: Vec<&str> = from.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
            return self.line(0, &format!("{name}: []"), &from.join(", "));
        }
        self.line(0, &format!("{name}:"), &self.began_anew(name));
        for rule in value.items() {
            self.line(2, &format!("- {}", flow(rule)), &self.place(rule.at));
        }
    }

    /// A mapping, one line a key; what the policy leaves out in its default.
    fn keys(&mut self, name: &str, indent: usize, depth: usize, own: Option<&Node>, default: Option<&Json>) {
        let entries = own.map_or(&[][..], Node::entries);
        let empty = serde_json::Map::new();
        let defaults = default.and_then(Json::as_object).unwrap_or(&empty);
        // The signers' keys are brought in later: nothing to be said of them here.
        let left: Vec<(&String, &Json)> =
            defaults.iter().filter(|(key, _)| name != "signers" && !has(entries, key)).collect();
        if entries.is_empty() && left.is_empty() {
            let at = own.map_or_else(|| "default".to_owned(), |own| self.place(own.at));
            return self.line(indent, &format!("{name}: {{}}"), &at);
        }
        self.line(indent, &format!("{name}:"), &self.began_anew(name));
        for (key, value) in entries {
            let Value::Text(text) = &key.value else { continue };
            let inner = defaults.get(text);
            // A parent's signer whom nothing asks for any more.
            if name == "signers" && !self.policy.signers.contains_key(text) {
                continue;
            }
            match &value.value {
                Value::Map(_) if depth > 1 => self.keys(text, indent + 2, depth - 1, Some(value), inner),
                Value::Null if name == "signers" => {
                    self.line(indent + 2, &format!("{text}:"), &self.place(key.at))
                }
                Value::Null => {}
                // Its text stands below: without another file, the policy reads all the same.
                _ if name == "rego" && text == "module" && has(entries, "source") => {}
                _ => self.leaf(text, indent + 2, value),
            }
        }
        for (key, value) in left {
            let value =
                yaml::parse(&value.to_string()).map_or_else(|_| value.to_string(), |node| flow(&node));
            self.line(indent + 2, &format!("{key}: {value}"), "default");
        }
    }

    fn leaf(&mut self, name: &str, indent: usize, value: &Node) {
        let key = flow(&Node { at: value.at, value: Value::Text(name.to_owned()) });
        let from = self.from(value.at);
        if let Value::Text(text) = &value.value
            && let Some(block) = block(text, indent + 2)
        {
            // A comment stands above it: inside, it would be part of the text.
            self.line(indent, "", &from);
            self.text.push_str(&format!("{:indent$}{key}: {block}\n", ""));
            return;
        }
        self.line(indent, &format!("{key}: {}", flow(value)), &from);
    }

    /// Where a value stands, and what it took the place of.
    fn from(&self, at: At) -> String {
        match self.origin.was.get(&at) {
            Some(was) => format!("{}, was {} in {}", self.place(at), short(&flow(was)), self.place(was.at)),
            None => self.place(at),
        }
    }

    /// Where a section began anew, if it did: `replace` throws away what others asked for.
    fn began_anew(&self, name: &str) -> String {
        let gone = self.origin.anew.iter().filter(|anew| anew.section == name);
        let each =
            gone.map(|anew| format!("anew by {}, without {}", self.place(anew.by), self.place(anew.was)));
        each.collect::<Vec<_>>().join("; ")
    }

    fn place(&self, at: At) -> String {
        format!("{}:{}", self.origin.files.name(at).escape_debug(), at.line)
    }

    fn line(&mut self, indent: usize, text: &str, comment: &str) {
        let line = format!("{:indent$}{text}", "");
        let line = match (text.is_empty(), comment.is_empty()) {
            (_, true) => line,
            (true, false) => format!("{line}# {comment}"),
            (false, false) => format!("{line:<COLUMN$} # {comment}"),
        };
        self.text.push_str(&line);
        self.text.push('\n');
    }

    fn blank(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }
}

fn has(entries: &[(Node, Node)], name: &str) -> bool {
    entries.iter().any(|(key, value)| is_named(key, name) && !is_null(value))
}

fn is_named(key: &Node, name: &str) -> bool {
    matches!(&key.value, Value::Text(text) if text == name)
}

const fn is_null(node: &Node) -> bool {
    matches!(node.value, Value::Null)
}

/// As much of a value as a comment bears.
fn short(text: &str) -> String {
    const MOST: usize = 40;
    let line: String = text.chars().take(MOST).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}
