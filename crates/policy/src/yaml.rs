//! YAML as a tree in which every key and value knows its place.
//!
//! Read by hand rather than derived: a derived reader stops at the first mistake, and forgets where
//! a value stood by the time its meaning is checked.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::problem::{At, Problem, Problems};

/// A policy is some kilobytes; more is a mistake or an attack.
const MAX_BYTES: usize = 4 << 20;

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: At,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    /// Kept without its value: nothing takes one, and text that looks like one wants quotes.
    Fraction,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Value {
    /// For messages: what was found where something else was wanted.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "a number",
            Self::Fraction => "a fraction",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Reads one document.
pub(crate) fn read(file: &str, text: &str) -> Result<Node, Problems> {
    let refused = |at, what: String, mend: &str| {
        Problems(vec![Problem { file: file.to_owned(), at, what, mend: mend.to_owned() }])
    };
    if text.len() > MAX_BYTES {
        return Err(refused(
            At::default(),
            format!("the file has {} bytes", text.len()),
            "at most 4 MiB are read",
        ));
    }
    if text.trim().is_empty() {
        return Err(refused(
            At { line: 1, column: 1 },
            "the file is empty".into(),
            "begin with `version: 1`",
        ));
    }
    serde_saphyr::from_str::<Node>(text).map_err(|error| {
        let at = error.location().map_or_else(At::default, |l| At { line: l.line(), column: l.column() });
        let what = error.without_snippet().to_string();
        refused(
            at,
            format!("this is not YAML: {}", what.lines().next().unwrap_or_default()),
            "mend the syntax here",
        )
    })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let at = At { line: spanned.referenced.line(), column: spanned.referenced.column() };
        Ok(Self { at, value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Fraction, Value::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Fraction)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_place() {
        let node = read("f", "a: 1\nb:\n  - x\n  - {c: true}\n").unwrap();
        let Value::Map(top) = node.value else { panic!("a mapping") };
        assert_eq!(top[0].0.at, At { line: 1, column: 1 });
        assert_eq!(top[0].1.at, At { line: 1, column: 4 });
        let Value::List(list) = &top[1].1.value else { panic!("a list") };
        assert_eq!(list[0].at, At { line: 3, column: 5 });
        let Value::Map(inner) = &list[1].value else { panic!("a mapping") };
        assert_eq!(inner[0].1.at, At { line: 4, column: 9 });
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        for (text, line) in
            [("a: [1\n", 2), ("a: 1\na: 2\n", 2), ("a: 1\n b: 2\n", 2), ("", 1), ("- a\n---\n- b\n", 2)]
        {
            let problems = read("f.yml", text).unwrap_err();
            let problem = &problems.0[0];
            assert_eq!(problem.file, "f.yml");
            assert!(problem.at.line.abs_diff(line) <= 1, "{text:?}: {problem}");
        }
    }

    #[test]
    fn scalars_keep_their_kind() {
        for (text, name) in [
            ("null", "nothing"),
            ("~", "nothing"),
            ("true", "a boolean"),
            ("12", "a number"),
            ("1.10", "a fraction"),
            ("'1.10'", "text"),
            ("2027-01-31", "text"),
            ("90d", "text"),
            ("{}", "a mapping"),
            ("[]", "a list"),
        ] {
            assert_eq!(read("f", text).unwrap().value.name(), name, "{text}");
        }
    }
}
