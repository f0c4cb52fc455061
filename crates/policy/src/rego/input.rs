//! The document that a Rego module sees, version 1. `policies/rego.md` describes it; a field is added,
//! never changed or taken away, as long as the version is the same.

use jiff::Timestamp;
use model::{Finding, Package, Reason, Weight};
use regorus::Value;

use super::table::{Field, Table, count, some, some_texts, text, texts};
use crate::changes::{Changed, Changes};
use crate::evidence::{Evidence, Facts, Signed, Statement, TestOutcome};
use crate::exceptions::ExceptionUse;
use crate::findings::{Judged, Origin};
use crate::policy::Policy;

/// The version of the document.
const VERSION: u32 = 1;
const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// What the document is made from.
#[derive(Clone, Copy)]
pub(crate) struct Input<'d> {
    pub(crate) policy: &'d Policy,
    pub(crate) evidence: &'d Evidence,
    pub(crate) deciding: &'d [&'d Statement],
    pub(crate) findings: &'d [Judged],
    pub(crate) exceptions: &'d [ExceptionUse],
    pub(crate) reasons: &'d [&'d Reason],
    pub(crate) changes: Option<&'d Changes>,
    pub(crate) now: Timestamp,
}

/// The document.
pub(crate) fn document(input: Input<'_>) -> Value {
    whole().object(&input)
}

fn whole<'d>() -> Table<Input<'d>> {
    Table::new(&[
        ("version", |_| Some(Value::from(VERSION))),
        ("policy", |input| text(input.policy.name())),
        ("environment", |input| some(input.evidence.environment.as_deref())),
        ("now", |input| text(&whole_seconds(input.now).to_string())),
        ("nowUnix", |input| Some(Value::from(input.now.as_second()))),
        ("image", |input| Some(Table::new(IMAGE).object(&input.evidence.image))),
        ("findings", |input| {
            let finding = finding();
            let each = |judged| finding.object(&Seen { judged, now: input.now });
            Some(Value::from(input.findings.iter().map(each).collect::<Vec<_>>()))
        }),
        ("exceptions", |input| Some(Table::new(EXCEPTION).objects(input.exceptions))),
        ("packages", |input| Some(packages(input.evidence.packages.iter()))),
        ("evidence", |input| Some(Table::new(STATEMENT).objects(input.deciding.iter().copied()))),
        ("reasons", |input| {
            let mut reasons = input.reasons.to_vec();
            reasons.sort_unstable();
            Some(Table::new(REASON).objects(reasons))
        }),
        ("changes", |input| input.changes.map(|changes| Table::new(CHANGES).object(changes))),
    ])
}

const IMAGE: &[Field<crate::Image>] = &[
    ("name", |image| text(&image.name)),
    ("family", |image| text(&image.family)),
    ("digest", |image| text(&image.content_digest.to_string())),
    ("base", |image| {
        let (name, digest) = image.base.as_ref()?;
        Some(Table::new(BASE).object(&(name.clone(), digest.to_string())))
    }),
];

const BASE: &[Field<(String, String)>] = &[("name", |base| text(&base.0)), ("digest", |base| text(&base.1))];

/// A finding at the time of the decision.
struct Seen<'d> {
    judged: &'d Judged,
    now: Timestamp,
}

impl Seen<'_> {
    fn finding(&self) -> &Finding {
        &self.judged.finding
    }
}

