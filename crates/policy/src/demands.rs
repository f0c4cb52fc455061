//! What a policy asks of evidence, against what there is. Missing, stale, unreadable or unknown
//! never passes by itself.

mod knowledge;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::code::Code;
use crate::evidence::{Evidence, Facts, Signed, Statement, TestOutcome};
use crate::kind::{EvidenceKind, Seen};
use crate::policy::{Policy, Requirement, ResolvedPolicy, ResolvedSigner};
use crate::reasons::Reasons;
use crate::span;

/// How far two machines' clocks may differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The statements whose kind is mapped and whose signer may sign it; reasons for all others.
pub(crate) fn admitted<'e>(
    policy: &Policy,
    evidence: &'e Evidence,
    reasons: &mut Reasons<'_>,
) -> Vec<&'e Statement> {
    let mut copies: BTreeMap<model::Sha256, Vec<&str>> = BTreeMap::new();
    let mut admitted = Vec::new();
    for statement in &evidence.statements {
        copies.entry(statement.payload).or_default().push(&statement.file);
        if admit(policy, statement, reasons) {
            admitted.push(statement);
        }
    }
    for files in copies.values_mut().filter(|files| files.len() > 1) {
        files.sort_unstable();
        let message = format!("The same statement lies in {} files: {}.", files.len(), files.join(", "));
        reasons.add(Code::DuplicateEvidence, files.iter().copied(), message);
    }
    admitted
}

