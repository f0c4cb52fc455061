//! Findings against rules and exceptions: what becomes of each.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use model::{Finding, Reason, Severity, Sha256, Weight};

use crate::code::Code;
use crate::evidence::{Evidence, Facts, Statement};
use crate::exceptions::{ExceptionState, ExceptionUse, Exceptions};
use crate::policy::Policy;

/// How many ids a reason's sentence names before it counts the rest.
const NAMED: usize = 5;

/// How many characters of each name.
const MAX_NAME: usize = 100;

/// A finding, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// The statement that reported it.
    pub file: String,
    /// The heaviest rule that matches it; none where no rule does.
    pub weight: Option<Weight>,
    /// The exceptions that suppress it, as places in the decision's list; empty where none does.
    pub suppressed_by: Vec<usize>,
}

impl Judged {
    /// What it counts for: nothing where it is suppressed or no rule is about it.
    #[must_use]
    pub fn counts(&self) -> Option<Weight> {
        if self.suppressed_by.is_empty() { self.weight } else { None }
    }
}

pub(crate) struct Outcome {
    pub(crate) findings: Vec<Judged>,
    pub(crate) exceptions: Vec<ExceptionUse>,
    pub(crate) reasons: Vec<Reason>,
}

pub(crate) fn judge(
    policy: &Policy,
    exceptions: &Exceptions,
    evidence: &Evidence,
    deciding: &[&Statement],
    now: Timestamp,
) -> Outcome {
    let mut uses = uses(policy, exceptions, now);
    let index = exceptions.by_id();
    let mut lapsed = BTreeSet::new();
    let mut judged = Vec::new();
    for statement in deciding {
        let Facts::Vulns { findings, .. } = &statement.facts else { continue };
        for finding in findings {
            let mut suppressed_by = Vec::new();
            for at in candidates(&index, finding) {
                let Some(one) = uses.get_mut(at) else { continue };
                if !one.exception.matches(finding, &evidence.image.family) {
                    continue;
                }
                match one.state {
                    ExceptionState::Holds | ExceptionState::Ending
                        if one.exception.until_fixed && finding.fixable() =>
                    {
                        lapsed.insert(at);
                    }
                    ExceptionState::Holds | ExceptionState::Ending => {
                        one.suppressed += 1;
                        suppressed_by.push(at);
                    }
                    ExceptionState::Expired
                    | ExceptionState::NotYet
                    | ExceptionState::Lapsed
                    | ExceptionState::Unused => {}
                }
            }
            let weight = weight(policy, finding);
            judged.push(Judged {
                finding: finding.clone(),
                file: statement.file.clone(),
                weight,
                suppressed_by,
            });
        }
    }
    settle(&mut uses, &lapsed);
    judged.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut reasons = reasons(&judged, &evidence.image.family);
    reasons.extend(uses.iter().flat_map(exception_reasons));
    Outcome { findings: judged, exceptions: uses, reasons }
}

/// Sorted by what they say, so that the file's order does not matter to anything but places.
fn uses(policy: &Policy, exceptions: &Exceptions, now: Timestamp) -> Vec<ExceptionUse> {
    let warn_before = policy.exception_limits().warn_before;
    let each = |exception: &crate::Exception| ExceptionUse {
        state: exception.by_date(now, warn_before),
        broad: exception.is_broad(),
        suppressed: 0,
        exception: exception.clone(),
    };
    exceptions.list().iter().map(each).collect()
}

fn candidates(index: &BTreeMap<String, Vec<usize>>, finding: &Finding) -> BTreeSet<usize> {
    std::iter::once(&finding.id)
        .chain(&finding.aliases)
        .filter_map(|id| index.get(&id.to_ascii_uppercase()))
        .flatten()
        .copied()
        .collect()
}

/// What only shows when every finding has been looked at.
fn settle(uses: &mut [ExceptionUse], lapsed: &BTreeSet<usize>) {
    for (at, one) in uses.iter_mut().enumerate() {
        let holds = matches!(one.state, ExceptionState::Holds | ExceptionState::Ending);
        if holds && one.suppressed == 0 {
            one.state = if lapsed.contains(&at) { ExceptionState::Lapsed } else { ExceptionState::Unused };
        }
    }
}

