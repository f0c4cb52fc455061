//! Reasons of what was found: one for each weight, class, severity, fixability and condition.

use std::collections::{BTreeMap, BTreeSet};

use model::{Class, Fingerprint, Reason, Severity, Sha256, Sha256Hasher, Weight};

use super::rules::{Met, Rules, Unknown};
use super::{Grouped, Judged, Prints};
use crate::code::Code;
use crate::noun::noun;
use crate::policy::{Rule, Score};
use crate::span;

/// How many ids a reason's sentence names before it counts the rest.
const NAMED: usize = 5;

/// How many characters of each name.
const MAX_NAME: usize = 100;

/// What the findings behind one reason have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Common {
    weight: Weight,
    class: Class,
    severity: Severity,
    fixable: bool,
    met: Met,
}

/// The reasons, each with the places of the findings behind it.
pub(super) fn reasons(judged: &[Judged], rules: &Rules<'_>, prints: &Prints<'_>) -> Vec<Grouped> {
    let mut groups: BTreeMap<Common, Vec<usize>> = BTreeMap::new();
    for (at, one) in judged.iter().enumerate() {
        if let (Some(weight), Some(met)) = (one.counts(), one.met) {
            let finding = &one.finding;
            let (class, severity) = (finding.class, finding.severity);
            let common = Common { weight, class, severity, fixable: finding.fixable(), met };
            groups.entry(common).or_default().push(at);
        }
    }
    let each = |(common, places): (Common, Vec<usize>)| {
        let rule = rules.rule(common.class, common.met);
        Grouped { reason: reason(&common, rule, &places, judged, prints), findings: places }
    };
    groups.into_iter().map(each).collect()
}

fn reason(
    common: &Common,
    rule: Option<&Rule>,
    places: &[usize],
    judged: &[Judged],
    prints: &Prints<'_>,
) -> Reason {
    let group: Vec<&Judged> = places.iter().filter_map(|at| judged.get(*at)).collect();
    let code = code(common);
    // They come sorted, or nearly so: cheaper than a set where there are tens of thousands.
    let mut names: Vec<(&str, &str)> = group.iter().map(|one| name(one)).collect();
    names.sort_unstable();
    names.dedup();
    let named: Vec<String> = names.iter().take(NAMED).map(|(id, place)| called(id, place)).collect();
    let more = names.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    let what = what(common, rule, names.len());
    let mut evidence: BTreeSet<&str> = group.iter().map(|one| one.file.as_ref()).collect();
    let findings = format!("findings:sha256:{}", digest(places, judged, prints));
    evidence.insert(&findings);
    Reason {
        weight: common.weight,
        code: code.as_str().into(),
        message: format!("{what}: {}{rest}.", named.join(", ")),
        evidence: evidence.into_iter().map(str::to_owned).collect(),
        clears: code.clears().into(),
    }
}

const fn code(common: &Common) -> Code {
    match common.class {
        Class::Vulnerability if common.fixable => Code::FixableVulnerability,
        Class::Vulnerability => Code::UnfixedVulnerability,
        Class::Secret => Code::SecretFound,
        Class::License => Code::LicenseFound,
        Class::Misconfiguration => Code::MisconfigurationFound,
        Class::Weakness => Code::WeaknessFound,
    }
}

/// `2 known exploited high vulnerabilities with a fix (older than 30d)`.
fn what(common: &Common, rule: Option<&Rule>, count: usize) -> String {
    let severity = common.severity;
    let exploited = if rule.is_some_and(|rule| rule.kev) { "known exploited " } else { "" };
    let noun = noun(common.class, count);
    let state = match (common.class, common.fixable) {
        (Class::Vulnerability, true) => " with a fix",
        (Class::Vulnerability, false) => " without a fix",
        (Class::Secret | Class::License | Class::Misconfiguration | Class::Weakness, _) => "",
    };
    let conditions = rule.map(|rule| conditions(rule, common.met.unknown)).unwrap_or_default();
    let conditions = if conditions.is_empty() { conditions } else { format!(" ({conditions})") };
    format!("{count} {exploited}{severity} {noun}{state}{conditions}")
}

/// The conditions that were met beside severity and fixability, in a few words.
fn conditions(rule: &Rule, unknown: Unknown) -> String {
    let least = |name: &str, least: Score, unknown: bool| {
        if unknown { format!("no {name} score") } else { format!("{name} at least {}", least.value()) }
    };
    let one_of =
        |name: &str, list: &[String]| (!list.is_empty()).then(|| format!("{name} {}", list.join(" or ")));
    let age = |age| {
        if unknown.age { "of unknown age".into() } else { format!("older than {}", span::show(age)) }
    };
    let parts = [
        rule.cvss_at_least.map(|score| least("CVSS", score, unknown.cvss)),
        rule.epss_at_least.map(|score| least("EPSS", score, unknown.epss)),
        rule.older_than.map(age),
        one_of("id", &rule.ids),
        one_of("package", &rule.packages),
        one_of("path", &rule.paths),
        if unknown.layer { Some("of an unknown layer".into()) } else { one_of("layer", &rule.layers) },
    ];
    parts.into_iter().flatten().collect::<Vec<String>>().join(", ")
}

/// An id and where it was found: in a package, or where there is none, in a file.
fn name(judged: &Judged) -> (&str, &str) {
    let (finding, package) = (&judged.finding, &judged.finding.package);
    let place =
        if package.name.is_empty() { package.path.as_deref().unwrap_or_default() } else { &package.name };
    (&finding.id, place)
}

fn called(id: &str, place: &str) -> String {
    if place.is_empty() { short(id) } else { format!("{} in {}", short(id), short(place)) }
}

/// A name as a sentence bears it: an image may bring one of megabytes, and a reason has to be read.
fn short(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

/// What exactly a reason is about: an approval of these findings is none of others.
fn digest(places: &[usize], judged: &[Judged], prints: &Prints<'_>) -> Sha256 {
    let print = |at: &usize| {
        let finding = &judged.get(*at)?.finding;
        Some((prints.of(*at, finding), finding.package.version.as_str()))
    };
    let mut list: Vec<(Fingerprint, &str)> = places.iter().filter_map(print).collect();
    list.sort_unstable();
    list.dedup();
    let mut hasher = Sha256Hasher::new();
    for (print, version) in list {
        hasher.update(print.0.to_string().as_bytes());
        hasher.update(b" ");
        hasher.update(version.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finish()
}
