//! GitHub's description of its API: what an answer has to have, filled in where the small server leaves it out.

use std::path::Path;

use serde_json::{Map, Value, json};

/// A description, read.
#[derive(Clone)]
pub(crate) struct Description(Value);

impl Description {
    pub(crate) fn read(path: &Path) -> Self {
        Self(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    }

    /// Fills in what the answer's schema requires.
    pub(crate) fn complete(&self, method: &str, path: &str, status: u16, answer: &mut Value) {
        let path = path.split('?').next().unwrap_or_default();
        let paths = self.0["paths"].as_object().unwrap();
        let found =
            paths.iter().filter(|(known, _)| matches(known, path)).max_by_key(|(known, _)| known.len());
        let Some((_, of_path)) = found else { return };
        let responses = &of_path[method.to_ascii_lowercase()]["responses"];
        let schema = &responses[status.to_string()]["content"]["application/json"]["schema"];
        if schema.is_object() {
            complete(schema, answer);
        }
    }
}

fn matches(known: &str, path: &str) -> bool {
    let (known, path): (Vec<_>, Vec<_>) = (known.split('/').collect(), path.split('/').collect());
    known.len() == path.len() && known.iter().zip(&path).all(|(k, p)| k.starts_with('{') || k == p)
}

fn choices(schema: &Value) -> Option<&Vec<Value>> {
    ["anyOf", "oneOf"].iter().find_map(|key| schema[key].as_array())
}

fn complete(schema: &Value, value: &mut Value) {
    if let Some(choices) = choices(schema) {
        let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
        let fits = |choice: &&Value| {
            keys(value).is_none_or(|keys| keys.iter().all(|key| !choice["properties"][key].is_null()))
        };
        if let Some(choice) = choices.iter().find(fits) {
            complete(choice, value);
        }
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| complete(&schema["items"], item)),
        Value::Object(map) => {
            for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !map.contains_key(key) {
                    map.insert(key.to_owned(), sample(&schema["properties"][key]));
                }
            }
            for (key, value) in map {
                complete(&schema["properties"][key], value);
            }
        }
        _ => {}
    }
}

/// Something that the schema allows.
fn sample(schema: &Value) -> Value {
    if let Some(choices) = choices(schema) {
        return sample(&choices[0]);
    }
    if let Some(all) = schema["allOf"].as_array() {
        return sample(&all[0]);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    if schema["nullable"] == json!(true) {
        return Value::Null;
    }
    match schema["type"].as_str() {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        Some("array") => json!([]),
        Some("string") => json!(match schema["format"].as_str() {
            Some("uri") => "https://example.com/x",
            Some("date-time") => "2026-01-02T03:04:05Z",
            Some("email") => "x@example.com",
            _ => "x",
        }),
        _ => {
            let mut value = Value::Object(Map::new());
            complete(schema, &mut value);
            value
        }
    }
}
