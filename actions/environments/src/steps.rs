//! The calls that lead from what GitHub has to what the file says, pure and in their order: what protects comes
//! first and what loosens last, over all environments, so that wherever it breaks off nothing protects less than
//! both before and as asked.

use std::collections::{BTreeMap, BTreeSet};

use github::BranchMode;
use github::environments::{PatternId, PersonId, Protection, Ref, Settings, Variable};

use crate::file::Branches;
use crate::found::Pair;

/// One call. In the order of the phases: an earlier variant is called before a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Closes to a branch or tag.
    RemovePattern(PatternId, Ref, String),
    /// Makes the environment, or sets of each rule the stricter one.
    Protect(Protection),
    /// Makes a variable.
    AddVariable(Variable),
    /// Changes a variable.
    SetVariable(Variable),
    /// Takes a variable away.
    RemoveVariable(String),
    /// Opens to a branch or tag.
    AddPattern(Ref, String),
    /// Sets the rules as the file has them.
    Loosen(Protection),
}

impl Change {
    const fn phase(&self) -> u8 {
        match self {
            Self::RemovePattern(..) => 0,
            Self::Protect(_) => 1,
            Self::AddVariable(_) | Self::SetVariable(_) | Self::RemoveVariable(_) => 2,
            Self::AddPattern(..) => 3,
            Self::Loosen(_) => 4,
        }
    }
}

/// One call, and the environment that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name, in GitHub's letters where it is there.
    pub environment: String,
    /// The call.
    pub change: Change,
}

/// All calls, in their order.
#[must_use]
pub fn steps(pairs: &[Pair]) -> Vec<Step> {
    let mut all = Vec::new();
    for pair in pairs {
        let name = pair.found.as_ref().map_or(&pair.wanted.name, |found| &found.settings.name);
        all.extend(of(pair).into_iter().map(|change| Step { environment: name.clone(), change }));
    }
    // Stable: the file's order within a phase.
    all.sort_by_key(|step| step.change.phase());
    all
}

fn of(pair: &Pair) -> Vec<Change> {
    let mut changes = Vec::new();
    let target = target(pair);
    let before = pair.found.as_ref().map(|found| protection(&found.settings, target.admins_bypass));
    let guard = before.as_ref().map_or_else(|| target.clone(), |before| stricter(before, &target));
    if before.as_ref() != Some(&guard) {
        changes.push(Change::Protect(guard.clone()));
    }
    if guard != target {
        changes.push(Change::Loosen(target.clone()));
    }
    match &pair.wanted.branches {
        Some(Branches::Named(wanted)) => patterns(pair, wanted, &mut changes),
        // What a pattern opens may be open to others until the protected ones are: closed first, all of them.
        Some(Branches::Protected) => patterns(pair, &BTreeSet::new(), &mut changes),
        None => {}
    }
    if let Some(wanted) = &pair.wanted.variables {
        variables(pair, wanted, &mut changes);
    }
    changes
}

/// The rules that the environment ends up with.
fn target(pair: &Pair) -> Protection {
    let found = pair.found.as_ref().map(|found| &found.settings);
    let ids = |people: &[github::environments::Person]| people.iter().map(|one| one.id).collect::<Vec<_>>();
    let kept = || found.map(|settings| ids(&settings.reviewers)).unwrap_or_default();
    plain(Protection {
        reviewers: pair.reviewers.as_deref().map_or_else(kept, ids),
        prevent_self_review: pair.wanted.prevent_self_review,
        wait_minutes: pair.wanted.wait_minutes.or(found.map(|settings| settings.wait_minutes)).unwrap_or(0),
        branches: match &pair.wanted.branches {
            Some(Branches::Protected) => BranchMode::Protected,
            Some(Branches::Named(_)) => BranchMode::Named,
            None => found.map_or(BranchMode::Any, |settings| settings.branches),
        },
        admins_bypass: pair.wanted.admins_can_bypass,
    })
}

/// The rules as they are. Where the server does not say whether administrators may pass, nothing is done about it
/// alone.
fn protection(settings: &Settings, bypass: bool) -> Protection {
    plain(Protection {
        reviewers: settings.reviewers.iter().map(|one| one.id).collect(),
        prevent_self_review: settings.prevents_self_review,
        wait_minutes: settings.wait_minutes,
        branches: settings.branches,
        admins_bypass: settings.admins_bypass.unwrap_or(bypass),
    })
}

/// In a form in which equal rules are equal.
fn plain(mut rules: Protection) -> Protection {
    rules.reviewers.sort_unstable();
    rules.reviewers.dedup();
    rules.prevent_self_review &= !rules.reviewers.is_empty();
    rules
}

/// Of each rule the stricter one.
fn stricter(before: &Protection, target: &Protection) -> Protection {
    plain(Protection {
        reviewers: fewer(&before.reviewers, &target.reviewers),
        prevent_self_review: before.prevent_self_review || target.prevent_self_review,
        wait_minutes: before.wait_minutes.max(target.wait_minutes),
        branches: match (before.branches, target.branches) {
            (BranchMode::Any, other) | (other, BranchMode::Any) => other,
            (BranchMode::Protected, BranchMode::Protected) => BranchMode::Protected,
            // Named ones are opened one by one, at the end.
            _ => BranchMode::Named,
        },
        admins_bypass: before.admins_bypass && target.admins_bypass,
    })
}

/// Those who may agree by both; where there is nobody, those of the file, since nobody would be everybody.
fn fewer(before: &[PersonId], target: &[PersonId]) -> Vec<PersonId> {
    if target.is_empty() {
        return before.to_vec();
    }
    let both: Vec<_> = target.iter().filter(|id| before.contains(id)).copied().collect();
    if both.is_empty() { target.to_vec() } else { both }
}

fn patterns(pair: &Pair, wanted: &BTreeSet<(Ref, String)>, changes: &mut Vec<Change>) {
    let mut there = BTreeSet::new();
    for pattern in pair.found.iter().flat_map(|found| &found.patterns) {
        let one = (pattern.of, pattern.name.clone());
        // One that is there twice is kept once.
        if !wanted.contains(&one) || !there.insert(one.clone()) {
            changes.push(Change::RemovePattern(pattern.id, one.0, one.1));
        }
    }
    // What is left over from another mode may go when the mode is set.
    if pair.found.as_ref().is_none_or(|found| found.settings.branches != BranchMode::Named) {
        there.clear();
    }
    let missing = wanted.iter().filter(|one| !there.contains(*one));
    changes.extend(missing.map(|(of, name)| Change::AddPattern(*of, name.clone())));
}

fn variables(pair: &Pair, wanted: &BTreeMap<String, String>, changes: &mut Vec<Change>) {
    let found = pair.found.as_ref().map(|found| found.variables.as_slice()).unwrap_or_default();
    let of_name = |name: &str| found.iter().find(|variable| variable.name.eq_ignore_ascii_case(name));
    for (name, value) in wanted {
        let variable = Variable { name: name.clone(), value: value.clone() };
        match of_name(name) {
            None => changes.push(Change::AddVariable(variable)),
            Some(found) if found.value != *value => changes.push(Change::SetVariable(variable)),
            Some(_) => {}
        }
    }
    let gone = found.iter().filter(|variable| !wanted.contains_key(&variable.name.to_ascii_uppercase()));
    changes.extend(gone.map(|variable| Change::RemoveVariable(variable.name.clone())));
}