fn finding<'d>() -> Table<Seen<'d>> {
    Table::new(&[
        ("id", |seen| text(&seen.finding().id)),
        ("aliases", |seen| some_texts(seen.finding().aliases.iter().map(String::as_str))),
        ("class", |seen| text(seen.finding().class.as_str())),
        ("severity", |seen| text(seen.finding().severity.as_str())),
        ("title", |seen| some(Some(&seen.finding().title))),
        ("cvss", |seen| seen.finding().cvss.map(Value::from)),
        ("epss", |seen| seen.judged.epss.map(Value::from)),
        ("kev", |seen| seen.judged.kev.map(Value::from)),
        ("fixable", |seen| Some(Value::from(seen.finding().fixable()))),
        ("fixedVersion", |seen| some(seen.finding().fixed_version.as_deref())),
        ("status", |seen| some(seen.finding().status.as_deref())),
        ("published", |seen| some(seen.finding().published.as_deref())),
        ("ageDays", |seen| age(seen.finding(), seen.now).map(Value::from)),
        ("scanner", |seen| text(&seen.finding().scanner)),
        ("file", |seen| text(&seen.judged.file)),
        ("package", |seen| some(Some(&seen.finding().package.name))),
        ("source", |seen| some(seen.finding().package.source.as_deref())),
        ("installed", |seen| some(Some(&seen.finding().package.version))),
        ("purl", |seen| some(seen.finding().package.purl.as_deref())),
        ("path", |seen| some(seen.finding().package.path.as_deref())),
        ("layer", |seen| some(seen.finding().package.layer.as_deref())),
        ("origin", |seen| seen.judged.origin.map(Origin::as_str).and_then(text)),
        ("weight", |seen| seen.judged.weight.and_then(|heavy| text(weight(heavy)))),
        ("suppressed", |seen| Some(Value::from(!seen.judged.suppressed_by.is_empty()))),
        ("exceptions", |seen| {
            let places =
                seen.judged.suppressed_by.iter().map(|place| Value::from(*place)).collect::<Vec<_>>();
            (!places.is_empty()).then(|| Value::from(places))
        }),
    ])
}

/// Whole days since it was published; none where that is not known, or is no date in the past.
fn age(finding: &Finding, now: Timestamp) -> Option<i64> {
    let published: Timestamp = finding.published.as_deref()?.parse().ok()?;
    let seconds = now.as_second().checked_sub(published.as_second())?;
    (seconds >= 0).then_some(seconds / SECONDS_OF_A_DAY)
}

const EXCEPTION: &[Field<ExceptionUse>] = &[
    ("class", |one| text(one.exception.class.as_str())),
    ("id", |one| some(one.exception.id.as_deref())),
    ("aliases", |one| some_texts(one.exception.aliases.iter().map(String::as_str))),
    ("package", |one| some(one.exception.package.as_deref())),
    ("purl", |one| some(one.exception.purl.as_deref())),
    ("version", |one| some(one.exception.version.as_deref())),
    ("versions", |one| one.exception.versions.as_ref().and_then(|range| text(&range.to_string()))),
    ("paths", |one| some_texts(one.exception.paths.as_ref()?.patterns().iter().map(String::as_str))),
    ("environments", |one| some_texts(one.exception.environments.iter().map(String::as_str))),
    ("vex", |one| text(one.exception.vex.as_ref()?.status.as_str())),
    ("images", |one| some_texts(one.exception.images.iter().map(String::as_str))),
    ("reason", |one| text(&one.exception.reason)),
    ("owner", |one| text(&one.exception.owner)),
    ("ticket", |one| some(one.exception.ticket.as_deref())),
    ("created", |one| text(&one.exception.created.to_string())),
    ("expires", |one| text(&one.exception.expires.to_string())),
    ("untilFixed", |one| Some(Value::from(one.exception.until_fixed))),
    ("state", |one| text(one.state.as_str())),
    ("broad", |one| Some(Value::from(one.broad))),
    ("suppresses", |one| count(one.suppressed)),
];

const PACKAGE: &[Field<Package>] = &[
    ("name", |package| text(&package.name)),
    ("source", |package| some(package.source.as_deref())),
    ("version", |package| text(&package.version)),
    ("purl", |package| some(package.purl.as_deref())),
    ("path", |package| some(package.path.as_deref())),
    ("layer", |package| some(package.layer.as_deref())),
];

fn packages<'p>(packages: impl IntoIterator<Item = &'p Package>) -> Value {
    Table::new(PACKAGE).objects(packages)
}

