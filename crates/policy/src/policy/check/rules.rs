//! `vulnerabilities`, `secrets`, `licenses`, `misconfigurations`, `weaknesses`: what findings lead to.

use std::collections::BTreeMap;

use model::Class;

use super::WEIGHTS;
use super::conditions::{self, Condition};
use crate::fields::{Fields, Map};
use crate::policy::Rule;
use crate::yaml::Node;

/// The section of each class, and the conditions that make sense in it. One list; `resolved` writes by it.
pub(in crate::policy) const SECTIONS: [(Class, &str, &[Condition]); 5] = {
    use Condition::{
        CvssAtLeast, EpssAtLeast, Fixable, Id, Kev, Layer, OlderThan, Package, Path, Severity, Unscored,
    };
    [
        (
            Class::Vulnerability,
            "vulnerabilities",
            &[
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
            ],
        ),
        (Class::Secret, "secrets", &[Severity, Id, Path]),
        (Class::License, "licenses", &[Severity, Id, Path, Package]),
        (Class::Misconfiguration, "misconfigurations", &[Severity, Id, Path]),
        (Class::Weakness, "weaknesses", &[Severity, Id, Path]),
    ]
};

/// The keys of a rule in this section.
pub(crate) fn rule_keys(section: &str) -> Vec<&'static str> {
    let known = SECTIONS.iter().find(|(_, name, _)| *name == section).map_or(&[][..], |(_, _, known)| known);
    known.iter().map(|condition| condition.key()).chain(["then"]).collect()
}

pub(super) type Rules = BTreeMap<Class, Vec<Rule>>;

pub(super) fn rules(fields: &mut Fields<'_>, top: &Map<'_>) -> Option<Rules> {
    let mut rules = Rules::new();
    for (class, section, known) in SECTIONS {
        let node = if class == Class::Vulnerability {
            let example =
                "[{severity: critical, then: fail}]`, or, to let every one pass, `vulnerabilities: []";
            Some(fields.required(top, "the policy", section, example)?)
        } else {
            top.get(section)
        };
        let Some(node) = node else { continue };
        let items = fields.list(node, section)?;
        let mut list: Vec<Rule> = items.iter().filter_map(|item| rule(fields, item, known)).collect();
        list.sort();
        list.dedup();
        rules.insert(class, list);
    }
    Some(rules)
}

fn rule(fields: &mut Fields<'_>, node: &Node, known: &[Condition]) -> Option<Rule> {
    let keys: Vec<&str> = known.iter().map(|condition| condition.key()).chain(["then"]).collect();
    let map = fields.map(node, "a rule", &keys)?;
    let then = fields.required(&map, "a rule", "then", "fail")?;
    let then = fields.choice(then, "then", &WEIGHTS);
    let mut rule = Rule::about_all(then.unwrap_or(model::Weight::Fail));
    let mut conditions = 0;
    for condition in known {
        if let Some(node) = map.get(condition.key()) {
            conditions += usize::from(*condition != Condition::Unscored);
            conditions::read(fields, *condition, node, &mut rule);
        }
    }
    if conditions == 0 {
        fields.problem(
            map.at,
            "a rule without a condition would be about everything",
            "say which severities it is for, such as `severity: [critical, high]`",
        );
    }
    if rule.ignore_unscored && !reads_scores(&rule) {
        fields.problem(
            map.get("unscored").map_or(map.at, |node| node.at),
            "`unscored` in a rule that reads no score",
            "remove it: it is about `cvss-at-least`, `epss-at-least`, `older-than` and `layer`",
        );
    }
    then.map(|_| rule)
}

const fn reads_scores(rule: &Rule) -> bool {
    rule.cvss_at_least.is_some()
        || rule.epss_at_least.is_some()
        || rule.older_than.is_some()
        || !rule.layers.is_empty()
}
