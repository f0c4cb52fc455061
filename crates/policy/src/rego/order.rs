//! Which rule builds on which. One that builds on itself never ends, and takes the whole stack with it.

use std::collections::{BTreeMap, BTreeSet};

/// How many rules may build on one another, each on the next.
pub(super) const MAX_DEPTH: usize = 100;

/// For each rule, by the first part of its name, the rules that it names.
#[derive(Default)]
pub(super) struct Order {
    rules: BTreeMap<String, BTreeSet<String>>,
    /// The rules that name all of `data`, and so every rule.
    all: BTreeSet<String>,
}

/// What is wrong with the order.
pub(super) enum Wrong {
    /// It builds on itself.
    Circle(String),
    /// There is too much under it.
    Deep,
}

impl Order {
    pub(super) fn rule(&mut self, name: &str) {
        self.rules.entry(name.to_owned()).or_default();
    }

    pub(super) fn builds_on(&mut self, rule: &str, other: &str) {
        self.rules.entry(rule.to_owned()).or_default().insert(other.to_owned());
    }

    pub(super) fn builds_on_all(&mut self, rule: &str) {
        self.all.insert(rule.to_owned());
    }

    /// Takes away, layer by layer, what builds on nothing that is left. What stays builds on a circle.
    pub(super) fn check(self) -> Result<(), Wrong> {
        if let Some(rule) = self.all.first() {
            return Err(Wrong::Circle(rule.clone()));
        }
        let mut open: BTreeMap<&str, usize> = BTreeMap::new();
        let mut above: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (rule, others) in &self.rules {
            let known = others.iter().filter(|other| self.rules.contains_key(*other));
            open.insert(rule, known.clone().count());
            known.for_each(|other| above.entry(other).or_default().push(rule));
        }
        let mut layer: Vec<&str> =
            open.iter().filter(|(_, count)| **count == 0).map(|(rule, _)| *rule).collect();
        let mut depth = 0;
        while !layer.is_empty() {
            depth += 1;
            let mut next = Vec::new();
            for rule in layer {
                open.remove(rule);
                for upper in above.get(rule).into_iter().flatten() {
                    if let Some(count) = open.get_mut(upper) {
                        *count -= 1;
                        if *count == 0 {
                            next.push(*upper);
                        }
                    }
                }
            }
            layer = next;
        }
        match self.on_circle(open.keys().copied().collect()) {
            Some(rule) => Err(Wrong::Circle(rule)),
            None if depth > MAX_DEPTH => Err(Wrong::Deep),
            None => Ok(()),
        }
    }

    /// Whoever follows what is left for long enough walks in a circle.
    fn on_circle(&self, left: BTreeSet<&str>) -> Option<String> {
        let mut rule = *left.first()?;
        for _ in 0..left.len() {
            rule = self.rules.get(rule)?.iter().find_map(|other| left.get(other.as_str()).copied())?;
        }
        Some(rule.to_owned())
    }
}
