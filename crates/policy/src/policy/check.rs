//! From a tree to a policy: every key, every value, and what they mean together.

mod evidence;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use model::{Severity, Weight};

use evidence::{Requirements, evidence};

use super::{ExceptionLimits, Key, Policy, Rule, Signer};
use crate::code::{Code, SetBy};
use crate::fields::{Fields, Map};
use crate::kind::EvidenceKind;
use crate::problem::{At, Problems, instead_of};
use crate::yaml::{Node, Value};

const KEYS: [&str; 9] = [
    "version",
    "name",
    "description",
    "signers",
    "evidence",
    "vulnerabilities",
    "reasons",
    "exceptions",
    "approval",
];

const WEIGHTS: [(&str, Weight); 3] =
    [("fail", Weight::Fail), ("review", Weight::Review), ("note", Weight::Note)];

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MAX_NAME: usize = 64;

pub(super) fn check(file: &str, tree: &Node) -> Result<Policy, Problems> {
    let mut fields = Fields::new(file);
    let policy = whole(&mut fields, file, tree);
    fields.finish(policy)
}

fn whole(fields: &mut Fields<'_>, file: &str, tree: &Node) -> Option<Policy> {
    let top = fields.map(tree, "the policy", &KEYS)?;
    fields.version(&top, "the policy");
    let name = name(fields, &top);
    let description = top.get("description").and_then(|node| fields.text(node, "description"));
    let signers = signers(fields, &top);
    let evidence = evidence(fields, &top, &signers);
    let rules = rules(fields, &top);
    // Where a part is mistaken already, what it lacks beside the others is no news.
    if let (Some(evidence), Some(rules)) = (&evidence, &rules)
        && fields.is_good()
    {
        together(fields, &top, evidence, rules, &signers);
    }
    let reasons = reasons(fields, &top);
    let exceptions = exceptions(fields, &top);
    let approval_timeout = approval(fields, &top);
    Some(Policy {
        file: file.to_owned(),
        name: name?,
        description,
        signers,
        evidence: evidence?,
        rules: rules?,
        reasons,
        exceptions,
        approval_timeout,
    })
}

/// The name goes into level names and file names: small letters, digits and dashes only.
fn name(fields: &mut Fields<'_>, top: &Map<'_>) -> Option<String> {
    let node = fields.required(top, "the policy", "name", "my-policy")?;
    let name = fields.text(node, "name")?;
    if !is_name(&name) {
        fields.problem(node.at, format!("`{name}` is no name"), "use small letters, digits and dashes");
    }
    Some(name)
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn signers(fields: &mut Fields<'_>, top: &Map<'_>) -> BTreeMap<String, Signer> {
    let mut signers = BTreeMap::new();
    let Some(node) = top.get("signers") else { return signers };
    let Value::Map(entries) = &node.value else {
        fields.entries(node, "signers");
        return signers;
    };
    fields.entries(node, "signers");
    for (name_node, value) in entries {
        let Value::Text(name) = &name_node.value else { continue };
        if !is_name(name) {
            fields.problem(
                name_node.at,
                format!("`{name}` is no signer's name"),
                "use small letters, digits and dashes",
            );
        }
        let key = signer_key(fields, name, value);
        signers.insert(name.clone(), Signer { at: name_node.at, key });
    }
    signers
}

/// `bake: {key: keys/bake.pub}`, or `bake:` alone, whose key is given when the policy is used.
fn signer_key(fields: &mut Fields<'_>, name: &str, node: &Node) -> Option<Key> {
    if matches!(node.value, Value::Null) {
        return None;
    }
    let map = fields.map(node, &format!("the signer `{name}`"), &["key", "pem"])?;
    let path = map.get("key").and_then(|node| fields.text(node, "key")).map(Key::Path);
    let pem = map.get("pem").and_then(|node| fields.text(node, "pem")).map(Key::Pem);
    if path.is_some() && pem.is_some() {
        fields.problem(map.at, format!("the signer `{name}` has two keys"), "keep `key` or `pem`");
    }
    path.or(pem)
}

fn rules(fields: &mut Fields<'_>, top: &Map<'_>) -> Option<Vec<Rule>> {
    let node = fields.required(
        top,
        "the policy",
        "vulnerabilities",
        "[{severity: critical, then: fail}]` (or `[]` to let every vulnerability pass)",
    )?;
    let mut rules: Vec<Rule> =
        fields.list(node, "vulnerabilities")?.iter().filter_map(|item| rule(fields, item)).collect();
    rules.sort();
    rules.dedup();
    Some(rules)
}

fn rule(fields: &mut Fields<'_>, node: &Node) -> Option<Rule> {
    let map = fields.map(node, "a rule", &["severity", "fixable", "then"])?;
    let table: Vec<(&str, Severity)> = Severity::ALL.iter().map(|s| (s.as_str(), *s)).collect();
    let mut severity = Vec::new();
    if let Some(node) = fields.required(&map, "a rule", "severity", "[critical, high]") {
        for (word, at) in fields.texts(node, "severity") {
            severity.extend(fields.word(&word, at, "severity", &table));
        }
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            fields.problem(node.at, "a rule for no severity matches nothing", "name at least one severity");
        }
    }
    severity.sort_unstable();
    severity.dedup();
    let fixable = match map.get("fixable") {
        Some(node) => Some(fields.flag(node, "fixable")?),
        None => None,
    };
    let then = fields.required(&map, "a rule", "then", "fail")?;
    let then = fields.choice(then, "then", &WEIGHTS)?;
    Some(Rule { severity, fixable, then })
}

