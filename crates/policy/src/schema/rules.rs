//! Rules and their conditions.

use model::Severity;
use serde_json::{Value, json};

use super::parts::{about, flag, map, pattern, some, span, text, word};
use crate::code::{Code, SetBy};
use crate::policy::{AUTO_APPROVE_KEYS, WEIGHTS, rule_keys};

/// A list of rules.
pub(super) fn rules(section: &str) -> Value {
    let properties = rule_keys(section).into_iter().map(|key| (key, condition(key)));
    let mut rule = map(properties, &["then"]);
    // `then` and at least one condition.
    rule["minProperties"] = json!(2);
    json!({"type": "array", "items": rule})
}

fn condition(key: &str) -> Value {
    match key {
        "severity" => about(
            "The severities it is for. `unknown` is a severity of its own, and is covered by rules for `medium` and `low` as well.",
            severities(),
        ),
        "fixable" => about(
            "Only findings that have a fix (`true`), or that have none (`false`); left out: both.",
            flag(),
        ),
        "cvss-at-least" => about(
            "From this CVSS base score on. A finding without one counts as reaching it.",
            json!({"type": "number", "exclusiveMinimum": 0, "maximum": 10}),
        ),
        "epss-at-least" => about(
            "From this EPSS score on (0 to 1). Needs the feed; a finding that it does not score counts as reaching it.",
            json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
        ),
        "kev" => about(
            "Only vulnerabilities that are known to be exploited. Needs the feed.",
            json!({"const": true}),
        ),
        "older-than" => about(
            "Only what was published longer ago than this, such as `30d`. What bears no date counts as older.",
            span(),
        ),
        "package" => about("Binary or source packages; a `*` may stand at the end.", some(&pattern(), 1)),
        "layer" => about(
            "`base` (came with the image that this one is built on), `image` (was added to it), or a layer's name.",
            some(&text(), 1),
        ),
        "id" => about(
            "Ids: of vulnerabilities, rules, licences or checks; a `*` may stand at the end.",
            some(&pattern(), 1),
        ),
        "path" => about(
            "Globs on the path in the image: `*` stays within a folder, `**` does not.",
            some(&text(), 1),
        ),
        "unscored" => {
            about("`ignore`: what nobody has scored or dated does not count as reached.", word(["ignore"]))
        }
        "then" => about(
            "What a matching finding leads to: `fail` (nobody may waive it), `review` (a person decides), `note` (shown).",
            word(WEIGHTS.map(|(name, _)| name)),
        ),
        _ => json!({}),
    }
}

pub(super) fn severities() -> Value {
    some(&word(Severity::ALL.iter().map(|severity| severity.as_str())), 1)
}

/// `auto-approve`.
pub(super) fn auto_approve() -> Value {
    let properties = AUTO_APPROVE_KEYS.map(|key| (key, approved(key)));
    json!({"type": "array", "items": map(properties, &["reasons"])})
}

fn approved(key: &str) -> Value {
    match key {
        "reasons" => {
            let codes = Code::ALL.iter().filter(|code| code.set_by() != SetBy::Nobody);
            about("The reasons for review that it clears.", some(&word(codes.map(|code| code.as_str())), 1))
        }
        "environments" => about("The environments it is for; left out: all.", some(&text(), 1)),
        "images" => about(
            "The image families it is for; a `*` may stand at the end; left out: all.",
            some(&pattern(), 1),
        ),
        "severity" => about("Every finding behind the reason has one of these severities.", severities()),
        "unchanged" => about("Every finding behind the reason was in the image before.", flag()),
        _ => json!({}),
    }
}
