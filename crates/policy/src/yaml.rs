//! YAML 1.2 as a tree in which every key and value knows its place.
//!
//! Read by hand rather than derived: a derived reader stops at the first mistake, and forgets where
//! a value stood by the time its meaning is checked.

mod write;

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Spanned, UserMessageFormatter};

use crate::problem::{At, Problem, Problems};

pub(crate) use write::{block, flow};

/// A policy is some kilobytes; more is a mistake or an attack.
const MAX_BYTES: usize = 4 << 20;

/// Deeper than any policy or workflow. It bounds the recursion here too, which takes some 40 KB a level where
/// nothing is optimised.
const DEEPEST: usize = 24;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it stands.
    pub at: At,
    /// What it is.
    pub value: Value,
}

/// What stands in one place.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing, or `null`.
    Null,
    /// `true` or `false`; `yes` and `on` are words.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction: a score. Text that looks like one wants quotes.
    Fraction(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<(Node, Node)>),
}

/// What is no YAML, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Where.
    pub at: At,
    /// What is wrong, in a few words.
    pub what: String,
}

/// Reads one document. Aliases are followed; depth, size and repetition are bounded.
///
/// # Errors
/// It is no YAML, is empty or goes over a bound.
pub fn parse(text: &str) -> Result<Node, Broken> {
    if text.len() > MAX_BYTES {
        let what = format!("the file has {} bytes, and at most 4 MiB are read", text.len());
        return Err(Broken { at: At::default(), what });
    }
    if text.trim().is_empty() {
        return Err(Broken { at: At::new(1, 1), what: "the file is empty".to_owned() });
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
        // Nothing takes comments, and the reader refuses more than some thirty lines of them in a row.
        emit_comments: false,
    };
    serde_saphyr::from_str_with_options::<Node>(text, options).map_err(|error| {
        let at = error.location().map_or_else(At::default, |l| At::new(l.line(), l.column()));
        let what = error.without_snippet().render_with_formatter(&UserMessageFormatter);
        let what = what.lines().next().unwrap_or_default();
        let place = format!(" at line {}, column {}", at.line, at.column);
        Broken { at, what: what.strip_suffix(&place).unwrap_or(what).to_owned() }
    })
}

/// The same, for a file of ours: what is wrong is a problem with a way to mend it.
///
/// # Errors
/// As [`parse`], and a file that says nothing.
pub fn read(file: &str, text: &str) -> Result<Node, Problems> {
    let told = |at, what: String, mend: &str| {
        Problems(vec![Problem { file: file.to_owned(), at, what, mend: mend.to_owned() }])
    };
    match parse(text) {
        Ok(Node { value: Value::Null, .. }) => {
            Err(told(At::new(1, 1), "the file says nothing".to_owned(), "begin with `version: 1`"))
        }
        Ok(node) => Ok(node),
        Err(Broken { at, what }) => {
            let (what, mend) = match (text.len() > MAX_BYTES, text.trim().is_empty()) {
                (true, _) => (what, "take out what it does not need"),
                (_, true) => (what, "begin with `version: 1`"),
                _ => mend(&what),
            };
            Err(told(at, what, mend))
        }
    }
}

/// What people do about the reader's own words: what they contain, what is told, and how to mend it.
const BROKEN: [(&str, &str, &str); 8] = [
    (
        "multiple found",
        "the file has more than one document",
        "keep one, and take out the `---` between them",
    ),
    (
        "Depth",
        "the file goes too many levels deep",
        "write it with fewer lists and mappings inside each other",
    ),
    (
        "too large or too complex",
        "the file's aliases unfold to too much",
        "write out what is meant, without `&` and `*`",
    ),
    ("unknown value", "", "name an anchor that stands above, or put a word that begins with `*` in quotes"),
    ("tabs", "", "indent with blanks"),
    ("unclosed", "", "close it"),
    ("mismatched", "", "close what was opened last"),
    (
        "mapping values are not allowed",
        "",
        "indent a key like its neighbours, and put text with `: ` in it in quotes",
    ),
];

