//! The schema of `policy.yml`.

use serde_json::{Value, json};
use signers::{FIELDS, ROOTS};

use super::parts::{about, count, file, flag, map, name, pattern, some, span, text, version, word};
use super::rules::{auto_approve, rules};
use crate::click::CommentDemand;
use crate::code::{Code, SetBy};
use crate::kind::EvidenceKind;
use crate::policy::sections::{SCOPE_KEYS, SECTIONS, replaceable};
use crate::policy::{LIMITS, SHIPPED, WAIVE, WEIGHTS, evidence_keys, requirements};

/// The JSON Schema (draft 7) of a policy.
#[must_use]
pub fn policy() -> Value {
    let properties = SECTIONS.iter().map(|known| (known.name, section(known.name, false)));
    file(
        "Hallmark policy",
        "What an image has to show before it is published.",
        map(properties, &["version", "name"]),
    )
}

fn section(key: &'static str, in_override: bool) -> Value {
    match key {
        "version" => version(),
        "name" => about(
            "Small letters, digits and dashes. Summaries call the level that an image reaches by it.",
            name(),
        ),
        "description" => about("One sentence about what it is for.", text()),
        "environment" => about(
            "What the policy is in force for; usually given when it is used. What passes for one environment has not passed for another: the digest differs.",
            text(),
        ),
        "extends" => about(
            "A policy that ships, by its name, or the path of one relative to this file. Its rules hold too; what this file says about anything else takes the place of what it says.",
            json!({"anyOf": [word(SHIPPED.map(|(name, _)| name)), {"type": "string", "pattern": "^(?!/)(?![^/]*:)[^\\\\]*[./][^\\\\]*$"}]}),
        ),
        "replace" => about(
            "Sections that begin anew here, instead of adding to what holds already. What is named has to be written out.",
            some(&word(replaceable(in_override)), 0),
        ),
        "mode" => about(
            "`enforce`, or `report-only`: the verdict is reached and recorded, and holds nothing up. Nothing is published by it.",
            word(["enforce", "report-only"]),
        ),
        "signers" => about(
            "Who signs evidence: a name, and the public key or the identity; with neither, a key is given when the policy is used.",
            signers(),
        ),
        "evidence" => about(
            "What has to be there, who may sign it, how the image was seen, how old it may be. What is not named is refused.",
            evidence(in_override),
        ),
        "vulnerabilities" => about(
            "What vulnerabilities lead to. The heaviest rule that matches decides; their order does not matter.",
            rules(key),
        ),
        "secrets" => about("What secrets in the image lead to.", rules(key)),
        "licenses" => about("What the licences of packages lead to.", rules(key)),
        "misconfigurations" => about("What misconfigurations lead to.", rules(key)),
        "weaknesses" => about("What weaknesses in code lead to.", rules(key)),
        "feeds" => about("How old the feeds may be that rules need.", feeds()),
        "reasons" => about("Other weights for reasons: `fail`, `review` or `note`.", reasons()),
        "exceptions" => about("What exceptions have to keep to.", limits()),
        "approval" => about(
            "How long a person's approval holds, and what it has to say.",
            map(
                [
                    ("timeout", about("Such as `24h`.", span())),
                    (
                        "comment",
                        about(
                            "Whether an approval in GitHub always has to name the brief, or only after a run's first attempt.",
                            word(CommentDemand::WORDS.map(|(word, _)| word)),
                        ),
                    ),
                ],
                &[],
            ),
        ),
        "auto-approve" => about(
            "Reasons for review that nobody has to be asked about. All conditions of an entry must hold.",
            auto_approve(),
        ),
        "rego" => about("A Rego module. Each of its denials is a reason.", rego()),
        "overrides" => about(
            "What is different for some image families or environments, in the order in which it holds.",
            overrides(),
        ),
        _ => json!({}),
    }
}

fn signers() -> Value {
    let key = about("A public key in PEM, by its path relative to this file.", text());
    let pem = about("The public key itself, in PEM.", text());
    let mut by_key = map([("key", key), ("pem", pem)], &[]);
    by_key["maxProperties"] = json!(1);
    let identity = about(
        "Whoever signs without a key: what the certificate has to say. Every field that is named has to hold.",
        identity(),
    );
    let by_identity = map([("identity", identity), ("trusted-root", trusted_root())], &["identity"]);
    json!({
        "type": "object",
        "propertyNames": name(),
        "additionalProperties": {"anyOf": [{"type": "null"}, by_key, by_identity]},
    })
}

fn identity() -> Value {
    map(
        FIELDS.map(|(field, meaning)| {
            let schema = match field {
                WAIVE => some(&word(requirements().map(|(word, _)| word)), 0),
                _ => text(),
            };
            (field, about(&format!("{meaning}."), schema))
        }),
        &[],
    )
}

