//! Packages of two images side by side.

use std::collections::{BTreeMap, BTreeSet};

use crate::Package;

/// What became of packages between two images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    /// Packages, or further versions of some, that only the image now has.
    pub added: Vec<Package>,
    /// Packages, or versions of some, that only the image before had.
    pub removed: Vec<Package>,
    /// The version before, and the one that took its place.
    pub upgraded: Vec<(Package, Package)>,
}

/// A package's name in its ecosystem, and its versions: an image may have several of one (kernels,
/// libraries of an application), and the same in many places.
type Versions<'p> = BTreeMap<(&'p str, &'p str), BTreeMap<&'p str, &'p Package>>;

/// What became of the packages of the image before. Of a name's versions, those of only one image are paired in their order: each pair is an upgrade, and
/// what is left over came or went.
#[must_use]
pub fn moves(before: &BTreeSet<Package>, now: &BTreeSet<Package>) -> Moves {
    let (before, now) = (versions(before), versions(now));
    let names: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let mut moves = Moves::default();
    for name in names {
        let gone = only(before.get(name), now.get(name));
        let come = only(now.get(name), before.get(name));
        let pairs = gone.len().min(come.len());
        let each = gone.iter().zip(&come).map(|(from, to)| ((*from).clone(), (*to).clone()));
        moves.upgraded.extend(each);
        moves.removed.extend(gone.iter().skip(pairs).map(|package| (*package).clone()));
        moves.added.extend(come.iter().skip(pairs).map(|package| (*package).clone()));
    }
    moves
}

fn versions(packages: &BTreeSet<Package>) -> Versions<'_> {
    let mut versions = Versions::new();
    for package in packages {
        let name = (package.ecosystem(), package.name.as_str());
        versions.entry(name).or_default().entry(&package.version).or_insert(package);
    }
    versions
}

fn only<'p>(
    these: Option<&BTreeMap<&'p str, &'p Package>>,
    those: Option<&BTreeMap<&'p str, &'p Package>>,
) -> Vec<&'p Package> {
    let missing = |version: &str| !those.is_some_and(|those| those.contains_key(version));
    these.into_iter().flatten().filter(|(version, _)| missing(version)).map(|(_, package)| *package).collect()
}
