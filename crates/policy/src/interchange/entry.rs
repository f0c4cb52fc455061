//! What an import gives: entries on their way into a file of ours.

use jiff::civil::Date;

use crate::problem::At;

/// What was read from another tool's file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// In the order of the source.
    pub entries: Vec<Entry>,
    /// What the source says outside of its entries, and ours cannot.
    pub strays: Vec<Objection>,
}

/// One exception of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands in the source.
    pub at: At,
    /// What it is about.
    pub terms: Terms,
    /// Why, if the source says so.
    pub reason: Option<String>,
    /// The last day on which it holds in the source, UTC.
    pub expires: Option<Date>,
    /// What the source says of the vulnerability's effect.
    pub vex: Option<Vex>,
    /// What the source says besides, for people.
    pub comments: Vec<String>,
    /// Why it cannot be taken over. None: it can.
    pub objections: Vec<Objection>,
}

/// What an entry is about, in the words of our own format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The id; without one, everything about a package.
    pub id: Option<String>,
    /// Other ids of the same vulnerability.
    pub aliases: Vec<String>,
    /// The kind of finding; none for a vulnerability.
    pub class: Option<&'static str>,
    /// The package, by name.
    pub package: Option<String>,
    /// The package, by the beginning of its purl.
    pub purl: Option<String>,
    /// Exactly this version.
    pub version: Option<String>,
    /// Globs on the path in the image.
    pub paths: Vec<String>,
    /// Whether it ends with the first fix.
    pub until_fixed: bool,
}

/// What VEX says of a vulnerability in a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vex {
    /// One of the four words.
    pub status: String,
    /// Why not affected, in a word.
    pub justification: Option<String>,
    /// Why not affected, in prose.
    pub impact: Option<String>,
    /// What to do.
    pub action: Option<String>,
}

/// Why something was not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Where in the source.
    pub at: At,
    /// What is in the way.
    pub what: String,
    /// What to do about it.
    pub mend: String,
    /// What it costs.
    pub effect: Effect,
}

/// What it costs that something was not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The source suppresses findings by it, and the import does not.
    Lost,
    /// It suppresses nothing in the source either.
    Idle,
}

impl Entry {
    /// An entry at a place, with nothing said yet.
    pub(super) fn at(at: At) -> Self {
        Self { at, ..Self::default() }
    }

    /// Whether it is taken over.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.objections.is_empty()
    }

    /// It suppresses in the source, and cannot be said here.
    pub(super) fn lost(&mut self, at: At, what: impl Into<String>, mend: impl Into<String>) {
        self.objections.push(Objection::new(Effect::Lost, at, what, mend));
    }

    /// It suppresses nothing in the source either.
    pub(super) fn idle(&mut self, at: At, what: impl Into<String>, mend: impl Into<String>) {
        self.objections.push(Objection::new(Effect::Idle, at, what, mend));
    }
}

impl Objection {
    pub(super) fn new(effect: Effect, at: At, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { at, what: what.into(), mend: mend.into(), effect }
    }
}

impl Imported {
    /// Every objection, in the order of the source.
    #[must_use]
    pub fn objections(&self) -> Vec<&Objection> {
        let all = self.entries.iter().flat_map(|entry| &entry.objections).chain(&self.strays);
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|objection| objection.at);
        all
    }

    /// How many entries are taken over.
    #[must_use]
    pub fn active(&self) -> usize {
        self.entries.iter().filter(|entry| entry.is_active()).count()
    }

    /// Whether the source suppresses anything that the import does not.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.objections().iter().all(|objection| objection.effect == Effect::Idle)
    }
}