fn admit(policy: &Policy, statement: &Statement, reasons: &mut Reasons<'_>) -> bool {
    let (kind, file) = (statement.facts.kind(), statement.file.as_str());
    let Some(requirement) = policy.evidence.get(&kind) else {
        reasons.add(Code::UnmappedKind, [file], format!("The policy maps `{kind}` to no signer."));
        return false;
    };
    match &statement.signed {
        Signed::Unsigned if requirement.allow_unsigned => {
            reasons.add(
                Code::UnsignedAllowed,
                [file],
                format!("A {kind} is not signed, which the policy allows."),
            );
            true
        }
        Signed::Unsigned => {
            reasons.add(Code::UnsignedEvidence, [file], format!("A {kind} is not signed."));
            false
        }
        Signed::By(names) if names.iter().any(|name| requirement.signed_by.contains(name)) => true,
        Signed::By(names) => {
            let message = format!(
                "A {kind} is signed by {}, and only {} may sign that.",
                listed(names),
                listed(&requirement.signed_by)
            );
            reasons.add(Code::WrongSigner, [file], message);
            false
        }
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Two names with one key, or for one identity, separate nothing.
pub(crate) fn shared_keys(policy: &ResolvedPolicy, reasons: &mut Reasons<'_>) {
    let mut owners: Vec<(&ResolvedSigner, Vec<&str>)> = Vec::new();
    for (name, signer) in policy.signers() {
        match owners.iter_mut().find(|(known, _)| *known == signer) {
            Some((_, names)) => names.push(name),
            None => owners.push((signer, vec![name])),
        }
    }
    owners.retain(|(_, names)| names.len() > 1);
    owners.sort_unstable_by(|(_, one), (_, other)| one.cmp(other));
    for (signer, names) in owners {
        let what = match signer {
            ResolvedSigner::Key(_) => "have the same key",
            ResolvedSigner::Identity { .. } => "are the same identity",
        };
        reasons.add(Code::SharedKey, [], format!("The signers {} {what}.", names.join(", ")));
    }
}

pub(crate) fn check(
    policy: &Policy,
    evidence: &Evidence,
    deciding: &[&Statement],
    now: Timestamp,
    reasons: &mut Reasons<'_>,
) {
    for (kind, requirement) in &policy.evidence {
        let of_kind: Vec<&Statement> = deciding.iter().copied().filter(|s| s.facts.kind() == *kind).collect();
        if *kind == EvidenceKind::Vsa {
            continue;
        }
        presence(*kind, requirement, &of_kind, reasons);
        for statement in of_kind {
            let counts = counts(requirement, statement);
            if counts {
                freshness(*kind, requirement, statement, Clock::of(*kind, evidence, now), reasons);
            }
            content(requirement, statement, counts, now, reasons);
        }
    }
    base(policy, evidence, deciding, now, reasons);
    knowledge::classes(policy, deciding, reasons);
    knowledge::feeds(policy, evidence, now, reasons);
}

/// What was seen in another way than asked is shown, and held to nothing but its result.
fn counts(requirement: &Requirement, statement: &Statement) -> bool {
    match statement.facts.view() {
        // Sources are no image: only where they are asked for by name.
        Some((_, Seen::Source)) => requirement.seen.contains(&Seen::Source),
        Some((_, seen)) => requirement.seen.is_empty() || requirement.seen.contains(&seen),
        None => true,
    }
}

fn presence(kind: EvidenceKind, requirement: &Requirement, found: &[&Statement], reasons: &mut Reasons<'_>) {
    if !requirement.required {
        return;
    }
    if found.is_empty() {
        reasons.add(Code::MissingEvidence, [], format!("There is no {kind}, and the policy requires one."));
        return;
    }
    let seen = |wanted: Seen| found.iter().any(|s| s.facts.view().is_some_and(|(_, seen)| seen == wanted));
    for wanted in requirement.seen.iter().filter(|wanted| !seen(**wanted)) {
        let files = found.iter().map(|s| s.file.as_str());
        reasons.add(Code::NotSeenAsRequired, files, format!("No {kind} saw the image `{wanted}`."));
    }
    // Without a wish, anything that saw the image itself will do; what ran in the build never does.
    let direct = |s: &&Statement| {
        s.facts.view().is_none_or(|(_, seen)| !matches!(seen, Seen::InBuild | Seen::Indirect | Seen::Source))
    };
    if requirement.seen.is_empty() && !found.iter().any(direct) {
        let files = found.iter().map(|s| s.file.as_str());
        reasons.add(Code::NotSeenAsRequired, files, format!("No {kind} saw the image itself."));
    }
}

/// By what evidence is measured.
#[derive(Clone, Copy)]
struct Clock {
    now: Timestamp,
    /// To when its age is counted.
    ages: Timestamp,
}

impl Clock {
    /// Scans are knowledge, which ages to this day. All else was made once, and is as old as it was when the image
    /// was published.
    fn of(kind: EvidenceKind, evidence: &Evidence, now: Timestamp) -> Self {
        let published = evidence.published.filter(|_| kind != EvidenceKind::Vulns);
        Self { now, ages: published.map_or(now, |published| published.min(now)) }
    }
}

fn freshness(
    kind: EvidenceKind,
    requirement: &Requirement,
    statement: &Statement,
    clock: Clock,
    reasons: &mut Reasons<'_>,
) {
    let file = statement.file.as_str();
    match (statement.issued, requirement.max_age) {
        (Some(issued), _) if clock.now.duration_until(issued) > SKEW => {
            reasons.add(
                Code::FutureEvidence,
                [file],
                format!("A {kind} is dated {issued}, after this decision."),
            );
        }
        (Some(issued), Some(age)) if issued.duration_until(clock.ages) > age => {
            let age = span::show(age);
            reasons.add(Code::StaleEvidence, [file], format!("A {kind} of {issued} is older than {age}."));
        }
        (None, Some(_)) => {
            reasons.add(Code::UndatedEvidence, [file], format!("A {kind} says no date."));
        }
        (Some(_) | None, _) => {}
    }
}

fn content(
    requirement: &Requirement,
    statement: &Statement,
    counts: bool,
    now: Timestamp,
    reasons: &mut Reasons<'_>,
) {
    let file = statement.file.as_str();
    match &statement.facts {
        Facts::TestResult { tool, seen, outcome, passed, failed, skipped } => {
            if *failed > 0 || *outcome == TestOutcome::Failed {
                let message = format!("{tool} ({seen}): {failed} of {} tests failed.", passed + failed);
                reasons.add(Code::TestsFailed, [file], message);
            } else if *outcome == TestOutcome::Warned {
                reasons.add(Code::TestsWarned, [file], format!("{tool} ({seen}) ended with warnings."));
            }
            if *skipped > 0 {
                reasons.add(
                    Code::TestsSkipped,
                    [file],
                    format!("{tool} ({seen}): {skipped} tests were skipped."),
                );
            }
            let ran = passed.saturating_add(*failed);
            if counts && ran < requirement.min_tests {
                let message = format!(
                    "{tool} ({seen}): {ran} tests ran; the policy requires {}.",
                    requirement.min_tests
                );
                reasons.add(Code::TooFewTests, [file], message);
            }
        }
        // Rules know no database, and sources have no packages.
        Facts::Vulns { seen: Seen::Source, .. } => {}
        Facts::Vulns { scanner, packages, database, sample, .. } => {
            too_few_packages(requirement, scanner, *packages, counts, file, reasons);
            database_age(requirement, scanner, *database, *sample, file, now, reasons);
        }
        Facts::Sbom { tool: by, packages, .. } => {
            too_few_packages(requirement, by, *packages, counts, file, reasons);
        }
        Facts::SpdxSbom { packages } => {
            too_few_packages(requirement, "the SPDX document's maker", *packages, counts, file, reasons);
        }
        Facts::SignatureVerification | Facts::Provenance | Facts::BaseVsa { .. } => {}
    }
}

fn too_few_packages(
    requirement: &Requirement,
    by: &str,
    packages: u64,
    counts: bool,
    file: &str,
    reasons: &mut Reasons<'_>,
) {
    let least = requirement.min_packages;
    if counts && packages < least {
        let message = format!("{by} saw {packages} packages; the policy requires {least}.");
        reasons.add(Code::TooFewPackages, [file], message);
    }
}

/// The sample's own date says nothing: that it is the sample says it all.
fn database_age(
    requirement: &Requirement,
    scanner: &str,
    database: Option<Timestamp>,
    sample: bool,
    file: &str,
    now: Timestamp,
    reasons: &mut Reasons<'_>,
) {
    if sample {
        let date = database.map(|at| format!(" of {at}")).unwrap_or_default();
        reasons.add(Code::SampleDatabase, [file], format!("{scanner} used the sample database{date}."));
        return;
    }
    match (database, requirement.database_max_age) {
        (Some(at), _) if now.duration_until(at) > SKEW => {
            reasons.add(
                Code::StaleDatabase,
                [file],
                format!("{scanner}'s database is dated {at}, after this decision."),
            );
        }
        (Some(at), Some(age)) if at.duration_until(now) > age => {
            let age = span::show(age);
            reasons.add(
                Code::StaleDatabase,
                [file],
                format!("{scanner}'s database of {at} is older than {age}."),
            );
        }
        (None, Some(_)) => {
            reasons.add(Code::UndatedDatabase, [file], format!("{scanner}'s database says no date."));
        }
        (Some(_) | None, _) => {}
    }
}

/// An image built on another needs its base's passing verification.
fn base(
    policy: &Policy,
    evidence: &Evidence,
    deciding: &[&Statement],
    now: Timestamp,
    reasons: &mut Reasons<'_>,
) {
    let Some((name, digest)) = &evidence.image.base else { return };
    let requirement = policy.evidence.get(&EvidenceKind::Vsa);
    if requirement.is_some_and(|r| !r.required) {
        return;
    }
    let mut found = false;
    for statement in deciding {
        let Facts::BaseVsa { verifier, passed, levels } = &statement.facts else { continue };
        found = true;
        if !passed {
            let message = format!("{verifier} did not pass the base image {name}.");
            reasons.add(Code::BaseNotVerified, [statement.file.as_str()], message);
        }
        if let Some(requirement) = requirement {
            let wanted = &requirement.levels;
            if *passed && !wanted.is_empty() && !wanted.iter().any(|level| levels.contains(level)) {
                let message = format!(
                    "{verifier} passed the base image {name} at {}, and {} is wanted.",
                    listed(levels),
                    listed(wanted)
                );
                reasons.add(Code::BaseLevel, [statement.file.as_str()], message);
            }
            let clock = Clock::of(EvidenceKind::Vsa, evidence, now);
            freshness(EvidenceKind::Vsa, requirement, statement, clock, reasons);
        }
    }
    if !found {
        let message = format!("There is no verification of the base image {name} ({digest}).");
        reasons.add(Code::BaseNotVerified, [], message);
    }
}
