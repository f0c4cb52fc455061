//! The JSON Schema of `environments.yml`, for editors: made from the tables by which the reader goes. It says what
//! a file may be made of; what its parts mean together only the reader knows.

use serde_json::{Map, Value, json};

use crate::file::{ENVIRONMENT, FILE, MOST_REVIEWERS, NEEDS, PROTECTED, REVIEWER};

/// The JSON Schema (draft 7) of a file.
#[must_use]
pub fn schema() -> Value {
    let mut schema = map(&FILE, |key| match key {
        "version" => about("The version of this file's language.", json!({"const": 1})),
        _ => about("Each environment by its name.", environments()),
    });
    schema["required"] = json!(FILE);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("Hallmark environments");
    about("GitHub's deployment environments as they are to be.", schema)
}

fn about(text: &str, mut schema: Value) -> Value {
    schema["description"] = json!(text);
    schema
}

/// A mapping with these keys and no others.
fn map(keys: &[&str], of: impl Fn(&str) -> Value) -> Value {
    let members: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), of(key))).collect();
    json!({"type": "object", "properties": members, "additionalProperties": false})
}

/// A list of these, or one of them.
fn some(one: &Value) -> Value {
    json!({"anyOf": [one, {"type": "array", "items": one, "uniqueItems": true}]})
}

fn environments() -> Value {
    let name = json!({"pattern": "^(?! )[^'\"`,;\\\\\\x00-\\x1f\\x7f]{1,255}(?<! )$"});
    let mut environment = map(&ENVIRONMENT, key);
    let protected = json!({"branches": {"const": PROTECTED}});
    environment["not"] = json!({"properties": protected, "required": ["branches", "tags"]});
    json!({"type": "object", "minProperties": 1, "propertyNames": name, "additionalProperties": environment})
}

fn key(key: &str) -> Value {
    match key {
        "reviewers" => about(
            "Who may agree to a job; any one of them is enough. Left out: as they are.",
            json!({"type": "array", "maxItems": MOST_REVIEWERS, "items": reviewer()}),
        ),
        "prevent-self-review" => about(
            "Whether who started the run may not agree to it; by default true.",
            json!({"type": "boolean"}),
        ),
        "admins-can-bypass" => about(
            "Whether administrators may pass the rules by; by default false.",
            json!({"type": "boolean"}),
        ),
        "wait-timer" => about(
            "How long every job waits, in whole minutes, up to 30d. Left out: as it is.",
            json!({"anyOf": [{"const": 0}, {"type": "string", "pattern": "^0*[1-9][0-9]*[smhdw]$"}]}),
        ),
        "branches" => about(
            "The branches from which a job may begin, by patterns, or `protected`. Left out with `tags`: as they are.",
            json!({"anyOf": [{"const": PROTECTED}, some(&pattern())]}),
        ),
        "tags" => about("The tags from which a job may begin, by patterns.", some(&pattern())),
        "variables" => about(
            "Every variable that the environment has; others are removed. Left out: as they are.",
            json!({"type": "object", "maxProperties": 100, "propertyNames": name(), "additionalProperties": {"type": "string", "pattern": "\\S"}}),
        ),
        "secrets" => about("The names of secrets that have to be there.", some(&name())),
        _ => about("What the environment's jobs have to be able to do; `check` tries it.", map(&NEEDS, need)),
    }
}

fn reviewer() -> Value {
    let mut reviewer = map(&REVIEWER, |key| match key {
        "team" => about(
            "A team of the repository's organisation: organisation/slug.",
            json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$"}),
        ),
        _ => about("A person's login.", json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"})),
    });
    reviewer["minProperties"] = json!(1);
    reviewer["maxProperties"] = json!(1);
    reviewer
}

fn name() -> Value {
    json!({"type": "string", "pattern": "^(?![Gg][Ii][Tt][Hh][Uu][Bb]_)[A-Za-z_][A-Za-z0-9_]*$"})
}

fn pattern() -> Value {
    json!({"type": "string", "pattern": "^(?!refs/)(?!\\.)(?!/)(?!.*(//|/\\.|\\.\\.|/$))[^\\s~^:\\\\\\x00-\\x1f\\x7f]+$"})
}

fn need(key: &str) -> Value {
    match key {
        "oidc-role" => about(
            "A role of AWS that the job's OIDC token opens, by its ARN.",
            json!({"type": "string", "pattern": "^arn:aws(-us-gov|-cn)?:iam::[0-9]{12}:role/[!-~]+$"}),
        ),
        _ => {
            about("Addresses that answer.", some(&json!({"type": "string", "pattern": "^https?://[^?#@]+$"})))
        }
    }
}
