//! Packages of two images side by side.

use std::collections::{BTreeMap, BTreeSet};

use model::Package;

use crate::findings::ecosystem;

/// What became of packages.
#[derive(Debug, Default)]
pub(super) struct Moves {
    pub(super) added: Vec<Package>,
    pub(super) removed: Vec<Package>,
    pub(super) upgraded: Vec<(Package, Package)>,
}

/// A package's name in its ecosystem, and its versions: an image may have several of one (kernels,
/// libraries of an application), and the same in many places.
type Versions<'p> = BTreeMap<(&'p str, &'p str), BTreeMap<&'p str, &'p Package>>;

/// Of a name's versions, those of only one image are paired in their order: each pair is an upgrade, and
/// what is left over came or went.
pub(super) fn compare(before: &BTreeSet<Package>, now: &BTreeSet<Package>) -> Moves {
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
        let name = (ecosystem(package), package.name.as_str());
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
