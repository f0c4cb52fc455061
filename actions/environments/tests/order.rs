//! The order of the calls, over every combination of what is there and what is asked: wherever it breaks off,
//! nothing protects less than before or than asked, and running again leads to the same end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use environments::{Branches, Change, Environment, Found, Needs, Pair, rows, steps};
use github::BranchMode;
use github::environments::{Pattern, PatternId, Person, PersonId, Protection, Ref, Settings, Variable};
use policy::At;

fn person(id: i64) -> Person {
    Person { id: PersonId::User(id), name: format!("p{id}") }
}

fn named(names: &[&str]) -> BTreeSet<(Ref, String)> {
    names.iter().map(|name| (Ref::Branch, (*name).to_owned())).collect()
}

/// What GitHub does with a call.
fn act(found: &mut Option<Found>, change: &Change, next: i64) {
    match change {
        Change::Protect(rules) | Change::Loosen(rules) => {
            let found = found.get_or_insert_with(|| Found {
                settings: settings(&[], false, 0, BranchMode::Any, true),
                patterns: vec![],
                variables: vec![],
                secrets: vec![],
            });
            set(found, rules);
        }
        Change::AddPattern(of, name) => {
            let found = found.as_mut().unwrap();
            assert_eq!(found.settings.branches, BranchMode::Named, "a pattern wants named branches");
            if !found.patterns.iter().any(|one| one.of == *of && one.name == *name) {
                found.patterns.push(Pattern { id: PatternId(next), of: *of, name: name.clone() });
            }
        }
        Change::RemovePattern(id, _, _) => found.as_mut().unwrap().patterns.retain(|one| one.id != *id),
        Change::AddVariable(variable) => {
            let variables = &mut found.as_mut().unwrap().variables;
            assert!(variables.iter().all(|one| one.name != variable.name));
            variables.push(variable.clone());
        }
        Change::SetVariable(variable) => {
            let variables = &mut found.as_mut().unwrap().variables;
            variables.iter_mut().find(|one| one.name == variable.name).unwrap().value =
                variable.value.clone();
        }
        Change::RemoveVariable(name) => found.as_mut().unwrap().variables.retain(|one| one.name != *name),
    }
}

fn set(found: &mut Found, rules: &Protection) {
    found.settings.reviewers =
        rules.reviewers.iter().map(|id| Person { id: *id, name: "p".to_owned() }).collect();
    found.settings.prevents_self_review = rules.prevent_self_review;
    found.settings.wait_minutes = rules.wait_minutes;
    found.settings.branches = rules.branches;
    found.settings.admins_bypass = Some(rules.admins_bypass);
    if rules.branches != BranchMode::Named {
        found.patterns.clear();
    }
}

fn settings(reviewers: &[i64], own: bool, wait: u32, branches: BranchMode, bypass: bool) -> Settings {
    Settings {
        name: "production".to_owned(),
        reviewers: reviewers.iter().map(|id| person(*id)).collect(),
        prevents_self_review: own && !reviewers.is_empty(),
        wait_minutes: wait,
        branches,
        admins_bypass: Some(bypass),
    }
}

/// How protected something is: smaller sets and later times protect more.
#[derive(Clone)]
struct Guard {
    /// Nobody: everybody.
    reviewers: BTreeSet<PersonId>,
    own: bool,
    wait: u32,
    bypass: bool,
    open_to: BTreeSet<&'static str>,
}

fn guard(found: Option<&Found>) -> Guard {
    let Some(found) = found else {
        // The first job in it would make it, without any rule; but until then no secret is in it.
        return Guard {
            reviewers: BTreeSet::new(),
            own: false,
            wait: 0,
            bypass: true,
            open_to: ["main", "dev", "protected", "other"].into(),
        };
    };
    let settings = &found.settings;
    let has = |name: &str| found.patterns.iter().any(|one| one.name == name);
    Guard {
        reviewers: settings.reviewers.iter().map(|one| one.id).collect(),
        own: settings.prevents_self_review && !settings.reviewers.is_empty(),
        wait: settings.wait_minutes,
        bypass: settings.admins_bypass == Some(true),
        open_to: match settings.branches {
            BranchMode::Any => ["main", "dev", "protected", "other"].into(),
            BranchMode::Protected => ["protected"].into(),
            BranchMode::Named => ["main", "dev"].into_iter().filter(|name| has(name)).collect(),
        },
    }
}

/// Whether the rules are at least these, branches aside.
fn at_least(now: &Guard, than: &Guard) -> bool {
    let reviewers =
        than.reviewers.is_empty() || (!now.reviewers.is_empty() && now.reviewers.is_subset(&than.reviewers));
    let own = !than.own || now.own;
    reviewers && own && now.wait >= than.wait && (than.bypass || !now.bypass)
}

/// Every branch that is open was so before, under rules no stricter than now; or is to be, likewise.
fn is_safe(now: &Guard, before: &Guard, asked: &Guard) -> bool {
    let by = |than: &Guard, branch: &&&str| than.open_to.contains(**branch) && at_least(now, than);
    now.open_to.iter().all(|branch| by(before, &branch) || by(asked, &branch))
}

