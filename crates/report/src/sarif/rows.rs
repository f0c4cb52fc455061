//! Which findings are shown, and in which order.

use std::cmp::Reverse;
use std::collections::HashMap;

use model::{Class, Finding};

use super::text::plain;
use super::{Entry, MAX_RESULTS, Run, SarifError};

/// Everything that could be shown of one run: what is kept in its order, then the rest.
pub(super) struct Rows<'a, 'r> {
    pub(super) run: &'r Run<'r>,
    all: Vec<Row<'a>>,
    pub(super) suppressed: usize,
    /// Findings that are the same alert as another: other versions of a package at one place.
    pub(super) same: usize,
}

pub(super) struct Row<'a> {
    pub(super) entry: Entry<'a>,
    /// The how-manieth it is of those with one identity.
    pub(super) ordinal: usize,
    /// Others that are the same alert.
    pub(super) others: Vec<&'a Finding>,
}

impl<'a, 'r> Rows<'a, 'r> {
    pub(super) fn new(
        run: &'r Run<'r>,
        entries: impl IntoIterator<Item = Entry<'a>>,
    ) -> Result<Self, SarifError> {
        for (what, text) in [("location", run.location.unwrap_or_default()), ("family", run.family)] {
            if text.split(|c: char| !c.is_ascii_hexdigit()).any(|part| part.len() >= 40) {
                return Err(SarifError::Digest { what, text: plain(text, 120) });
            }
        }
        let entries = entries.into_iter();
        // In an image an alert is a fingerprint: of several findings with one, the worst is shown. In a file each is.
        let (before, mut all) =
            if run.location.is_some() { one_per_alert(entries) } else { one_per_place(entries) };
        first(&mut all, MAX_RESULTS);
        let suppressed = all.iter().filter(|row| !row.entry.suppressed.is_empty()).count();
        Ok(Self { run, suppressed, same: before - all.len(), all })
    }

    pub(super) const fn total(&self) -> usize {
        self.all.len()
    }

    pub(super) fn kept(&self, most: usize) -> &[Row<'a>] {
        self.all.get(..most).unwrap_or(&self.all)
    }
}

/// Brings the first rows to the front, in their order. What is cut anyway needs none.
fn first(all: &mut [Row<'_>], most: usize) {
    let kept = if all.len() > most {
        all.select_nth_unstable_by(most, |a, b| a.order().cmp(&b.order())).0
    } else {
        all
    };
    kept.sort_by(|a, b| a.order().cmp(&b.order()));
}

/// How many there were, and a row for each fingerprint.
fn one_per_alert<'a>(entries: impl Iterator<Item = Entry<'a>>) -> (usize, Vec<Row<'a>>) {
    let mut before = 0;
    let most = entries.size_hint().1.unwrap_or_default();
    let mut at: HashMap<_, usize> = HashMap::with_capacity(most);
    let mut rows: Vec<Row<'a>> = Vec::new();
    for entry in entries {
        before += 1;
        let next = Row::of(entry);
        let place = *at.entry(identity(entry.finding)).or_insert(rows.len());
        match rows.get_mut(place) {
            Some(row) => row.join(next),
            None => rows.push(next),
        }
    }
    for row in &mut rows {
        row.others.sort_by(|a, b| told(a).cmp(&told(b)));
    }
    (before, rows)
}

/// How many there were, and a row for each that is not told twice.
fn one_per_place<'a>(entries: impl Iterator<Item = Entry<'a>>) -> (usize, Vec<Row<'a>>) {
    let mut rows: Vec<Row<'a>> = entries.map(Row::of).collect();
    let before = rows.len();
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
    rows.dedup_by(|a, b| a.order() == b.order());
    let mut seen: HashMap<_, usize> = HashMap::new();
    for row in &mut rows {
        let count = seen.entry(identity(row.entry.finding)).or_default();
        *count += 1;
        row.ordinal = *count;
    }
    (before, rows)
}

impl<'a> Row<'a> {
    const fn of(entry: Entry<'a>) -> Self {
        Self { entry, ordinal: 1, others: Vec::new() }
    }

    /// Takes another finding that is the same alert, and shows the first by the order.
    fn join(&mut self, mut other: Self) {
        if other.order() < self.order() {
            std::mem::swap(&mut self.entry, &mut other.entry);
        }
        self.others.push(other.entry.finding);
    }

    fn order(&self) -> impl Ord + use<'_> {
        let finding = self.entry.finding;
        (
            // What an exception suppresses is cut before what stands.
            (!self.entry.suppressed.is_empty(), finding.kev.is_none()),
            Reverse(finding.severity.rank_for_decision()),
            Reverse(finding.epss.as_ref().map_or(0, |epss| (epss.score * 1e6) as u64)),
            (!finding.fixable(), finding.class),
            (&finding.id, &finding.package, finding.region),
            (&finding.title, &finding.fixed_version, &finding.scanner),
        )
    }
}

/// What the fingerprint is made of.
fn identity(finding: &Finding) -> (Class, &str, &str, &str) {
    let package = &finding.package;
    (finding.class, &finding.id, package.identity(), package.path.as_deref().unwrap_or_default())
}

/// What is told of another finding that is the same alert.
fn told(finding: &Finding) -> (&str, &str) {
    (&finding.package.version, &finding.scanner)
}