fn trusted_root() -> Value {
    about(
        "Whose word counts for the identity: an instance of Sigstore that the program knows, or the path of a trusted root (JSON) relative to this file. `public-good` where it is left out.",
        json!({"anyOf": [word(ROOTS), {"type": "string", "pattern": "^(sha256:[0-9a-f]{64}|(?!sha256:).*[./].*)$"}]}),
    )
}

fn evidence(in_override: bool) -> Value {
    let kinds = EvidenceKind::ALL.map(|kind| {
        let keys = evidence_keys(kind).into_iter().filter(|key| !(in_override && *key == "signed-by"));
        (kind.as_str(), map(keys.map(|key| (key, demand(kind, key))), &[]))
    });
    map(kinds, &[])
}

fn demand(kind: EvidenceKind, key: &str) -> Value {
    match key {
        "signed-by" => about("The signers who may sign it.", some(&text(), 1)),
        "allow-unsigned" => about("Whether it may come without a signature.", flag()),
        "required" => about("Whether there is no pass without it.", flag()),
        "seen" => {
            let ways = word(kind.ways_to_see().iter().map(|seen| seen.as_str()));
            about("How the image had to be seen; each of these is required.", some(&ways, 0))
        }
        "max-age" => about("How old it may be, such as `24h` or `7d`.", span()),
        "min-tests" => about("How many tests have to have run.", count()),
        "database-max-age" => about("How old the scanner's database may be.", span()),
        "min-packages" => about("How many packages have to have been seen.", count()),
        "levels" => about(
            "The base image has to have reached one of these, such as `HALLMARK_BASE`.",
            some(&text(), 1),
        ),
        _ => json!({}),
    }
}

fn feeds() -> Value {
    let age = || map([("max-age", about("Such as `3d`.", span()))], &["max-age"]);
    map(
        [
            ("epss", about("How likely a vulnerability is to be exploited.", age())),
            ("kev", about("Which vulnerabilities are known to be exploited.", age())),
        ],
        &[],
    )
}

fn reasons() -> Value {
    let settable = Code::ALL.iter().filter(|code| code.set_by() == SetBy::Reasons);
    map(
        settable.map(|code| {
            let usual = format!("{:?}", code.usual_weight()).to_lowercase();
            (
                code.as_str(),
                about(&format!("{} Usually `{usual}`.", code.about()), word(WEIGHTS.map(|(name, _)| name))),
            )
        }),
        &[],
    )
}

fn limits() -> Value {
    map(
        LIMITS.map(|key| {
            let schema = match key {
                "max-lifetime" => about("The longest time from `created` to `expires`.", span()),
                "warn-before" => about("How long before its end an exception is reported.", span()),
                "package-level" => {
                    about("Whether an exception may name a package without an id.", word(["allow", "refuse"]))
                }
                _ => json!({}),
            };
            (key, schema)
        }),
        &[],
    )
}

fn rego() -> Value {
    let module = about(
        "The module's path, relative to this file.",
        json!({"type": "string", "pattern": "^(?!/)(?![^/]*:)[^\\\\]+$"}),
    );
    let source = about("The module itself.", text());
    let mut schema = map([("module", module), ("source", source)], &[]);
    schema["minProperties"] = json!(1);
    schema["maxProperties"] = json!(1);
    schema
}

fn overrides() -> Value {
    let [images, environments] = SCOPE_KEYS;
    let scope = [
        (images, about("The image families it is for; a `*` may stand at the end.", some(&pattern(), 1))),
        (environments, about("The environments it is for; a `*` may stand at the end.", some(&pattern(), 1))),
    ];
    let sections = SECTIONS.iter().filter(|known| known.in_overrides);
    let mut one =
        map(scope.into_iter().chain(sections.map(|known| (known.name, section(known.name, true)))), &[]);
    one["anyOf"] = SCOPE_KEYS.iter().map(|key| json!({"required": [key]})).collect();
    one["minProperties"] = json!(2);
    json!({"type": "array", "items": one, "maxItems": 64})
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn described(path: &str, schema: &Value, missing: &mut Vec<String>) {
        let empty = Map::new();
        for (key, schema) in schema["properties"].as_object().unwrap_or(&empty) {
            if schema["description"].as_str().is_none_or(str::is_empty) && !path.ends_with("/evidence") {
                missing.push(format!("{path}/{key}"));
            }
            described(&format!("{path}/{key}"), schema, missing);
            described(&format!("{path}/{key}"), &schema["items"], missing);
        }
    }

    /// A key that the tables have and this file does not know has neither shape nor description.
    #[test]
    fn every_key_has_a_description() {
        let mut missing = Vec::new();
        described("", &policy(), &mut missing);
        described("exceptions", &crate::schema::exceptions(), &mut missing);
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
