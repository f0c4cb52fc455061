//! The truth table of the difference: each setting absent, equal, weaker, stronger.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use environments::{Branches, Environment, File, Found, Pair, Standing, rows};
use github::BranchMode;
use github::environments::{Pattern, PatternId, Person, PersonId, Ref, Settings, Variable};

/// What GitHub has, said shortly.
#[derive(Clone)]
struct There {
    reviewers: &'static [i64],
    own: bool,
    bypass: Option<bool>,
    wait: u32,
    mode: BranchMode,
    patterns: &'static [(Ref, &'static str)],
    variables: &'static [(&'static str, &'static str)],
    secrets: &'static [&'static str],
}

const OPEN: There = There {
    reviewers: &[],
    own: false,
    bypass: Some(false),
    wait: 0,
    mode: BranchMode::Any,
    patterns: &[],
    variables: &[],
    secrets: &[],
};

fn person(id: i64) -> Person {
    Person { id: PersonId::User(id), name: format!("p{id}") }
}

fn found(there: &There) -> Found {
    Found {
        settings: Settings {
            name: "x".to_owned(),
            reviewers: there.reviewers.iter().map(|id| person(*id)).collect(),
            prevents_self_review: there.own,
            wait_minutes: there.wait,
            branches: there.mode,
            admins_bypass: there.bypass,
        },
        patterns: there
            .patterns
            .iter()
            .map(|(of, name)| Pattern { id: PatternId(1), of: *of, name: (*name).to_owned() })
            .collect(),
        variables: there
            .variables
            .iter()
            .map(|(name, value)| Variable { name: (*name).to_owned(), value: (*value).to_owned() })
            .collect(),
        secrets: there.secrets.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// Reads an environment as a file has it; people are `p1`, `p2`, `p3`.
fn pair(text: &str, there: Option<&There>) -> Pair {
    let file = File::parse("f", &format!("version: 1\nenvironments:\n  x: {text}\n")).unwrap();
    let wanted: Environment = file.environments.into_iter().next().unwrap();
    let reviewers = wanted.reviewers.as_ref().map(|all| {
        let id = |one: &environments::Reviewer| match &one.who {
            environments::Who::User(login) => login.strip_prefix('p').unwrap().parse().unwrap(),
            environments::Who::Team(..) => 9,
        };
        all.iter().map(|one| person(id(one))).collect()
    });
    Pair { wanted, reviewers, found: there.map(found) }
}

#[test]
fn every_setting_absent_equal_weaker_and_stronger() {
    use Standing::{Different, Equal, Missing, Stronger, Unknown, Weaker};
    let b = |name| (Ref::Branch, name);
    let by = |reviewers, own| There { reviewers, own, ..OPEN };
    let mode = |mode, patterns| There { mode, patterns, ..OPEN };
    let leaked = |patterns: Vec<(Ref, &'static str)>| -> &'static [(Ref, &'static str)] { patterns.leak() };
    let main = leaked(vec![b("main")]);
    let more = leaked(vec![b("main"), b("dev")]);
    let tag = leaked(vec![(Ref::Tag, "main")]);
    let one = "reviewers: [{user: p1}]";
    let two = "reviewers: [{user: p1}, {user: p2}]";
    let cases: Vec<(&str, &str, There, Option<Standing>)> = vec![
        // Who agrees: any one of them is enough, so fewer protect more.
        ("reviewers", "", by(&[1], true), None),
        ("reviewers", one, OPEN, Some(Weaker)),
        ("reviewers", one, by(&[1], true), Some(Equal)),
        ("reviewers", one, by(&[1, 2], true), Some(Weaker)),
        ("reviewers", one, by(&[2], true), Some(Weaker)),
        ("reviewers", two, by(&[2, 1], true), Some(Equal)),
        ("reviewers", two, by(&[1], true), Some(Stronger)),
        ("reviewers", "reviewers: []", by(&[1], true), Some(Stronger)),
        ("reviewers", "reviewers: []", OPEN, Some(Equal)),
        // Kept by GitHub with the reviewers.
        ("prevent-self-review", "", OPEN, None),
        ("prevent-self-review", "", by(&[1], true), Some(Equal)),
        ("prevent-self-review", "", by(&[1], false), Some(Weaker)),
        ("prevent-self-review", one, OPEN, Some(Weaker)),
        ("prevent-self-review", "prevent-self-review: false", by(&[1], true), Some(Stronger)),
        ("prevent-self-review", "prevent-self-review: false", by(&[1], false), Some(Equal)),
        ("prevent-self-review", "reviewers: []", by(&[1], true), None),
        ("admins-can-bypass", "", OPEN, Some(Equal)),
        ("admins-can-bypass", "", There { bypass: Some(true), ..OPEN }, Some(Weaker)),
        ("admins-can-bypass", "", There { bypass: None, ..OPEN }, Some(Unknown)),
        ("admins-can-bypass", "admins-can-bypass: true", OPEN, Some(Stronger)),
        ("admins-can-bypass", "admins-can-bypass: true", There { bypass: Some(true), ..OPEN }, Some(Equal)),
        ("wait-timer", "", There { wait: 5, ..OPEN }, None),
        ("wait-timer", "wait-timer: 5m", OPEN, Some(Weaker)),
        ("wait-timer", "wait-timer: 5m", There { wait: 5, ..OPEN }, Some(Equal)),
        ("wait-timer", "wait-timer: 5m", There { wait: 6, ..OPEN }, Some(Stronger)),
        ("wait-timer", "wait-timer: 0", There { wait: 6, ..OPEN }, Some(Stronger)),
        ("branches and tags", "", OPEN, None),
        ("branches and tags", "branches: protected", OPEN, Some(Weaker)),
        ("branches and tags", "branches: protected", mode(BranchMode::Protected, &[]), Some(Equal)),
        ("branches and tags", "branches: protected", mode(BranchMode::Named, main), Some(Weaker)),
        ("branches and tags", "branches: protected", mode(BranchMode::Named, &[]), Some(Stronger)),
        ("branches and tags", "branches: main", OPEN, Some(Weaker)),
        ("branches and tags", "branches: main", mode(BranchMode::Protected, &[]), Some(Weaker)),
        ("branches and tags", "branches: main", mode(BranchMode::Named, main), Some(Equal)),
        ("branches and tags", "branches: main", mode(BranchMode::Named, more), Some(Weaker)),
        ("branches and tags", "branches: main", mode(BranchMode::Named, tag), Some(Weaker)),
        ("branches and tags", "branches: [main, dev]", mode(BranchMode::Named, main), Some(Stronger)),
        ("branches and tags", "branches: []", mode(BranchMode::Named, main), Some(Weaker)),
        ("branches and tags", "branches: []", mode(BranchMode::Named, &[]), Some(Equal)),
        ("branches and tags", "tags: main", mode(BranchMode::Named, tag), Some(Equal)),
        // Patterns of another mode do not count.
        ("branches and tags", "branches: main", mode(BranchMode::Any, main), Some(Weaker)),
        ("variable A", "", There { variables: &[("A", "1")], ..OPEN }, None),
        ("variable A", "variables: {A: '1'}", OPEN, Some(Different)),
        ("variable A", "variables: {A: '1'}", There { variables: &[("A", "1")], ..OPEN }, Some(Equal)),
        ("variable A", "variables: {a: '1'}", There { variables: &[("A", "1")], ..OPEN }, Some(Equal)),
        ("variable A", "variables: {A: '2'}", There { variables: &[("A", "1")], ..OPEN }, Some(Different)),
        ("variable A", "variables: {}", There { variables: &[("A", "1")], ..OPEN }, Some(Different)),
        ("secret A", "", There { secrets: &["A"], ..OPEN }, None),
        ("secret A", "secrets: [A]", OPEN, Some(Missing)),
        ("secret A", "secrets: [a]", There { secrets: &["A"], ..OPEN }, Some(Equal)),
        ("environment", "", OPEN, None),
    ];
    for (setting, text, there, expected) in cases {
        let rows = rows(&pair(&format!("{{{text}}}"), Some(&there)));
        let row = rows.iter().find(|row| row.setting == setting);
        assert_eq!(row.map(|row| row.standing), expected, "{setting}: {{{text}}}: {row:?}");
    }
}

#[test]
fn what_is_not_there_protects_nothing() {
    let text = "{reviewers: [{user: p1}], wait-timer: 1h, branches: [main], tags: ['v*'], variables: {A: b}, secrets: [S]}";
    let told: BTreeMap<String, (String, String, Standing)> = rows(&pair(text, None))
        .into_iter()
        .map(|row| (row.setting, (row.found, row.wanted, row.standing)))
        .collect();
    let expected = [
        ("environment", "not there", "there", Standing::Weaker),
        ("reviewers", "nobody", "p1", Standing::Weaker),
        ("prevent-self-review", "false", "true", Standing::Weaker),
        ("admins-can-bypass", "true", "false", Standing::Weaker),
        ("wait-timer", "0", "1h", Standing::Weaker),
        ("branches and tags", "any", "main, tag v*", Standing::Weaker),
        ("variable A", "not there", "\"b\"", Standing::Different),
        ("secret S", "not there", "there", Standing::Missing),
    ];
    let expected = expected.map(|(setting, found, wanted, standing)| {
        (setting.to_owned(), (found.to_owned(), wanted.to_owned(), standing))
    });
    assert_eq!(told, BTreeMap::from(expected));
}

#[test]
fn a_file_reads_as_it_is_meant() {
    let text = "version: 1\nenvironments:\n  production:\n    reviewers: [{team: acme/security}, {user: alice}]\n    wait-timer: 30d\n    branches: [main, 'release/*']\n    tags: 'v*'\n    variables: {AWS_REGION: eu-west-1}\n    secrets: [ASSAY_KEY]\n    needs:\n      oidc-role: arn:aws:iam::123456789012:role/publish\n      reachable: [https://registry.example/v2/]\n  open: {}\n";
    let file = File::parse("f", text).unwrap();
    let [production, open] = file.environments.as_slice() else { panic!("two") };
    assert!(production.prevent_self_review && !production.admins_can_bypass);
    assert_eq!(production.wait_minutes, Some(43_200));
    assert_eq!(production.reviewers.as_ref().map(Vec::len), Some(2));
    let Some(Branches::Named(refs)) = &production.branches else { panic!("named") };
    assert_eq!(refs.len(), 3);
    assert_eq!(production.secrets.keys().collect::<Vec<_>>(), ["ASSAY_KEY"]);
    assert_eq!(production.needs.reachable.len(), 1);
    assert!(production.needs.oidc_role.is_some());
    assert!(open.reviewers.is_none() && open.branches.is_none() && open.variables.is_none());
    assert!(open.prevent_self_review && !open.admins_can_bypass);
}
