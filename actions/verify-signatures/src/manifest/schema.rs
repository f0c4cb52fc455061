//! The JSON Schema of `signatures.yml`, for editors: made from the tables by which the reader goes. It says what a
//! manifest may be made of; what its parts mean together only the reader knows.

use attest::{GITHUB, PUBLIC_GOOD};
use serde_json::{Map, Value, json};
use signers::{FIELDS, Requirement};

use super::fields::{CHECKSUMS, KEY, MANIFEST, PATH, PROVENANCE, REQUIRE, TRUSTED_ROOT, WANTED};

/// The JSON Schema (draft 7) of a manifest.
#[must_use]
pub fn schema() -> Value {
    let mut schema = map(&MANIFEST, |name| match name {
        "version" => json!({"const": 1}),
        "trusted-root" => root(),
        "keys" => named(&key()),
        "identities" => named(&identity()),
        "files" => json!({"type": "array", "items": file()}),
        _ => json!({"type": "array", "items": checksums()}),
    });
    schema["required"] = json!(["version"]);
    schema["anyOf"] = json!([{"required": ["files"]}, {"required": ["checksums"]}]);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Hallmark signatures");
    schema["description"] = json!("Files, and whose signatures each of them needs.");
    schema
}

/// A mapping with these members and no others.
fn map<'f>(fields: impl IntoIterator<Item = &'f (&'f str, &'f str)>, of: impl Fn(&str) -> Value) -> Value {
    let member = |(name, help): &(&str, &str)| {
        let mut schema = of(name);
        schema["description"] = json!(help);
        ((*name).to_owned(), schema)
    };
    let members: Map<String, Value> = fields.into_iter().map(member).collect();
    json!({"type": "object", "properties": members, "additionalProperties": false})
}

/// Things by the names that the author gives them.
fn named(one: &Value) -> Value {
    let name = json!({"pattern": "^[A-Za-z0-9._-]{1,64}$"});
    json!({"type": "object", "propertyNames": name, "additionalProperties": one})
}

fn text() -> Value {
    json!({"type": "string"})
}

/// With no blanks around it.
fn value() -> Value {
    json!({"type": "string", "pattern": "^\\S(.*\\S)?$"})
}

/// A path in the manifest's folder.
fn path() -> Value {
    json!({"type": "string", "pattern": "^(?!/)(?!(.*/)?\\.\\.(/|$))(?!.*//)(?!\\./*$)(?!.*/$)[^\\x00-\\x1f\\x7f]+$"})
}

/// A path, a pattern, or a folder.
fn pattern() -> Value {
    json!({"type": "string", "pattern": "^(?!/)(?!(.*/)?\\.\\.(/|$))(?!.*//)[^\\x00-\\x1f\\x7f]+$"})
}

fn digest() -> Value {
    json!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
}

/// One, or a list.
fn some(one: &Value) -> Value {
    json!({"anyOf": [one, {"type": "array", "items": one}]})
}

fn root() -> Value {
    json!({"anyOf": [{"enum": [PUBLIC_GOOD, GITHUB]}, path()]})
}

fn key() -> Value {
    let mut key = map(&KEY, |name| match name {
        "file" => path(),
        "jwk" => json!({"type": "object"}),
        "kms" => json!({"type": "string", "pattern": "^awskms://[^/]*/."}),
        _ => text(),
    });
    key["minProperties"] = json!(1);
    key["maxProperties"] = json!(1);
    key
}

fn identity() -> Value {
    let waived: Vec<_> = Requirement::ALL.iter().map(|one| one.as_str()).collect();
    let fields: Vec<_> = FIELDS.into_iter().chain([TRUSTED_ROOT]).collect();
    let mut identity = map(&fields, |name| match name {
        "waive" => some(&json!({"enum": waived})),
        "trusted-root" => root(),
        "workflow" => json!({"type": "string", "pattern": "^\\S.*/\\.github/workflows/.*@.*\\S$"}),
        "repository" => json!({"type": "string", "pattern": "^([^/\\s]+/[^/\\s]+|.*://.*)$"}),
        _ => value(),
    });
    let has = |name: &str| json!({"required": [name]});
    identity["allOf"] = json!([
        {"anyOf": [has("subject"), has("subject-pattern"), has("workflow")]},
        {"anyOf": [has("issuer"), has("issuer-pattern"), has("workflow"), has("waive")]},
        {"not": {"required": ["issuer", "issuer-pattern"]}},
        {"not": {"required": ["subject", "subject-pattern"]}},
    ]);
    identity
}

fn file() -> Value {
    let fields: Vec<_> = [PATH].into_iter().chain(WANTED).collect();
    let mut file = map(&fields, |name| if name == PATH.0 { pattern() } else { wanted(name) });
    file["required"] = json!([PATH.0]);
    one_of_signers(file)
}

fn checksums() -> Value {
    let fields: Vec<_> = CHECKSUMS.into_iter().chain(WANTED).collect();
    let mut checksums = map(&fields, |name| match name {
        "manifest" => path(),
        "only" => some(&pattern()),
        _ => wanted(name),
    });
    checksums["required"] = json!(["manifest"]);
    one_of_signers(checksums)
}

fn one_of_signers(mut entry: Value) -> Value {
    entry["oneOf"] = ["signed-by", "key", "keys"].iter().map(|name| json!({"required": [name]})).collect();
    entry
}

fn wanted(name: &str) -> Value {
    match name {
        "signed-by" => json!({"anyOf": [text(), {"type": "array", "items": text(), "minItems": 1}]}),
        "keys" => json!({"type": "array", "items": text(), "minItems": 1}),
        "threshold" => json!({"type": "integer", "minimum": 1}),
        "signature" | "bundle" => some(&path()),
        "predicate-type" => some(&value()),
        "sha256" => digest(),
        "require" => some(&json!({"enum": REQUIRE.map(|(name, _)| name)})),
        "provenance" => provenance(),
        _ => text(),
    }
}

fn provenance() -> Value {
    let mut provenance = map(&PROVENANCE, |name| match name {
        "source" => json!({"type": "string", "pattern": "^(?!.*://)\\S(.*\\S)?$"}),
        _ => value(),
    });
    provenance["minProperties"] = json!(1);
    provenance
}
