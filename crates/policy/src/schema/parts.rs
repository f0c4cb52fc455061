//! The pieces of which both schemas are put together.

use serde_json::{Map, Value, json};

/// With a description, which an editor shows.
pub(super) fn about(text: &str, mut schema: Value) -> Value {
    schema["description"] = json!(text);
    schema
}

/// Text that says something.
pub(super) fn text() -> Value {
    json!({"type": "string", "pattern": "\\S"})
}

/// One of these words.
pub(super) fn word<'w>(words: impl IntoIterator<Item = &'w str>) -> Value {
    json!({"enum": words.into_iter().collect::<Vec<_>>()})
}

/// A list, or the one thing that stands for a list of one.
pub(super) fn some(one: &Value, at_least: usize) -> Value {
    json!({"anyOf": [one, {"type": "array", "items": one, "minItems": at_least}]})
}

pub(super) fn flag() -> Value {
    json!({"type": "boolean"})
}

pub(super) fn count() -> Value {
    json!({"type": "integer", "minimum": 1})
}

/// A length of time.
pub(super) fn span() -> Value {
    json!({"type": "string", "pattern": "^0*[1-9][0-9]*[smhdw]$"})
}

pub(super) fn date() -> Value {
    json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
}

/// A whole name, or the beginning of one and a `*`.
pub(super) fn pattern() -> Value {
    json!({"type": "string", "pattern": "^(?=.*\\S)[^*]*\\*?$"})
}

/// What goes into level names and file names.
pub(super) fn name() -> Value {
    json!({"type": "string", "pattern": "^[a-z][a-z0-9-]{0,63}$"})
}

/// A mapping with no other keys than these.
pub(super) fn map(properties: impl IntoIterator<Item = (&'static str, Value)>, required: &[&str]) -> Value {
    let properties: Map<String, Value> =
        properties.into_iter().map(|(key, schema)| (key.to_owned(), schema)).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The whole file.
pub(super) fn file(title: &str, text: &str, mut schema: Value) -> Value {
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!(title);
    about(text, schema)
}

pub(super) fn version() -> Value {
    about("The version of this file's language.", json!({"const": 1}))
}