fn there() -> Vec<Option<Found>> {
    let mut all = vec![None];
    for reviewers in [&[][..], &[1], &[2], &[1, 2]] {
        for own in [false, true] {
            for bypass in [false, true] {
                for wait in [0, 30] {
                    for (mode, names) in [
                        (BranchMode::Any, &[][..]),
                        (BranchMode::Protected, &[]),
                        (BranchMode::Named, &[]),
                        (BranchMode::Named, &["main"]),
                        (BranchMode::Named, &["main", "dev"]),
                    ] {
                        let patterns = names.iter().zip(1..).map(|(name, id)| Pattern {
                            id: PatternId(id),
                            of: Ref::Branch,
                            name: (*name).to_owned(),
                        });
                        all.push(Some(Found {
                            settings: settings(reviewers, own, wait, mode, bypass),
                            patterns: patterns.collect(),
                            variables: vec![
                                Variable { name: "KEPT".into(), value: "1".into() },
                                Variable { name: "OLD".into(), value: "1".into() },
                            ],
                            secrets: vec![],
                        }));
                    }
                }
            }
        }
    }
    all
}

fn asked() -> Vec<(Environment, Option<Vec<Person>>)> {
    let mut all = Vec::new();
    for reviewers in [None, Some(&[][..]), Some(&[1][..]), Some(&[3]), Some(&[1, 2])] {
        for prevent_self_review in [false, true] {
            for admins_can_bypass in [false, true] {
                for wait_minutes in [None, Some(0), Some(20)] {
                    for branches in [
                        None,
                        Some(Branches::Protected),
                        Some(Branches::Named(named(&[]))),
                        Some(Branches::Named(named(&["dev"]))),
                        Some(Branches::Named(named(&["main"]))),
                    ] {
                        let wanted = Environment {
                            name: "Production".to_owned(),
                            at: At::new(1, 1),
                            reviewers: None,
                            prevent_self_review,
                            admins_can_bypass,
                            wait_minutes,
                            branches,
                            variables: Some(BTreeMap::from([
                                ("KEPT".to_owned(), "2".to_owned()),
                                ("NEW".to_owned(), "1".to_owned()),
                            ])),
                            secrets: BTreeMap::new(),
                            needs: Needs::default(),
                        };
                        let reviewers =
                            reviewers.map(|ids| ids.iter().map(|id| person(*id)).collect::<Vec<_>>());
                        all.push((wanted, reviewers));
                    }
                }
            }
        }
    }
    all
}

#[test]
fn wherever_it_breaks_off_nothing_protects_less_and_it_can_be_run_again() {
    let (there, asked) = (there(), asked());
    let mut broken_off = 0;
    for found in &there {
        for (wanted, reviewers) in &asked {
            let pair = |found: &Option<Found>| Pair {
                wanted: wanted.clone(),
                reviewers: reviewers.clone(),
                found: found.clone(),
            };
            let finish = |from: &Option<Found>| {
                let mut now = from.clone();
                for (step, next) in steps(&[pair(&now)]).iter().zip(100..) {
                    act(&mut now, &step.change, next);
                }
                now
            };
            let end = finish(found);
            let left = rows(&pair(&end));
            assert!(left.iter().all(|row| !row.standing.is_change()), "{found:?} {wanted:?}: {left:?}");
            assert_eq!(steps(&[pair(&end)]), [], "{found:?} {wanted:?}");

            let (before, target) = (guard(found.as_ref()), guard(end.as_ref()));
            let mut now = found.clone();
            for (step, next) in steps(&[pair(found)]).iter().zip(100..) {
                act(&mut now, &step.change, next);
                let guard = guard(now.as_ref());
                assert!(is_safe(&guard, &before, &target), "{step:?}: {found:?} {wanted:?}");
                let again = finish(&now).unwrap();
                assert_eq!(plain(again), plain(end.clone().unwrap()), "{step:?}: {found:?} {wanted:?}");
                broken_off += 1;
            }
        }
    }
    println!("{} x {} plans, broken off at {broken_off} places", there.len(), asked.len());
    assert!(broken_off > 100_000);
}

/// Without what does not matter: names of people, numbers of patterns, the order of lists.
fn plain(mut found: Found) -> Found {
    found.settings.reviewers.iter_mut().for_each(|one| one.name.clear());
    found.patterns.iter_mut().for_each(|one| one.id = PatternId(0));
    found.patterns.sort_by(|a, b| a.name.cmp(&b.name));
    found.variables.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Protecting comes before opening, over all environments.
#[test]
fn what_protects_comes_first_over_all_environments() {
    let (there, asked) = (there(), asked());
    let pair = |found: &Option<Found>, at: usize| Pair {
        wanted: asked[at].0.clone(),
        reviewers: asked[at].1.clone(),
        found: found.clone(),
    };
    let pairs: Vec<Pair> = there.iter().zip(0..).map(|(found, at)| pair(found, at % asked.len())).collect();
    let phase = |change: &Change| match change {
        Change::RemovePattern(..) | Change::Protect(_) => 0,
        Change::AddVariable(_) | Change::SetVariable(_) | Change::RemoveVariable(_) => 1,
        Change::AddPattern(..) | Change::Loosen(_) => 2,
    };
    let phases: Vec<i32> = steps(&pairs).iter().map(|step| phase(&step.change)).collect();
    assert!(phases.is_sorted() && phases.first() == Some(&0) && phases.last() == Some(&2));
}