/// The heaviest matching rule: the order of rules never matters.
fn weight(policy: &Policy, finding: &Finding) -> Option<Weight> {
    policy
        .rules
        .iter()
        .filter(|rule| rule.matches(finding.severity, finding.fixable()))
        .map(|rule| rule.then)
        .max()
}

fn order(judged: &Judged) -> impl Ord + '_ {
    let finding = &judged.finding;
    (
        std::cmp::Reverse(judged.counts()),
        std::cmp::Reverse(finding.severity.rank_for_decision()),
        (&finding.id, &finding.package, &finding.scanner, &judged.file),
        (&finding.fixed_version, finding.severity, &finding.aliases, &finding.title),
        &judged.suppressed_by,
    )
}

/// One reason for each weight, severity and fixability.
fn reasons(judged: &[Judged], family: &str) -> Vec<Reason> {
    let mut groups: BTreeMap<(Weight, Severity, bool), Vec<&Judged>> = BTreeMap::new();
    for one in judged {
        if let Some(weight) = one.counts() {
            groups.entry((weight, one.finding.severity, one.finding.fixable())).or_default().push(one);
        }
    }
    groups
        .iter()
        .map(|((weight, severity, fixable), group)| reason(*weight, *severity, *fixable, group, family))
        .collect()
}

fn reason(weight: Weight, severity: Severity, fixable: bool, group: &[&Judged], family: &str) -> Reason {
    let code = if fixable { Code::FixableVulnerability } else { Code::UnfixedVulnerability };
    let names: BTreeSet<(&str, &str)> =
        group.iter().map(|one| (one.finding.id.as_str(), one.finding.package.name.as_str())).collect();
    let named: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|(id, package)| format!("{} in {}", short(id), short(package)))
        .collect();
    let more = names.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    let noun = if names.len() == 1 { "vulnerability" } else { "vulnerabilities" };
    let state = if fixable { "with a fix" } else { "without a fix" };
    let mut evidence: BTreeSet<String> = group.iter().map(|one| one.file.clone()).collect();
    evidence.insert(format!("findings:sha256:{}", digest(group, family)));
    Reason {
        weight,
        code: code.as_str().into(),
        message: format!("{} {severity} {noun} {state}: {}{rest}.", names.len(), named.join(", ")),
        evidence: evidence.into_iter().collect(),
        clears: code.clears().into(),
    }
}

/// A name as a sentence bears it: an image may bring one of megabytes, and a reason has to be read.
fn short(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

/// What exactly a reason is about: an approval of these findings is none of others.
fn digest(group: &[&Judged], family: &str) -> Sha256 {
    let prints: BTreeSet<String> = group
        .iter()
        .map(|one| format!("{} {}\n", one.finding.fingerprint(family), one.finding.package.version))
        .collect();
    Sha256::of(prints.into_iter().collect::<String>().as_bytes())
}

fn exception_reasons(one: &ExceptionUse) -> Vec<Reason> {
    let exception = &one.exception;
    let say = |code: Code, detail: String| Reason {
        weight: code.usual_weight(),
        code: code.as_str().into(),
        message: format!("The exception for {} (line {}) {detail}.", exception.label(), exception.at.line),
        evidence: vec![],
        clears: code.clears().into(),
    };
    let state = one.state.code().map(|code| {
        say(
            code,
            match one.state {
                ExceptionState::Holds | ExceptionState::Ending => format!("ends after {}", exception.expires),
                ExceptionState::Expired => format!("ended after {}", exception.expires),
                ExceptionState::NotYet => format!("begins on {}", exception.created),
                ExceptionState::Lapsed => "holds until there is a fix, and there is one".into(),
                ExceptionState::Unused => "matches nothing in this image".into(),
            },
        )
    });
    let broad = one.broad.then(|| say(Code::ExceptionBroad, "covers every package in every image".into()));
    state.into_iter().chain(broad).collect()
}
