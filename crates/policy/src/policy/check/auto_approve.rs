//! `auto-approve`: which reasons for review nobody has to be asked about.

use std::collections::BTreeSet;

use super::conditions::{patterns, severities, words};
use crate::code::{Code, SetBy};
use crate::fields::{Fields, Map};
use crate::policy::AutoApproval;
use crate::problem::instead_of;
use crate::yaml::Node;

pub(crate) const KEYS: [&str; 5] = ["reasons", "environments", "images", "severity", "unchanged"];

pub(super) fn auto_approve(fields: &mut Fields<'_>, top: &Map<'_>) -> Vec<AutoApproval> {
    let Some(node) = top.get("auto-approve") else { return Vec::new() };
    let items = fields.list(node, "auto-approve").unwrap_or_default();
    let mut entries: Vec<AutoApproval> = items.iter().filter_map(|item| entry(fields, item)).collect();
    entries.sort();
    entries.dedup();
    entries
}

fn entry(fields: &mut Fields<'_>, node: &Node) -> Option<AutoApproval> {
    let name = "an entry of auto-approve";
    let map = fields.map(node, name, &KEYS)?;
    let environments = map.get("environments");
    let environments =
        environments.map(|node| words(fields, node, "environments", "dev", |_| None)).unwrap_or_default();
    let images = map.get("images").map(|node| patterns(fields, node, "images", "web")).unwrap_or_default();
    let severity = map.get("severity").map(|node| severities(fields, node)).unwrap_or_default();
    let unchanged = map.get("unchanged").map_or(Some(false), |node| fields.flag(node, "unchanged"))?;
    let node = fields.required(&map, name, "reasons", "[unfixed-vulnerability]")?;
    let about_findings = unchanged || !severity.is_empty();
    let reasons = reasons(fields, node, about_findings);
    Some(AutoApproval { reasons, environments, images, severity, unchanged })
}

fn reasons(fields: &mut Fields<'_>, node: &Node, about_findings: bool) -> BTreeSet<Code> {
    let known: Vec<&str> =
        Code::ALL.iter().filter(|code| code.set_by() != SetBy::Nobody).map(|code| code.as_str()).collect();
    let mut codes = BTreeSet::new();
    let names = fields.texts(node, "reasons");
    if names.is_empty() {
        fields.problem(node.at, "an entry for no reason clears nothing", "name at least one reason code");
    }
    for (name, at) in names {
        match Code::from_name(&name) {
            None => fields.problem(at, format!("`{name}` is no reason"), instead_of(&name, &known)),
            Some(code) if code.set_by() == SetBy::Nobody => {
                fields.problem(at, format!("nothing clears `{name}` by itself"), "remove it");
            }
            Some(code) if about_findings && code.set_by() != SetBy::Rules => fields.problem(
                at,
                format!("`{name}` is about no findings, so `severity` and `unchanged` say nothing about it"),
                "write an entry of its own for it, without them",
            ),
            Some(code) => {
                codes.insert(code);
            }
        }
    }
    codes
}
