//! The bake id, pure: a digest over everything that the bake depends on. Two bakes with the same id
//! would make the same image, so the second is not needed.

use anyhow::Result;
use model::{Sha256, canonical_json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Raised when the same ingredients have to be baked anew: what they mean has changed.
const FORMAT: &str = "hallmarkBake1";

/// Everything that a bake depends on, each under its own name: `template/a.pkr.hcl`,
/// `variable/suite`, `tool/packer`, … Secrets are here by name, never by value or digest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Ingredients(BTreeMap<String, String>);

impl Ingredients {
    /// Adds one. A name that is taken already would hide the other value: say so.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: impl Into<String>) -> Result<()> {
        let name = name.into();
        anyhow::ensure!(!self.0.contains_key(&name), "`{name}` is given twice");
        self.0.insert(name, value.into());
        Ok(())
    }

    /// The bake id.
    pub(crate) fn id(&self) -> Result<Sha256> {
        Ok(Sha256::of(&canonical_json(&(FORMAT, &self.0))?))
    }

    /// What differs from another bake, by name.
    pub(crate) fn changed_since<'a>(&'a self, before: &'a Self) -> Vec<&'a str> {
        let (now, before) = (&self.0, &before.0);
        let mut names: Vec<&str> = now
            .iter()
            .filter(|(name, value)| before.get(*name) != Some(value))
            .map(|(name, _)| name.as_str())
            .chain(before.keys().filter(|name| !now.contains_key(*name)).map(String::as_str))
            .collect();
        names.sort_unstable();
        names
    }

    /// What was there before and is not, or differs: what a bake must not do to its own inputs.
    pub(crate) fn spoiled(&self, before: &Self) -> Vec<String> {
        let gone = before.0.iter().filter(|(name, value)| self.0.get(*name) != Some(value));
        gone.map(|(name, _)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[(&str, &str)]) -> Ingredients {
        let mut ingredients = Ingredients::default();
        for (name, value) in rows {
            ingredients.add(*name, *value).unwrap();
        }
        ingredients
    }

    #[test]
    fn the_id_is_written_down() {
        // printf '%s' '["hallmarkBake1",{}]' | sha256sum, and with {"a":"1","b":"2"}
        let table = [
            (of(&[]), "fffe4a0fda2e07c9848eaac8d7cb681eb7fea3e3fab53fa8f2439fb3b5d5944b"),
            (
                of(&[("b", "2"), ("a", "1")]),
                "c2ba7630ce3ffe89818c0d9deab41b74acbadd7e315ed84f12f575a67c0264d9",
            ),
        ];
        for (ingredients, id) in table {
            assert_eq!(ingredients.id().unwrap().to_string(), id);
        }
    }

    #[test]
    fn every_name_and_value_counts() {
        let base = of(&[("variable/a", "1")]).id().unwrap();
        for other in [
            of(&[]),
            of(&[("variable/a", "2")]),
            of(&[("variable/b", "1")]),
            of(&[("variable/a", "")]),
            of(&[("variable/a", "1"), ("variable/b", "")]),
        ] {
            assert_ne!(other.id().unwrap(), base, "{other:?}");
        }
        assert_eq!(of(&[("variable/a", "1")]).id().unwrap(), base);
    }

    #[test]
    fn a_name_twice_is_refused() {
        assert!(of(&[("a", "1")]).add("a", "1").is_err());
    }

    #[test]
    fn what_changed() {
        let before = of(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(before.changed_since(&before), Vec::<&str>::new());
        assert_eq!(of(&[]).changed_since(&of(&[])), Vec::<&str>::new());
        let now = of(&[("a", "1"), ("b", "x"), ("d", "4")]);
        assert_eq!(now.changed_since(&before), ["b", "c", "d"]);
        assert_eq!(now.spoiled(&before), ["b", "c"]);
        assert_eq!(of(&[("a", "1"), ("new", "")]).spoiled(&of(&[("a", "1")])), Vec::<String>::new());
    }
}
