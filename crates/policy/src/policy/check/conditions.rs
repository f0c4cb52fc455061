//! The conditions of a rule: their keys, their values, what each of them asks.

use crate::fields::Fields;
use crate::pattern::{glob, is_pattern};
use crate::policy::{Rule, Score};
use crate::yaml::{Node, Value};

/// What a rule can ask of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Condition {
    Severity,
    Fixable,
    CvssAtLeast,
    EpssAtLeast,
    Kev,
    OlderThan,
    Package,
    Layer,
    Id,
    Path,
    Unscored,
}

impl Condition {
    pub(in crate::policy) const fn key(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Fixable => "fixable",
            Self::CvssAtLeast => "cvss-at-least",
            Self::EpssAtLeast => "epss-at-least",
            Self::Kev => "kev",
            Self::OlderThan => "older-than",
            Self::Package => "package",
            Self::Layer => "layer",
            Self::Id => "id",
            Self::Path => "path",
            Self::Unscored => "unscored",
        }
    }
}

/// Reads one condition into the rule. What is mistaken leaves a problem, and no policy comes of it.
pub(super) fn read(fields: &mut Fields<'_>, condition: Condition, node: &Node, rule: &mut Rule) {
    let key = condition.key();
    match condition {
        Condition::Severity => rule.severity = severities(fields, node),
        Condition::Fixable => rule.fixable = fields.flag(node, key),
        Condition::CvssAtLeast => rule.cvss_at_least = score(fields, node, key, 10.0, "9.0"),
        Condition::EpssAtLeast => rule.epss_at_least = score(fields, node, key, 1.0, "0.1"),
        Condition::Kev => rule.kev = kev(fields, node),
        Condition::OlderThan => rule.older_than = fields.span(node, key),
        Condition::Package => rule.packages = patterns(fields, node, key, "openssl"),
        Condition::Id => rule.ids = patterns(fields, node, key, "CVE-2026-0001"),
        Condition::Layer => rule.layers = words(fields, node, key, "image", |_| None),
        Condition::Path => rule.paths = paths(fields, node),
        Condition::Unscored => {
            rule.ignore_unscored = fields.choice(node, key, &[("ignore", true)]).unwrap_or_default();
        }
    }
}

pub(super) fn severities(fields: &mut Fields<'_>, node: &Node) -> Vec<model::Severity> {
    let table: Vec<(&str, model::Severity)> = model::Severity::ALL.iter().map(|s| (s.as_str(), *s)).collect();
    let mut severity = Vec::new();
    for (word, at) in fields.texts(node, "severity") {
        severity.extend(fields.word(&word, at, "severity", &table));
    }
    if is_empty(node) {
        fields.problem(node.at, "a rule for no severity matches nothing", "name at least one severity");
    }
    severity.sort_unstable();
    severity.dedup();
    severity
}

/// The vulnerabilities that nobody exploits yet are those that somebody may exploit tomorrow: a rule for
/// them would let go of the worst.
fn kev(fields: &mut Fields<'_>, node: &Node) -> bool {
    let kev = fields.flag(node, "kev");
    if kev == Some(false) {
        fields.problem(
            node.at,
            "`kev: false` would let go of what becomes known to be exploited",
            "leave `kev` out, or write `kev: true`",
        );
    }
    kev.unwrap_or_default()
}

fn score(fields: &mut Fields<'_>, node: &Node, key: &str, most: f64, example: &str) -> Option<Score> {
    let number = match node.value {
        Value::Fraction(number) => Some(number),
        Value::Integer(number) => u8::try_from(number).ok().map(f64::from),
        _ => None,
    };
    let score = number.and_then(Score::new).filter(|score| score.value() > 0.0 && score.value() <= most);
    if score.is_none() {
        let what = match number {
            Some(number) => format!("`{key}` is {number}"),
            None => format!("`{key}` is {}", node.value.name()),
        };
        fields.problem(
            node.at,
            what,
            format!("a number above 0 and up to {most} is wanted, such as {example}"),
        );
    }
    score
}

/// A list of words, at least one, each of which has to be good.
pub(super) fn words(
    fields: &mut Fields<'_>,
    node: &Node,
    key: &str,
    example: &str,
    wrong: impl Fn(&str) -> Option<(String, &'static str)>,
) -> Vec<String> {
    let mut words = Vec::new();
    for (word, at) in fields.texts(node, key) {
        if let Some((what, mend)) = wrong(&word) {
            fields.problem(at, what, mend);
        }
        words.push(word);
    }
    if is_empty(node) {
        let mend = format!("write one such as `{example}`, or leave `{key}` out");
        fields.problem(node.at, format!("`{key}` is empty"), mend);
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// Names, where a `*` at the end stands for any rest.
pub(super) fn patterns(fields: &mut Fields<'_>, node: &Node, key: &str, example: &str) -> Vec<String> {
    words(fields, node, key, example, |word| {
        let mend = "write the name, or its beginning with one `*` behind it";
        (!is_pattern(word)).then(|| (format!("`{word}` has a `*` that is not at its end"), mend))
    })
}

fn paths(fields: &mut Fields<'_>, node: &Node) -> Vec<String> {
    words(fields, node, "path", "etc/ssh/*", |path| {
        let error = glob(path).err()?;
        let what = format!("`{path}` is no path with wildcards: {}", error.kind());
        Some((what, "write one such as `etc/ssh/*` or `usr/share/**`"))
    })
}

fn is_empty(node: &Node) -> bool {
    matches!(&node.value, Value::List(items) if items.is_empty())
}
