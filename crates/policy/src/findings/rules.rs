//! Rules, made ready to be held against every finding of a scan.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use globset::{GlobSet, GlobSetBuilder};
use jiff::SignedDuration;
use model::{Class, Finding, Package, Weight};

use super::sight::{Origin, Sight};
use crate::feeds::Feeds;
use crate::pattern::{fits, fits_id, glob, relative};
use crate::policy::{Policy, Rule, Score};

/// A policy's rules, by class.
pub(super) struct Rules<'p> {
    policy: &'p Policy,
    classes: BTreeMap<Class, Vec<Ready<'p>>>,
}

struct Ready<'p> {
    rule: &'p Rule,
    paths: Option<GlobSet>,
    told: [bool; 8],
    /// The first rule of its class with the same conditions beside severity, fixability and weight:
    /// what those say is one reason.
    like: usize,
}

/// The rule that decides about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Met {
    /// The place of the first such rule in its class.
    pub(super) like: usize,
    /// What counts as reached only because nobody has told.
    pub(super) unknown: Unknown,
}

/// What nobody has told about a finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Unknown {
    pub(super) cvss: bool,
    pub(super) epss: bool,
    pub(super) age: bool,
    pub(super) layer: bool,
}

impl<'p> Rules<'p> {
    /// Without its feed a rule matches nothing: that the feed is missing stands for it.
    pub(super) fn new(policy: &'p Policy, feeds: &Feeds) -> Self {
        let can = |rule: &Rule| {
            (rule.epss_at_least.is_none() || feeds.epss.is_some()) && (!rule.kev || feeds.kev.is_some())
        };
        let ready = |rules: &'p Vec<Rule>| -> Vec<Ready<'p>> {
            let mut first = BTreeMap::new();
            let each = rules.iter().enumerate().map(|(at, rule)| Ready {
                rule,
                paths: globs(&rule.paths),
                told: told(rule),
                like: *first.entry(beside(rule)).or_insert(at),
            });
            each.collect::<Vec<_>>().into_iter().filter(|ready| can(ready.rule)).collect()
        };
        Self { policy, classes: policy.rules.iter().map(|(class, rules)| (*class, ready(rules))).collect() }
    }

    /// The heaviest rule that matches; of several, the one that says most. The order of rules never matters.
    pub(super) fn decide(&self, finding: &Finding, sight: &Sight) -> Option<(Weight, Met)> {
        let matching = self.classes.get(&finding.class)?.iter().filter_map(|ready| {
            let unknown = ready.matches(finding, sight)?;
            Some((ready, Met { like: ready.like, unknown }))
        });
        let best = matching.max_by_key(|(ready, met)| (ready.rule.then, ready.told, Reverse(*met)))?;
        Some((best.0.rule.then, best.1))
    }

    pub(super) fn rule(&self, class: Class, met: Met) -> Option<&'p Rule> {
        self.policy.rules(class).get(met.like)
    }
}

/// How much a rule says beyond severity and fixability: the most telling condition first.
fn told(rule: &Rule) -> [bool; 8] {
    [
        rule.kev,
        rule.epss_at_least.is_some(),
        rule.cvss_at_least.is_some(),
        rule.older_than.is_some(),
        !rule.ids.is_empty(),
        !rule.packages.is_empty(),
        !rule.paths.is_empty(),
        !rule.layers.is_empty(),
    ]
}

fn beside(rule: &Rule) -> Rule {
    Rule { severity: Vec::new(), fixable: None, ignore_unscored: false, then: Weight::Note, ..rule.clone() }
}

/// None where a rule names no path. What is no glob was refused when the policy was read; should one
/// get here all the same, the rule covers every path.
fn globs(paths: &[String]) -> Option<GlobSet> {
    if paths.is_empty() {
        return None;
    }
    let mut set = GlobSetBuilder::new();
    for path in paths {
        set.add(glob(path).ok()?);
    }
    set.build().ok()
}

impl Ready<'_> {
    /// Whether every condition holds, and which of them hold because nobody has told.
    fn matches(&self, finding: &Finding, sight: &Sight) -> Option<Unknown> {
        let rule = self.rule;
        let certain = rule.covers(finding.severity)
            && rule.fixable.is_none_or(|wanted| wanted == finding.fixable())
            && (!rule.kev || sight.kev == Some(true))
            && named(&rule.packages, &finding.package)
            && identified(&rule.ids, finding)
            && self.lies(finding);
        if !certain {
            return None;
        }
        let unknown = Unknown {
            cvss: reached(rule, rule.cvss_at_least, Score::ge, || finding.cvss.and_then(Score::new))?,
            epss: reached(rule, rule.epss_at_least, Score::ge, || sight.epss)?,
            age: reached(rule, rule.older_than, SignedDuration::gt, || sight.age(finding))?,
            layer: self.layer(finding, sight)?,
        };
        Some(unknown)
    }

    fn lies(&self, finding: &Finding) -> bool {
        let Some(globs) = &self.paths else { return true };
        finding.package.path.as_deref().is_some_and(|path| globs.is_match(relative(path)))
    }

    fn layer(&self, finding: &Finding, sight: &Sight) -> Option<bool> {
        let layers = &self.rule.layers;
        if layers.is_empty() {
            return Some(false);
        }
        let of = |wanted: &String| match wanted.as_str() {
            "base" => sight.origin.map(|origin| origin == Origin::Base),
            "image" => sight.origin.map(|origin| origin == Origin::Image),
            name => finding.package.layer.as_deref().map(|layer| layer == name),
        };
        let mut unknown = false;
        for answer in layers.iter().map(of) {
            match answer {
                Some(true) => return Some(false),
                Some(false) => {}
                None => unknown = true,
            }
        }
        (unknown && !self.rule.ignore_unscored).then_some(true)
    }
}

/// Whether a threshold is reached: none where it is not, and `true` where nobody has told and that counts
/// as reached.
fn reached<T>(
    rule: &Rule,
    least: Option<T>,
    is: impl Fn(&T, &T) -> bool,
    told: impl FnOnce() -> Option<T>,
) -> Option<bool> {
    let Some(least) = least else { return Some(false) };
    match told() {
        Some(value) => is(&value, &least).then_some(false),
        None => (!rule.ignore_unscored).then_some(true),
    }
}

fn named(patterns: &[String], package: &Package) -> bool {
    let is = |pattern: &String| {
        fits(pattern, &package.name) || package.source.as_ref().is_some_and(|source| fits(pattern, source))
    };
    patterns.is_empty() || patterns.iter().any(is)
}

/// By any of its ids; a licence by each name in its expression as well.
fn identified(patterns: &[String], finding: &Finding) -> bool {
    let is = |id: &str| patterns.iter().any(|pattern| fits_id(pattern, id));
    let names = |id: &str| {
        finding.class == Class::License
            && id.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';' | '/')).any(is)
    };
    patterns.is_empty() || std::iter::once(&finding.id).chain(&finding.aliases).any(|id| is(id) || names(id))
}
