//! The schema of `exceptions.yml`.

use model::Class;
use serde_json::{Value, json};

use super::parts::{about, date, file, map, pattern, some, text, version, word};

use crate::exceptions::KEYS;

/// The JSON Schema (draft 7) of an exceptions file.
#[must_use]
pub fn exceptions() -> Value {
    let mut one = map(KEYS.map(|key| (key, field(key))), &["reason", "owner", "created", "expires"]);
    // Without an id, it has to name its package, or where its files lie.
    one["anyOf"] = ["id", "package", "purl", "paths"].iter().map(|key| json!({"required": [key]})).collect();
    one["not"] = json!({"required": ["version", "versions"]});
    let of_a_package = json!({"anyOf": [{"required": ["package"]}, {"required": ["purl"]}]});
    one["dependencies"] = json!({"vex": ["id"], "version": of_a_package});
    let list =
        about("One entry for each thing that somebody answers for.", json!({"type": "array", "items": one}));
    file(
        "Hallmark exceptions",
        "Findings that somebody answers for, each with a reason, an owner and an end.",
        map([("version", version()), ("exceptions", list)], &["version", "exceptions"]),
    )
}

fn field(key: &str) -> Value {
    match key {
        "id" => about(
            "The vulnerability's id (CVE, GHSA, DSA), or that of a secret's rule, a licence or a check. Left out: everything of that class in the package.",
            text(),
        ),
        "aliases" => about("Other ids of the same vulnerability, which it covers too.", some(&text(), 0)),
        "class" => about(
            "What kind of finding it is about; left out: a vulnerability.",
            word(Class::ALL.iter().map(|class| class.as_str())),
        ),
        "package" => about("The package, by its binary or source name.", text()),
        "purl" => about(
            "The package, by the beginning of its purl, such as `pkg:deb/debian/openssl`.",
            json!({"type": "string", "pattern": "^pkg:[^/]+/."}),
        ),
        "version" => about("Exactly this installed version.", text()),
        "versions" => about(
            "A range of installed versions, in the ecosystem's own order, such as `vers:deb/>=3.0.0|<3.0.13`.",
            json!({"type": "string", "pattern": "^vers:"}),
        ),
        "paths" => about("Globs on the path in the image.", some(&text(), 1)),
        "images" => about(
            "The image families it holds for; a `*` may stand at the end; left out: all.",
            some(&pattern(), 1),
        ),
        "environments" => about(
            "The environments it holds for; left out: all.",
            some(&json!({"type": "string", "pattern": "^[^*]*[^*\\s][^*]*$"}), 1),
        ),
        "reason" => about("Why this is acceptable.", text()),
        "owner" => about("Who answers for it.", text()),
        "ticket" => about("Where it is discussed.", text()),
        "created" => about("The day on which it begins.", date()),
        "expires" => about(
            "The last day on which it holds, at most the policy's `max-lifetime` after `created`.",
            date(),
        ),
        "until" => about("`fixed`: it ends by itself as soon as there is a fix.", word(["fixed"])),
        "vex" => about("What a VEX document says about it.", vex()),
        _ => json!({}),
    }
}

fn vex() -> Value {
    let status = word(["not_affected", "affected", "fixed", "under_investigation"]);
    let justification = word([
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    ]);
    map(
        [
            ("status", about("OpenVEX's status.", status)),
            ("justification", about("Why the image is not affected.", justification)),
            ("impact", about("The same in words.", text())),
            ("action", about("What is to be done.", text())),
        ],
        &["status"],
    )
}