const STATEMENT: &[Field<Statement>] = &[
    ("kind", |one| text(one.facts.kind().as_str())),
    ("file", |one| text(&one.file)),
    ("signers", |one| match &one.signed {
        Signed::By(names) => texts(names.iter().map(String::as_str)),
        Signed::Unsigned => texts([]),
    }),
    ("issued", |one| text(&whole_seconds(one.issued?).to_string())),
    ("tool", |one| one.facts.view().and_then(|(tool, _)| text(tool))),
    ("seen", |one| one.facts.view().and_then(|(_, seen)| text(seen.as_str()))),
    ("outcome", |one| match &one.facts {
        Facts::TestResult { outcome, .. } => text(match outcome {
            TestOutcome::Passed => "passed",
            TestOutcome::Warned => "warned",
            TestOutcome::Failed => "failed",
        }),
        _ => None,
    }),
    ("passed", |one| tests(one).map(|(passed, _, _)| Value::from(passed))),
    ("failed", |one| tests(one).map(|(_, failed, _)| Value::from(failed))),
    ("skipped", |one| tests(one).map(|(_, _, skipped)| Value::from(skipped))),
    ("packages", |one| match &one.facts {
        Facts::Vulns { packages, .. } | Facts::Sbom { packages, .. } | Facts::SpdxSbom { packages } => {
            Some(Value::from(*packages))
        }
        _ => None,
    }),
    ("findings", |one| match &one.facts {
        Facts::Vulns { findings, .. } => count(findings.len()),
        _ => None,
    }),
    ("database", |one| match &one.facts {
        Facts::Vulns { database, .. } => text(&whole_seconds((*database)?).to_string()),
        _ => None,
    }),
    ("sampleDatabase", |one| match &one.facts {
        Facts::Vulns { sample, .. } => Some(Value::from(*sample)),
        _ => None,
    }),
    ("lookedFor", |one| match &one.facts {
        Facts::Vulns { looked_for, .. } => texts(looked_for.iter().map(|class| class.as_str())),
        _ => None,
    }),
    ("basePassed", |one| match &one.facts {
        Facts::BaseVsa { passed, .. } => Some(Value::from(*passed)),
        _ => None,
    }),
    ("levels", |one| match &one.facts {
        Facts::BaseVsa { levels, .. } => texts(levels.iter().map(String::as_str)),
        _ => None,
    }),
];

fn tests(statement: &Statement) -> Option<(u64, u64, u64)> {
    match &statement.facts {
        Facts::TestResult { passed, failed, skipped, .. } => Some((*passed, *failed, *skipped)),
        _ => None,
    }
}

const REASON: &[Field<Reason>] = &[
    ("code", |reason| text(&reason.code)),
    ("weight", |reason| text(weight(reason.weight))),
    ("message", |reason| text(&reason.message)),
    ("evidence", |reason| texts(reason.evidence.iter().map(String::as_str))),
];

const CHANGES: &[Field<Changes>] = &[
    ("since", |changes| text(&changes.since)),
    ("new", |changes| Some(Table::new(CHANGED).objects(&changes.new))),
    ("fixed", |changes| Some(Table::new(CHANGED).objects(&changes.fixed))),
    ("unchanged", |changes| count(changes.unchanged)),
    ("added", |changes| Some(packages(&changes.added))),
    ("removed", |changes| Some(packages(&changes.removed))),
    ("upgraded", |changes| Some(Table::new(UPGRADED).objects(&changes.upgraded))),
];

const UPGRADED: &[Field<(Package, Package)>] = &[
    ("from", |pair| Some(Table::new(PACKAGE).object(&pair.0))),
    ("to", |pair| Some(Table::new(PACKAGE).object(&pair.1))),
];

const CHANGED: &[Field<Changed>] = &[
    ("class", |one| text(one.class.as_str())),
    ("id", |one| text(&one.id)),
    ("severity", |one| text(one.severity.as_str())),
    ("package", |one| some(Some(&one.package))),
    ("installed", |one| some(Some(&one.version))),
    ("path", |one| some(one.path.as_deref())),
    ("fixedVersion", |one| some(one.fixed_version.as_deref())),
];

const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Fail => "fail",
        Weight::Review => "review",
        Weight::Note => "note",
    }
}

/// Fractions of a second are no part of a decision.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
