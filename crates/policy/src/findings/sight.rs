//! What is known about one finding beyond its own record, looked up once.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use model::{Class, Finding, Package};

use crate::evidence::Evidence;
use crate::policy::Score;

/// Where a package came into the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The image that this one is built on has it, in the same version.
    Base,
    /// This image brought it.
    Image,
}

impl Origin {
    /// As policies write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Image => "image",
        }
    }
}

/// Looks findings up in everything that is not the scan.
pub(super) struct Lookup<'e> {
    evidence: &'e Evidence,
    now: Timestamp,
    base: Option<HashSet<Identity<'e>>>,
}

/// A package, whatever the path or the qualifiers.
type Identity<'p> = (&'p str, &'p str, &'p str);

fn identity(package: &Package) -> Identity<'_> {
    (package.ecosystem(), &package.name, &package.version)
}

/// What was looked up about a finding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    pub(super) epss: Option<Score>,
    pub(super) kev: Option<bool>,
    pub(super) origin: Option<Origin>,
    now: Timestamp,
}

impl<'e> Lookup<'e> {
    pub(super) fn new(evidence: &'e Evidence, now: Timestamp) -> Self {
        let base = evidence.base_packages.as_ref();
        Self { evidence, now, base: base.map(|packages| packages.iter().map(identity).collect()) }
    }

    pub(super) fn at(&self, finding: &Finding) -> Sight {
        let feeds = &self.evidence.feeds;
        let vulnerable = finding.class == Class::Vulnerability;
        Sight {
            epss: feeds.epss.as_ref().filter(|_| vulnerable).and_then(|feed| feed.score(finding)),
            kev: feeds.kev.as_ref().map(|feed| vulnerable && feed.lists(finding)),
            origin: self.origin(&finding.package),
            now: self.now,
        }
    }

    /// Without a base, everything is the image's own; with one whose packages nobody knows, nobody knows.
    fn origin(&self, package: &Package) -> Option<Origin> {
        if self.evidence.image.base.is_none() {
            return Some(Origin::Image);
        }
        let base = self.base.as_ref().filter(|_| !package.name.is_empty())?;
        Some(if base.contains(&identity(package)) { Origin::Base } else { Origin::Image })
    }
}

impl Sight {
    /// How long ago it was published; none where that is not known, or is no date in the past.
    pub(super) fn age(&self, finding: &Finding) -> Option<SignedDuration> {
        let published: Timestamp = finding.published.as_deref()?.parse().ok()?;
        Some(published.duration_until(self.now)).filter(|age| !age.is_negative())
    }
}
