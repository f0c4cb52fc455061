//! What a module may call: the functions that are compiled in (no network, no clock, no files, no
//! environment), less those that are not the same at each run. Where the engine's own answer another
//! way than `opa` does, ours stand in for them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use regorus::unstable::BUILTINS;
use regorus::{Engine, Value};

type Function = fn(&Value) -> Result<Value, String>;

/// Compiled in, and not for a module: lots are drawn anew at each replay, and nobody reads a trace.
const LEFT_OUT: [&str; 3] = ["rand.intn", "trace", "print"];

/// Functions of one argument that are ours.
const OURS: [(&str, Function); 5] = [
    // The engine's own would bring the clock and the world's time zones with it.
    ("time.parse_rfc3339_ns", nanoseconds),
    // It counts a character outside of the basic plane twice.
    ("count", count),
    // It makes several characters of one.
    ("upper", |value| cased(value, |c| one(c.to_uppercase()))),
    ("lower", |value| cased(value, |c| one(c.to_lowercase()))),
    // It leaves what HTML would take for its own.
    ("json.marshal", json),
];

/// Every function that a module may call without having written it.
pub(super) fn allowed() -> BTreeSet<&'static str> {
    let known = BUILTINS.keys().copied().filter(|name| !name.starts_with("__"));
    known.filter(|name| !LEFT_OUT.contains(name)).chain(OURS.map(|(name, _)| name)).collect()
}

/// Adds what the engine lacks, and shuts what it should not have.
pub(super) fn add(engine: &mut Engine) {
    for (name, function) in OURS {
        let call = move |values: Vec<Value>| {
            let value =
                values.first().ok_or_else(|| anyhow::Error::msg(format!("`{name}` wants a value")))?;
            function(value).map_err(anyhow::Error::msg)
        };
        // It fails for a name that was added before, and an engine that is new has none.
        let added = engine.add_extension(name.into(), 1, Box::new(call));
        debug_assert!(added.is_ok());
    }
    let shut = |_: Vec<Value>| Err(anyhow::Error::msg("this is not for a module"));
    let added = engine.add_extension("rand.intn".into(), 2, Box::new(shut));
    debug_assert!(added.is_ok());
}

/// Nanoseconds since 1970, of exactly the shape that RFC 3339 has.
fn nanoseconds(value: &Value) -> Result<Value, String> {
    let Value::String(text) = value else { return Err("a time is a string".into()) };
    let wrong = || format!("`{}` is no time as RFC 3339 writes it", super::denial::short(text));
    let bytes = text.as_bytes();
    let zone = text.ends_with('Z') || bytes.len() >= 25 && bytes.iter().rev().nth(2) == Some(&b':');
    if bytes.len() < 20 || bytes.get(10) != Some(&b'T') || !zone {
        return Err(wrong());
    }
    let time: Timestamp = text.parse().map_err(|_| wrong())?;
    i64::try_from(time.as_nanosecond()).map(Value::from).map_err(|_| wrong())
}

fn count(value: &Value) -> Result<Value, String> {
    Ok(Value::from(match value {
        Value::String(text) => text.chars().count(),
        Value::Array(array) => array.len(),
        Value::Set(set) => set.len(),
        Value::Object(object) => object.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Undefined => {
            return Err("`count` is for strings, arrays, sets and objects".into());
        }
    }))
}

fn cased(value: &Value, case: fn(char) -> Option<char>) -> Result<Value, String> {
    let Value::String(text) = value else { return Err("only a string has a case".into()) };
    Ok(Value::from(text.chars().map(|c| case(c).unwrap_or(c)).collect::<String>()))
}

/// A character for a character, or none.
fn one(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next();
    first.filter(|_| characters.next().is_none())
}

fn json(value: &Value) -> Result<Value, String> {
    let text = serde_json::to_string(value).map_err(|error| error.to_string())?;
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    Ok(Value::from(escaped))
}
