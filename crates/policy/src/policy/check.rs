//! From a tree to a policy: every key, every value, and what they mean together.

mod auto_approve;
mod conditions;
mod evidence;
mod feeds;
mod identity;
mod reasons;
mod rego;
pub(super) mod rules;
mod signers;
mod together;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use model::Weight;

pub(crate) use auto_approve::KEYS as AUTO_APPROVE_KEYS;
pub(crate) use evidence::keys_of as evidence_keys;
pub use identity::identity_rule;
pub(crate) use identity::{WAIVE, requirements};
pub(crate) use rules::rule_keys;

use auto_approve::auto_approve;
use evidence::{Requirements, evidence};
use feeds::feeds;
use reasons::reasons;
use rego::rego;
use rules::rules;
use signers::signers;
use together::together;

use super::sections::KEYS;
use super::signer::Signer;
use super::{ExceptionLimits, Origin, Policy};
use crate::click::CommentDemand;
use crate::fields::{Fields, Map};
use crate::problem::{At, Files, Problems};
use crate::yaml::Node;

pub(crate) const WEIGHTS: [(&str, Weight); 3] =
    [("fail", Weight::Fail), ("review", Weight::Review), ("note", Weight::Note)];

pub(crate) const LIMITS: [&str; 3] = ["max-lifetime", "warn-before", "package-level"];

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MAX_NAME: usize = 64;

pub(super) fn check(files: &Files, tree: &Node) -> Result<Policy, Problems> {
    let mut fields = Fields::of(files);
    let policy = whole(&mut fields, files, tree);
    fields.finish(policy)
}

fn whole(fields: &mut Fields<'_>, files: &Files, tree: &Node) -> Option<Policy> {
    let top = fields.map(tree, "the policy", &KEYS)?;
    fields.version(&top, "the policy");
    let name = name(fields, &top);
    let description = top.get("description").and_then(|node| fields.text(node, "description"));
    let mut signers = signers(fields, &top);
    let evidence = evidence(fields, &top, &signers);
    if let Some(evidence) = &evidence {
        forget_unused_parents_signers(&mut signers, evidence);
    }
    let rules = rules(fields, &top);
    // Where a part is mistaken already, what it lacks beside the others is no news.
    if let (Some(evidence), Some(rules)) = (&evidence, &rules)
        && fields.is_good()
    {
        together(fields, &top, evidence, rules, &signers);
    }
    let reasons = reasons(fields, &top);
    let exceptions = exceptions(fields, &top);
    let (approval_timeout, comment) = approval(fields, &top);
    let feeds = feeds(fields, &top);
    let auto_approve = auto_approve(fields, &top);
    let report_only = report_only(fields, &top);
    let environment = top.get("environment").and_then(|node| fields.text(node, "environment"));
    let rego = rego(fields, &top);
    Some(Policy {
        origin: Origin { files: files.clone(), tree: tree.clone(), was: BTreeMap::new(), anew: Vec::new() },
        name: name?,
        description,
        signers,
        evidence: evidence?,
        rules: rules?,
        feeds,
        reasons,
        exceptions,
        approval_timeout,
        comment,
        auto_approve,
        rego,
        report_only,
        environment,
    })
}

/// A parent's signer who signs nothing here is no mistake of this file, and nobody has to give a key for it.
fn forget_unused_parents_signers(signers: &mut BTreeMap<String, Signer>, evidence: &Requirements) {
    let is_used = |name: &String| evidence.values().any(|requirement| requirement.signed_by.contains(name));
    signers.retain(|name, signer| signer.at.file == At::default().file || is_used(name));
}

/// The name goes into level names and file names: small letters, digits and dashes only.
pub(super) fn name(fields: &mut Fields<'_>, top: &Map<'_>) -> Option<String> {
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

fn exceptions(fields: &mut Fields<'_>, top: &Map<'_>) -> ExceptionLimits {
    let mut limits = ExceptionLimits { max_lifetime: DAY * 90, warn_before: DAY * 14, package_level: false };
    if let Some(node) = top.get("exceptions")
        && let Some(map) = fields.map(node, "exceptions", &LIMITS)
    {
        let mut span = |key: &str| map.get(key).and_then(|node| fields.span(node, key));
        limits.max_lifetime = span("max-lifetime").unwrap_or(limits.max_lifetime);
        limits.warn_before = span("warn-before").unwrap_or(limits.warn_before);
        let level = map.get("package-level");
        let level = level
            .and_then(|node| fields.choice(node, "package-level", &[("allow", true), ("refuse", false)]));
        limits.package_level = level.unwrap_or(limits.package_level);
    }
    limits
}

fn approval(fields: &mut Fields<'_>, top: &Map<'_>) -> (SignedDuration, CommentDemand) {
    let map = top.get("approval").and_then(|node| fields.map(node, "approval", &["timeout", "comment"]));
    let node = |key: &str| map.as_ref().and_then(|map| map.get(key));
    let timeout = node("timeout").and_then(|node| fields.span(node, "timeout"));
    let comment = node("comment").and_then(|node| fields.choice(node, "comment", &CommentDemand::WORDS));
    (timeout.unwrap_or(DAY), comment.unwrap_or_default())
}

fn report_only(fields: &mut Fields<'_>, top: &Map<'_>) -> bool {
    top.get("mode")
        .and_then(|node| fields.choice(node, "mode", &[("enforce", false), ("report-only", true)]))
        .unwrap_or_default()
}