/// What only shows when the parts are put together.
fn together(
    fields: &mut Fields<'_>,
    top: &Map<'_>,
    evidence: &Requirements,
    rules: &[Rule],
    signers: &BTreeMap<String, Signer>,
) {
    let place = |key: &str| top.get(key).map_or(top.at, |node| node.at);
    let scans = evidence.get(&EvidenceKind::Vulns).is_some_and(|r| r.required);
    if rules.iter().any(|rule| rule.then > Weight::Note) && !scans {
        fields.problem(
            place("vulnerabilities"),
            "there are rules for vulnerabilities, but no scan is required",
            "add `vulns: {signed-by: […], required: true}` to `evidence`",
        );
    }
    let joins = evidence.get(&EvidenceKind::SignatureVerification).is_some_and(|r| r.required);
    if joins && !evidence.get(&EvidenceKind::Provenance).is_some_and(|r| r.required) {
        fields.problem(
            place("evidence"),
            "`signature-verification` is required without `provenance`",
            "require `provenance` too: it is what joins the verified files to the image",
        );
    }
    let used: BTreeSet<&String> = evidence.values().flat_map(|r| &r.signed_by).collect();
    for (name, signer) in signers.iter().filter(|(name, _)| !used.contains(name)) {
        fields.problem(
            signer.at,
            format!("the signer `{name}` may sign nothing"),
            "name it in a `signed-by`, or remove it",
        );
    }
}

fn reasons(fields: &mut Fields<'_>, top: &Map<'_>) -> BTreeMap<Code, Weight> {
    let mut weights: BTreeMap<Code, Weight> = BTreeMap::new();
    let Some(node) = top.get("reasons") else { return weights };
    fields.entries(node, "reasons");
    let Value::Map(entries) = &node.value else { return weights };
    for (key, value) in entries {
        let Value::Text(text) = &key.value else { continue };
        let weight = fields.choice(value, text, &WEIGHTS);
        if let Some(code) = settable(fields, text, key.at)
            && let Some(weight) = weight
        {
            weights.insert(code, weight);
        }
    }
    weights
}

fn settable(fields: &mut Fields<'_>, text: &str, at: At) -> Option<Code> {
    let Some(code) = Code::from_name(text) else {
        let known: Vec<&str> =
            Code::ALL.iter().filter(|c| c.set_by() == SetBy::Reasons).map(|c| c.as_str()).collect();
        fields.problem(at, format!("`{text}` is no reason"), instead_of(text, &known));
        return None;
    };
    match code.set_by() {
        SetBy::Reasons => Some(code),
        SetBy::Nobody => {
            let weight = format!("{:?}", code.usual_weight()).to_lowercase();
            fields.problem(at, format!("`{text}` always leads to `{weight}`"), "remove this line");
            None
        }
        SetBy::Rules => {
            fields.problem(
                at,
                format!("`{text}` has no weight of its own"),
                "write a rule under `vulnerabilities`",
            );
            None
        }
    }
}

fn exceptions(fields: &mut Fields<'_>, top: &Map<'_>) -> ExceptionLimits {
    let mut limits = ExceptionLimits { max_lifetime: DAY * 90, warn_before: DAY * 14 };
    if let Some(node) = top.get("exceptions")
        && let Some(map) = fields.map(node, "exceptions", &["max-lifetime", "warn-before"])
    {
        let mut span = |key: &str| map.get(key).and_then(|node| fields.span(node, key));
        limits.max_lifetime = span("max-lifetime").unwrap_or(limits.max_lifetime);
        limits.warn_before = span("warn-before").unwrap_or(limits.warn_before);
    }
    limits
}

fn approval(fields: &mut Fields<'_>, top: &Map<'_>) -> SignedDuration {
    top.get("approval")
        .and_then(|node| fields.map(node, "approval", &["timeout"]))
        .and_then(|map| map.get("timeout"))
        .and_then(|node| fields.span(node, "timeout"))
        .unwrap_or(DAY)
}
