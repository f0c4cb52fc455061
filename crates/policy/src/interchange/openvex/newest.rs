//! Documents are sequences: a later statement about the same takes the place of an earlier one.

use std::collections::HashMap;

use jiff::Timestamp;

/// What a statement is about, one package in one product.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// Every name of the vulnerability.
    pub(super) names: Vec<String>,
    /// The product; none where the package itself is the product.
    pub(super) product: Option<String>,
    /// The package and its version; none for the product as a whole.
    pub(super) part: Option<(String, Option<String>)>,
    /// Since when.
    pub(super) since: Timestamp,
    /// Whether scanners stop showing the finding.
    pub(super) suppresses: bool,
}

#[derive(PartialEq, Eq, Hash, Clone)]
enum Scope {
    /// The product as a whole.
    Whole,
    /// Anything in it.
    Anything,
    /// A package in just this version, or in all of them.
    Exactly(String, Option<String>),
    /// A package in whichever version.
    Package(String),
}

type Key<'c> = (&'c str, Option<&'c str>, Scope);

/// For each claim the later one that takes its place, if there is one. Where two overlap and the later
/// one says that the product is affected, the earlier one has no say about the rest either: closed, not
/// clever.
pub(super) fn superseded(claims: &[Claim]) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..claims.len()).collect();
    order.sort_by_key(|index| (claims[*index].since, *index));
    // Newest first: whatever is in the tables by then is newer.
    let mut against: HashMap<Key<'_>, usize> = HashMap::new();
    let mut same: HashMap<Key<'_>, usize> = HashMap::new();
    let mut found = vec![None; claims.len()];
    for index in order.into_iter().rev() {
        let claim = &claims[index];
        let product = claim.product.as_deref();
        for name in &claim.names {
            let later =
                asks(claim).into_iter().find_map(|scope| against.get(&(name.as_str(), product, scope)));
            let again = same.get(&(name.as_str(), product, own(claim)));
            found[index] = found[index].or_else(|| later.or(again).copied());
        }
        for name in &claim.names {
            same.entry((name, product, own(claim))).or_insert(index);
            if !claim.suppresses {
                for scope in touches(claim) {
                    against.entry((name, product, scope)).or_insert(index);
                }
            }
        }
    }
    found
}

fn own(claim: &Claim) -> Scope {
    match &claim.part {
        None => Scope::Whole,
        Some((base, version)) => Scope::Exactly(base.clone(), version.clone()),
    }
}

/// Where a statement against this one would stand.
fn asks(claim: &Claim) -> Vec<Scope> {
    match &claim.part {
        None => vec![Scope::Anything],
        Some((base, None)) => vec![Scope::Whole, Scope::Package(base.clone())],
        Some((base, version)) => {
            vec![
                Scope::Whole,
                Scope::Exactly(base.clone(), None),
                Scope::Exactly(base.clone(), version.clone()),
            ]
        }
    }
}

/// Where this one stands against others.
fn touches(claim: &Claim) -> Vec<Scope> {
    match &claim.part {
        None => vec![Scope::Whole, Scope::Anything],
        Some((base, _)) => vec![own(claim), Scope::Package(base.clone()), Scope::Anything],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(
        names: &[&str],
        product: Option<&str>,
        part: Option<(&str, Option<&str>)>,
        at: i64,
        yes: bool,
    ) -> Claim {
        Claim {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            product: product.map(str::to_owned),
            part: part.map(|(base, version)| (base.to_owned(), version.map(str::to_owned))),
            since: Timestamp::from_second(at).unwrap(),
            suppresses: yes,
        }
    }

    #[test]
    fn truth_table() {
        let any = Some(("deb/x", None));
        let one = Some(("deb/x", Some("1")));
        let two = Some(("deb/x", Some("2")));
        let other = Some(("deb/y", None));
        for (old, new, gone) in [
            // The same, said again or otherwise.
            ((any, true), (any, true), true),
            ((any, true), (any, false), true),
            ((one, true), (one, false), true),
            // Of all versions one is affected; of one version all are.
            ((any, true), (one, false), true),
            ((one, true), (any, false), true),
            ((one, true), (any, true), false),
            ((any, true), (one, true), false),
            // Different versions and packages have nothing to do with each other.
            ((one, true), (two, false), false),
            ((any, true), (other, false), false),
            // The product as a whole.
            ((None, true), (any, false), true),
            ((any, true), (None, false), true),
            ((any, true), (None, true), false),
        ] {
            let claims =
                [claim(&["A", "B"], Some("p"), old.0, 1, old.1), claim(&["B"], Some("p"), new.0, 2, new.1)];
            assert_eq!(superseded(&claims), [gone.then_some(1), None], "{old:?} {new:?}");
            // The order of the document is nothing against the order in time.
            let turned = [claims[1].clone(), claims[0].clone()];
            assert_eq!(superseded(&turned), [None, gone.then_some(0)], "{old:?} {new:?}");
            let elsewhere = [claims[0].clone(), Claim { product: Some("q".into()), ..claims[1].clone() }];
            assert_eq!(superseded(&elsewhere), [None, None]);
            let another = [claims[0].clone(), Claim { names: vec!["C".into()], ..claims[1].clone() }];
            assert_eq!(superseded(&another), [None, None]);
        }
        assert_eq!(superseded(&[]), []);
        let tie = [claim(&["A"], None, any, 1, true), claim(&["A"], None, any, 1, false)];
        assert_eq!(superseded(&tie), [Some(1), None], "of two at one time, the later in the document");
    }
}
