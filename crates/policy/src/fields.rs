//! Reading typed values out of a tree, keeping every mistake instead of stopping at the first: for every file
//! of ours that people write.

use std::borrow::Cow;

use jiff::SignedDuration;
use jiff::civil::Date;

use crate::problem::{At, Files, Problem, Problems, instead_of, wanted};
use crate::span;
use crate::yaml::{Node, Value};

/// Collects the mistakes of one file, or of several that are read together.
pub struct Fields<'f> {
    files: Cow<'f, Files>,
    problems: Vec<Problem>,
}

/// A mapping whose keys are all known.
#[derive(Clone, Copy)]
pub struct Map<'n> {
    /// Where it begins.
    pub at: At,
    entries: &'n [(Node, Node)],
}

impl<'n> Map<'n> {
    /// A key's value; a key without a value is as good as none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        let named = |node: &Node| matches!(&node.value, Value::Text(text) if text == key);
        self.entries
            .iter()
            .find(|(k, _)| named(k))
            .map(|(_, v)| v)
            .filter(|v| !matches!(v.value, Value::Null))
    }
}

impl<'f> Fields<'f> {
    /// For one file, by the name that it is told by.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self { files: Cow::Owned(Files::one(file)), problems: Vec::new() }
    }

    pub(crate) const fn of(files: &'f Files) -> Self {
        Self { files: Cow::Borrowed(files), problems: Vec::new() }
    }

    /// The file that a place is in.
    pub(crate) fn file(&self, at: At) -> &str {
        self.files.name(at)
    }

    /// Whether nothing was wrong so far.
    pub(crate) const fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// The checked value, if nothing was wrong on the way to it.
    ///
    /// # Errors
    /// Every mistake, in order of place.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, Problems> {
        self.problems.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(Problems(self.problems)),
        }
    }

    /// Tells a mistake.
    pub fn problem(&mut self, at: At, what: impl Into<String>, mend: impl Into<String>) {
        let (what, mend, file) = (what.into(), mend.into(), self.files.name(at).to_owned());
        self.problems.push(Problem { file, at, what, mend });
    }

    /// Mistakes in a file that this one names: they have places of their own.
    pub(crate) fn others(&mut self, problems: Problems) {
        self.problems.extend(problems.0);
    }

    fn wanted(&mut self, node: &Node, name: &str, what: &str) {
        // A key is a word; what has words around it already is no key.
        let name = if name.contains([' ', '`']) { name.to_owned() } else { format!("`{name}`") };
        self.problem(node.at, format!("{name} is {}", node.value.name()), format!("{what} is wanted"));
    }

    /// A mapping with no other keys than these.
    pub fn map<'n>(&mut self, node: &'n Node, name: &str, known: &[&str]) -> Option<Map<'n>> {
        let entries = self.entries(node, name)?;
        for (key, node) in entries {
            if !known.contains(&key) {
                self.problem(node.at, format!("`{key}` is not known in {name}"), instead_of(key, known));
            }
        }
        let Value::Map(entries) = &node.value else { return None };
        Some(Map { at: node.at, entries })
    }

    /// A mapping whose keys are names of the author's: key, the key's node, the value's node.
    pub fn entries<'n>(&mut self, node: &'n Node, name: &str) -> Option<Vec<(&'n str, &'n Node)>> {
        let Value::Map(entries) = &node.value else {
            self.wanted(node, name, "a mapping");
            return None;
        };
        let mut keys = Vec::with_capacity(entries.len());
        for (key, _) in entries {
            match &key.value {
                Value::Text(text) => keys.push((text.as_str(), key)),
                other => self.problem(key.at, format!("a key of {name} is {}", other.name()), "write a name"),
            }
        }
        Some(keys)
    }

    /// A list.
    pub fn list<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n [Node]> {
        let Value::List(items) = &node.value else {
            self.wanted(node, name, "a list");
            return None;
        };
        Some(items)
    }

    /// A list of text, or one text standing for a list of one.
    pub fn texts(&mut self, node: &Node, name: &str) -> Vec<(String, At)> {
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        items.iter().filter_map(|item| self.text(item, name).map(|text| (text, item.at))).collect()
    }

    /// Text that says something; what reads as a number or a boolean wants quotes.
    pub fn text(&mut self, node: &Node, name: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Text(_) => {
                self.problem(node.at, format!("`{name}` is empty"), "write something, or leave the key out");
                None
            }
            // `version: 1.10` would silently become 1.1.
            Value::Fraction(_) | Value::Integer(_) | Value::Bool(_) => {
                let found = node.value.name();
                self.problem(node.at, format!("`{name}` reads as {found}"), "put it in quotes");
                None
            }
            _ => {
                self.wanted(node, name, "text");
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, node: &Node, name: &str) -> Option<bool> {
        let Value::Bool(value) = node.value else {
            self.wanted(node, name, "`true` or `false`");
            return None;
        };
        Some(value)
    }

    /// A whole number from 1.
    pub fn count(&mut self, node: &Node, name: &str) -> Option<u64> {
        match node.value {
            Value::Integer(value) if value >= 1 => value.try_into().ok(),
            Value::Integer(value) => {
                self.problem(
                    node.at,
                    format!("`{name}` is {value}"),
                    "at least 1 is wanted: nothing seen proves nothing",
                );
                None
            }
            _ => {
                self.wanted(node, name, "a whole number");
                None
            }
        }
    }

    /// A length of time, such as `24h`.
    pub fn span(&mut self, node: &Node, name: &str) -> Option<SignedDuration> {
        if let Value::Integer(number) = node.value {
            let what = format!("`{name}` is {number}, without a unit");
            self.problem(node.at, what, "write one behind it, such as `24h` or `7d`");
            return None;
        }
        let text = self.text(node, name)?;
        let span = span::parse(&text);
        if span.is_none() {
            let what = format!("`{name}` is `{text}`");
            self.problem(
                node.at,
                what,
                "a whole number with `s`, `m`, `h`, `d` or `w` is wanted, such as `24h` or `7d`",
            );
        }
        span
    }

    /// A day.
    pub fn date(&mut self, node: &Node, name: &str) -> Option<Date> {
        let text = self.text(node, name)?;
        let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date = if shape { text.parse().ok() } else { None };
        if date.is_none() {
            self.problem(node.at, format!("`{name}` is `{text}`"), "a date such as `2027-01-31` is wanted");
        }
        date
    }

    /// One word of a table.
    pub fn choice<T: Copy>(&mut self, node: &Node, name: &str, table: &[(&str, T)]) -> Option<T> {
        if matches!(node.value, Value::Bool(_) | Value::Integer(_) | Value::Fraction(_)) {
            let known: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
            self.problem(node.at, format!("`{name}` is {}", node.value.name()), wanted(&known));
            return None;
        }
        let text = self.text(node, name)?;
        self.word(&text, node.at, name, table)
    }

    /// As [`Fields::choice`], for a word that is already read.
    pub fn word<T: Copy>(&mut self, text: &str, at: At, name: &str, table: &[(&str, T)]) -> Option<T> {
        let found = table.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
            self.problem(at, format!("`{text}` is not known in {name}"), instead_of(text, &known));
        }
        found
    }

    /// A key that must be there.
    pub fn required<'n>(&mut self, map: &Map<'n>, name: &str, key: &str, example: &str) -> Option<&'n Node> {
        let found = map.get(key);
        if found.is_none() {
            self.problem(map.at, format!("{name} has no `{key}`"), format!("add `{key}: {example}`"));
        }
        found
    }

    /// `version: 1`, which every file begins with.
    pub fn version(&mut self, map: &Map<'_>, name: &str) {
        if let Some(node) = self.required(map, name, "version", "1")
            && !matches!(node.value, Value::Integer(1))
        {
            self.problem(node.at, "this version is not known", "this program reads `version: 1`");
        }
    }
}