fn mend(what: &str) -> (String, &'static str) {
    let duplicate = what.strip_prefix("duplicate mapping key ").and_then(|rest| rest.split('`').nth(1));
    if let Some(key) = duplicate {
        return (format!("the key `{key}` is there twice"), "keep one of them");
    }
    match BROKEN.iter().find(|(word, _, _)| what.contains(word)) {
        Some((_, "", mend)) => (format!("this is not YAML: {what}"), mend),
        Some((_, told, mend)) => ((*told).to_owned(), mend),
        None => (format!("this is not YAML: {what}"), "mend the syntax here"),
    }
}

impl Value {
    /// For messages: what was found where something else was wanted.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "a number",
            Self::Fraction(_) => "a fraction",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

impl Node {
    /// A key's value; a key without a value is as good as none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let found = self.entries().iter().find(|(name, _)| name.is(key)).map(|(_, value)| value);
        found.filter(|node| !matches!(node.value, Value::Null))
    }

    /// A key and its value.
    pub(crate) fn get_entry(&self, key: &str) -> Option<(&Self, &Self)> {
        self.entries().iter().find(|(name, _)| name.is(key)).map(|(name, value)| (name, value))
    }

    /// A mapping's entries; nothing of anything else.
    #[must_use]
    pub fn entries(&self) -> &[(Self, Self)] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// A list's items, or the one that stands for a list of one.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// A scalar as GitHub writes it into a variable; none of what is no scalar, or a fraction.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Integer(value) => Some(value.to_string()),
            Value::Null => Some(String::new()),
            Value::Fraction(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Says of every place in it that it is in this file.
    pub(crate) fn set_file(&mut self, file: u16) {
        self.at.file = file;
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.set_file(file)),
            Value::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.set_file(file);
                value.set_file(file);
            }),
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Fraction(_) | Value::Text(_) => {}
        }
    }

    /// Whether something of it stands there.
    pub(crate) fn has_place(&self, at: At) -> bool {
        self.at == at
            || match &self.value {
                Value::List(items) => items.iter().any(|item| item.has_place(at)),
                Value::Map(entries) => {
                    entries.iter().any(|(key, value)| key.has_place(at) || value.has_place(at))
                }
                Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Fraction(_) | Value::Text(_) => {
                    false
                }
            }
    }

    fn is(&self, word: &str) -> bool {
        matches!(&self.value, Value::Text(text) if text == word)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let at = At::new(spanned.referenced.line(), spanned.referenced.column());
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
        Ok(i64::try_from(value).map_or(Value::Fraction(value as f64), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Fraction(value))
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
        assert_eq!(top[0].0.at, At::new(1, 1));
        assert_eq!(top[0].1.at, At::new(1, 4));
        let Value::List(list) = &top[1].1.value else { panic!("a list") };
        assert_eq!(list[0].at, At::new(3, 5));
        let Value::Map(inner) = &list[1].value else { panic!("a mapping") };
        assert_eq!(inner[0].1.at, At::new(4, 9));
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
            assert_eq!(parse(text).unwrap().value.name(), name, "{text}");
        }
    }

    #[test]
    fn places_words_and_scalars() {
        let node = parse("on:\n  push:\npermissions: {}\njobs:\n  a:\n    n: [1, true, 1.5, ~, yes, 'x']\n")
            .unwrap();
        assert!(node.get("on").is_some() && node.get("push").is_none());
        assert_eq!(node.get("on").unwrap().entries()[0].0.at.line, 2);
        assert!(node.get("on").unwrap().get("push").is_none(), "a key without a value is as good as none");
        let list = node.get("jobs").unwrap().get("a").unwrap().get("n").unwrap();
        let texts: Vec<_> = list.items().iter().map(Node::text).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts, [some("1"), some("true"), None, some(""), some("yes"), some("x")]);
        assert_eq!(list.items()[1].at, At::new(6, 12));
    }

    #[test]
    fn comments_may_be_long() {
        let text = format!("a:\n{}  - x\n", "  # - y\n".repeat(10_000));
        assert_eq!(parse(&text).unwrap().get("a").unwrap().items().len(), 1);
    }

    #[test]
    fn an_alias_is_where_it_stands() {
        let node = parse("a: &x {k: v}\nb: *x\n").unwrap();
        assert_eq!(node.get("b").unwrap().get("k").unwrap().text().unwrap(), "v");
        assert_eq!(node.get("b").unwrap().at.line, 2);
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
            assert!(parse(&bomb).is_err(), "{}", &bomb[..30.min(bomb.len())]);
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
