//! YAML as a tree in which every key and value knows its line, as GitHub reads workflows: YAML 1.2,
//! so that `on` is a word and no boolean.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Spanned, UserMessageFormatter};

/// Deeper than any workflow. It bounds the recursion here too, which takes some 40 KB a level where nothing is
/// optimised.
const DEEPEST: usize = 24;

/// A value and its place, from 1; 0 where the place is not known.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: u32,
    pub(super) col: u32,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    /// Kept without its value: GitHub would write it in a way of its own.
    Fraction,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// What is no YAML, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) line: u32,
    pub(super) col: u32,
    pub(super) what: String,
}

/// Reads one document. Aliases are followed, within bounds.
pub(super) fn read(text: &str) -> Result<Node, Broken> {
    if text.trim().is_empty() {
        return Err(Broken { line: 1, col: 1, what: "the file is empty".to_owned() });
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            max_nodes: 200_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
        },
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Node>(text, options).map_err(|error| {
        let (line, col) = error.location().map_or((0, 0), |at| (small(at.line()), small(at.column())));
        let what = error.without_snippet().render_with_formatter(&UserMessageFormatter);
        let what = what.lines().next().unwrap_or_default();
        let place = format!(" at line {line}, column {col}");
        Broken { line, col, what: what.strip_suffix(&place).unwrap_or(what).to_owned() }
    })
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

impl Node {
    /// A key's value; a key without a value is as good as none.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let found = self.entries().iter().find(|(name, _)| name.is(key)).map(|(_, value)| value);
        found.filter(|node| !matches!(node.value, Value::Null))
    }

    /// A mapping's entries; nothing of anything else.
    pub(super) fn entries(&self) -> &[(Self, Self)] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// A list's items, or the one that stands for a list of one.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// A scalar as GitHub writes it into a variable; none of what is no scalar, or a fraction.
    pub(super) fn text(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Integer(value) => Some(value.to_string()),
            Value::Null => Some(String::new()),
            Value::Fraction | Value::List(_) | Value::Map(_) => None,
        }
    }

    fn is(&self, word: &str) -> bool {
        matches!(&self.value, Value::Text(text) if text == word)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let (line, col) = (small(spanned.referenced.line()), small(spanned.referenced.column()));
        Ok(Self { line, col, value: spanned.value })
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
    fn places_words_and_scalars() {
        let node =
            read("on:\n  push:\npermissions: {}\njobs:\n  a:\n    n: [1, true, 1.5, ~, yes, 'x']\n").unwrap();
        assert!(node.get("on").is_some() && node.get("push").is_none());
        assert_eq!(node.get("on").unwrap().entries()[0].0.line, 2);
        assert!(node.get("on").unwrap().get("push").is_none(), "a key without a value is as good as none");
        let list = node.get("jobs").unwrap().get("a").unwrap().get("n").unwrap();
        let texts: Vec<_> = list.items().iter().map(Node::text).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts, [some("1"), some("true"), None, some(""), some("yes"), some("x")]);
        assert_eq!((list.items()[1].line, list.items()[1].col), (6, 12));
    }

    #[test]
    fn an_alias_is_where_it_stands() {
        let node = read("a: &x {k: v}\nb: *x\n").unwrap();
        assert_eq!(node.get("b").unwrap().get("k").unwrap().text().unwrap(), "v");
        assert_eq!(node.get("b").unwrap().line, 2);
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        for (text, line) in
            [("", 1), ("a: [1\n", 2), ("a: 1\na: 2\n", 2), ("a: 1\n b: 2\n", 2), ("a:\n\t- b\n", 2)]
        {
            let broken = read(text).unwrap_err();
            assert!(broken.line.abs_diff(line) <= 1 && broken.line > 0, "{text:?}: {broken:?}");
            assert!(!broken.what.is_empty());
        }
    }

    #[test]
    fn bombs_are_refused_in_no_time() {
        let begun = std::time::Instant::now();
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            laughs += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
        }
        let deep = format!("a: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
        let dashes = "- ".repeat(100_000);
        let itself = "a: &a [*a]\n".to_owned();
        for bomb in [laughs, deep, dashes, itself] {
            assert!(read(&bomb).is_err(), "{}", &bomb[..30.min(bomb.len())]);
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
