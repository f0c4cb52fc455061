//! How a policy builds on another: what is added, what is replaced, what holds where; and that its
//! explanation says the same as the policy.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tables of tests, outside the test functions themselves"
)]

use std::collections::BTreeMap;

use policy::{Policy, Problems, ResolvedPolicy, SHIPPED, Scope, UncheckedPolicy};
use proptest::prelude::*;
use serde_json::{Value, json};

const PARENT: &str = "\
version: 1
name: parent
signers: {bake: {key: keys/bake.pub}, assay: }
evidence:
  provenance: {signed-by: [bake], required: true}
  vulns: {signed-by: [assay], required: true, seen: [disk], max-age: 24h, min-packages: 20}
vulnerabilities:
  - {severity: critical, then: fail}
reasons: {sample-database: note, tests-skipped: review}
exceptions: {max-lifetime: 30d}
approval: {timeout: 8h}
";

const CHILD: &str = "version: 1\nname: child\nextends: parent.yml\n";

fn read(files: &[(&str, &str)]) -> Result<UncheckedPolicy, Problems> {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let mut get =
        |path: &str| files.get(path).map(|text| (*text).to_owned()).ok_or("no such file".to_owned());
    UncheckedPolicy::read("child.yml", &mut get)
}

fn keys(policy: &Policy) -> BTreeMap<String, String> {
    policy.signers().map(|(name, _)| (name.to_owned(), format!("{name}\n"))).collect()
}

fn resolve(policy: Policy) -> ResolvedPolicy {
    let keys = keys(&policy);
    policy.resolve(&keys).unwrap()
}

fn written(policy: Policy) -> Value {
    serde_json::from_slice(resolve(policy).bytes()).unwrap()
}

fn child_for(text: &str, scope: Scope<'_>) -> Result<Policy, Problems> {
    read(&[("child.yml", &format!("{CHILD}{text}")), ("parent.yml", PARENT)])?.check_for(&scope)
}

fn child(text: &str) -> Result<Policy, Problems> {
    child_for(text, Scope::default())
}

/// The policy in force, by a JSON pointer.
fn value(policy: Policy, pointer: &str) -> Value {
    written(policy).pointer(pointer).cloned().unwrap_or(Value::Null)
}

/// What becomes of each section where the child says something about it, the empty case included.
#[test]
fn inheritance_truth_table() {
    let critical = json!({"severity": ["critical"], "then": "fail"});
    let high = json!({"severity": ["high"], "then": "review"});
    for (text, pointer, wanted) in [
        // Nothing said: everything is the parent's, but the name.
        ("", "/vulnerabilities", json!([critical])),
        ("", "/name", json!("child")),
        ("", "/description", json!(null)),
        ("", "/evidence/vulns/max-age", json!("24h")),
        ("", "/reasons/sample-database", json!("note")),
        ("", "/reasons/shared-key", json!("fail")),
        ("", "/exceptions", json!({"max-lifetime": "30d", "warn-before": "14d"})),
        // Rules are added: an empty list and none at all add nothing.
        ("vulnerabilities:\n", "/vulnerabilities", json!([critical])),
        ("vulnerabilities: []\n", "/vulnerabilities", json!([critical])),
        ("vulnerabilities: [{severity: high, then: review}]\n", "/vulnerabilities", json!([high, critical])),
        ("vulnerabilities: [{severity: critical, then: fail}]\n", "/vulnerabilities", json!([critical])),
        // Unless they begin anew.
        ("replace: []\nvulnerabilities: []\n", "/vulnerabilities", json!([critical])),
        ("replace: [vulnerabilities]\nvulnerabilities: []\n", "/vulnerabilities", json!([])),
        (
            "replace: vulnerabilities\nvulnerabilities: [{severity: high, then: review}]\n",
            "/vulnerabilities",
            json!([high]),
        ),
        // Mappings are merged, key by key.
        ("reasons:\n", "/reasons/sample-database", json!("note")),
        ("reasons: {}\n", "/reasons/sample-database", json!("note")),
        ("reasons: {sample-database: fail}\n", "/reasons/sample-database", json!("fail")),
        ("reasons: {sample-database: fail}\n", "/reasons/tests-skipped", json!("review")),
        ("replace: [reasons]\nreasons: {}\n", "/reasons/tests-skipped", json!("note")),
        ("replace: [reasons]\nreasons: {}\n", "/reasons/sample-database", json!("fail")),
        (
            "exceptions: {warn-before: 7d}\n",
            "/exceptions",
            json!({"max-lifetime": "30d", "warn-before": "7d"}),
        ),
        ("approval: {timeout: 1h}\n", "/approval/timeout", json!("1h")),
        ("approval: {timeout: }\n", "/approval/timeout", json!("8h")),
        // Evidence inside a kind too, lists as a whole.
        ("evidence: {vulns: }\n", "/evidence/vulns/max-age", json!("24h")),
        ("evidence: {vulns: {}}\n", "/evidence/vulns/max-age", json!("24h")),
        ("evidence: {vulns: {max-age: 7d}}\n", "/evidence/vulns/max-age", json!("7d")),
        ("evidence: {vulns: {max-age: }}\n", "/evidence/vulns/max-age", json!("24h")),
        ("evidence: {vulns: {max-age: 7d}}\n", "/evidence/vulns/min-packages", json!(20)),
        ("evidence: {vulns: {max-age: 7d}}\n", "/evidence/provenance/required", json!(true)),
        ("evidence: {vulns: {seen: [rootfs]}}\n", "/evidence/vulns/seen", json!(["rootfs"])),
        (
            "evidence: {vulns: {signed-by: [bake]}, provenance: {signed-by: [assay]}}\n",
            "/evidence/vulns/signed-by",
            json!(["bake"]),
        ),
        ("evidence: {release: {signed-by: [assay]}}\n", "/evidence/release/signed-by", json!(["assay"])),
        // Signers one by one; a name alone leaves the key that is there.
        ("signers: {bake: }\n", "/signers/bake/pem", json!("bake\n")),
        (
            "signers: {publish: }\nevidence: {release: {signed-by: [publish]}}\n",
            "/signers",
            json!({"assay": {"pem": "assay\n"}, "bake": {"pem": "bake\n"}, "publish": {"pem": "publish\n"}}),
        ),
        ("signers: {bake: {pem: bake}}\n", "/signers/bake/pem", json!("bake\n")),
    ] {
        let policy = child(text).unwrap_or_else(|problems| panic!("{text}\n{problems}"));
        assert_eq!(value(policy, pointer), wanted, "{text}{pointer}");
    }
}

/// What holds for whom: families and environments, known and unknown.
#[test]
fn overrides_truth_table() {
    let text = |scope: &str| format!("overrides:\n  - {{{scope}, approval: {{timeout: 1h}}}}\n");
    for (scope, family, environment, holds) in [
        ("environments: [prod]", None, None, false),
        ("environments: [prod]", Some("web"), None, false),
        ("environments: [prod]", None, Some("prod"), true),
        ("environments: prod", Some("web"), Some("prod"), true),
        ("environments: [prod]", None, Some("dev"), false),
        ("environments: [prod]", None, Some("production"), false),
        ("environments: [dev, prod]", None, Some("prod"), true),
        ("environments: ['prod-*']", None, Some("prod-eu"), true),
        ("environments: ['*']", None, Some("dev"), true),
        ("environments: ['*']", None, None, false),
        ("images: [web]", Some("web"), None, true),
        ("images: [web]", Some("web"), Some("prod"), true),
        ("images: [web]", Some("webs"), None, false),
        ("images: [web]", None, Some("web"), false),
        ("images: [web, 'db-*']", Some("db-1"), None, true),
        ("images: ['db-*']", Some("db"), None, false),
        ("images: [web], environments: [prod]", Some("web"), Some("prod"), true),
        ("images: [web], environments: [prod]", Some("web"), Some("dev"), false),
        ("images: [web], environments: [prod]", Some("db"), Some("prod"), false),
        ("images: [web], environments: [prod]", None, Some("prod"), false),
        ("images: [web], environments: [prod]", Some("web"), None, false),
    ] {
        let policy = child_for(&text(scope), Scope { family, environment }).unwrap();
        let wanted = if holds { "1h" } else { "8h" };
        assert_eq!(value(policy, "/approval/timeout"), wanted, "{scope} {family:?} {environment:?}");
    }
}

#[test]
fn overrides_come_in_the_order_of_the_file_and_the_parents_first() {
    let parent = format!(
        "{PARENT}overrides:\n  - {{environments: [prod], approval: {{timeout: 1h}}, reasons: {{tests-skipped: fail}}}}\n"
    );
    let child = |overrides: &str| {
        let child = format!("{CHILD}approval: {{timeout: 2h}}\noverrides:\n{overrides}");
        let files = [("child.yml", child.as_str()), ("parent.yml", parent.as_str())];
        let scope = Scope { family: Some("web"), environment: Some("prod") };
        written(read(&files).unwrap().check_for(&scope).unwrap())
    };
    let one = child("  - {images: [web], reasons: {tests-skipped: note}}\n");
    assert_eq!(one["approval"]["timeout"], "1h", "the parent's override is over the child's section");
    assert_eq!(one["reasons"]["tests-skipped"], "note", "and under the child's override");
    let two = child(
        "  - {images: [web], approval: {timeout: 3h}}\n  - {images: ['w*'], approval: {timeout: 4h}}\n",
    );
    assert_eq!(two["approval"]["timeout"], "4h");
    assert_eq!(child("  []\n")["approval"]["timeout"], "1h");
}

#[test]
fn an_override_adds_rules_and_begins_anew_only_where_it_says_so() {
    let high = json!({"severity": ["high"], "then": "fail"});
    let prod = Scope { family: None, environment: Some("prod") };
    for (rest, wanted) in [
        (
            "vulnerabilities: [{severity: high, then: fail}]",
            json!([high, {"severity": ["critical"], "then": "fail"}]),
        ),
        ("replace: [vulnerabilities], vulnerabilities: [{severity: high, then: fail}]", json!([high])),
        ("vulnerabilities: [], approval: {timeout: 1h}", json!([{"severity": ["critical"], "then": "fail"}])),
    ] {
        let text = format!("overrides:\n  - {{environments: [prod], {rest}}}\n");
        assert_eq!(value(child_for(&text, prod).unwrap(), "/vulnerabilities"), wanted, "{rest}");
    }
}

/// A policy must not break in production only.
#[test]
fn an_override_out_of_scope_is_checked_as_well() {
    for rest in [
        "reasons: {sample-databse: note}",
        "evidence: {vulns: {required: false}}",
        "evidence: {release: {max-age: 1h}}",
        "approval: {timeout: long}",
        "signers: {x: }",
    ] {
        let text = format!("overrides:\n  - {{environments: [prod], {rest}}}\n");
        let problems = child_for(&text, Scope { family: Some("web"), environment: Some("dev") }).unwrap_err();
        assert!(problems.0.iter().all(|problem| !problem.file.is_empty()), "{problems}");
        assert!(problems.to_string().contains("child.yml:5"), "{rest}: {problems}");
    }
}

#[test]
fn a_mistake_is_in_the_file_that_has_it() {
    let parent = PARENT.replace("max-age: 24h", "max-age: long");
    let child = format!("{CHILD}reasons: {{sample-databse: note}}\n");
    let problems =
        read(&[("child.yml", &child), ("parent.yml", &parent)]).unwrap().check().unwrap_err().to_string();
    let lines: Vec<&str> = problems.lines().collect();
    assert_eq!(lines.len(), 2, "{problems}");
    assert!(lines[0].starts_with("child.yml:4:11: `sample-databse` is no reason"), "{problems}");
    assert!(lines[1].starts_with("parent.yml:6:"), "{problems}");
}

#[test]
fn paths_are_relative_to_the_file_that_names_them() {
    let grand = PARENT.replace("approval: {timeout: 8h}\n", "");
    let files = [
        ("child.yml", "version: 1\nname: child\nextends: ../org/team/parent.yml\n"),
        ("../org/team/parent.yml", "version: 1\nname: parent\nextends: ../grand.yml\n"),
        ("../org/grand.yml", grand.as_str()),
    ];
    let policy = read(&files).unwrap().check().unwrap();
    let (_, key) = policy.signers().find(|(name, _)| *name == "bake").unwrap();
    assert_eq!(key, Some(&policy::Credential::KeyFile("../org/keys/bake.pub".into())));
}

#[test]
fn a_policy_extends_at_most_eight_others() {
    for (others, good) in [(1, true), (8, true), (9, false), (40, false)] {
        let mut files =
            vec![("child.yml".to_owned(), "version: 1\nname: child\nextends: 1.yml\n".to_owned())];
        for n in 1..others {
            files.push((format!("{n}.yml"), format!("version: 1\nname: p\nextends: {}.yml\n", n + 1)));
        }
        files.push((format!("{others}.yml"), PARENT.to_owned()));
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(read(&files).is_ok(), good, "{others}");
    }
}

#[test]
fn every_shipped_policy_is_extended_by_its_name_alone() {
    for (name, text) in SHIPPED {
        let child = format!("version: 1\nname: child\nextends: {name}\n");
        let mut child = written(Policy::parse("child.yml", &child).unwrap());
        let mut parent = written(Policy::parse(name, text).unwrap());
        for one in [&mut child, &mut parent] {
            one.as_object_mut().unwrap().retain(|key, _| key != "name" && key != "description");
        }
        assert_eq!(child, parent, "{name}");
    }
}

/// The digest is that of what holds, however it is put together.
#[test]
fn flat_and_inherited_are_one_policy() {
    let flat = PARENT.replace("name: parent", "name: child");
    let flat = resolve(Policy::parse("child.yml", &flat).unwrap());
    assert_eq!(resolve(child("").unwrap()).digest(), flat.digest());
    let again = ResolvedPolicy::parse("resolved", std::str::from_utf8(flat.bytes()).unwrap()).unwrap();
    assert_eq!(again.digest(), flat.digest());
    assert!(!String::from_utf8_lossy(flat.bytes()).contains("overrides"));
}

fn same_after_explaining(policy: Policy) -> String {
    let text = policy.explain();
    let again = Policy::parse("explained.yml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    assert_eq!(resolve(again).digest(), resolve(policy).digest(), "{text}");
    text
}

#[test]
fn what_is_explained_is_the_policy() {
    for (name, text) in SHIPPED {
        same_after_explaining(Policy::parse(name, text).unwrap());
    }
    let scope = Scope { family: Some("web"), environment: Some("prod") };
    let text = "\
description: \"Quotes: \\\", a # and\\nlines\\n\"
replace: [vulnerabilities]
vulnerabilities: [{severity: [high, critical], fixable: true, then: fail}]
evidence: {vulns: {max-age: 7d, seen: [rootfs, disk]}}
overrides:
  - {environments: [prod], evidence: {vulns: {max-age: 1h}}, vulnerabilities: [{severity: low, then: note}]}
";
    let text = same_after_explaining(child_for(text, scope).unwrap());
    let commented =
        |line: &str| line.trim().is_empty() || line.contains(" # ") || line.trim().ends_with([':', '|']);
    for line in text.lines().filter(|line| !line.starts_with(' ') || line.contains('{')) {
        assert!(commented(line) || line.starts_with("# child.yml:"), "{line}\n{text}");
    }
    for wanted in [
        "max-age: 1h # child.yml:9, was 7d in child.yml:7",
        "vulnerabilities: # anew by child.yml:5, without parent.yml:8",
        "- {severity: low, then: note} # child.yml:9",
        "sample-database: note # parent.yml:9",
        "shared-key: fail # default",
        "required: true # parent.yml:6",
        "warn-before: 14d # default",
        "bake: {key: keys/bake.pub} # parent.yml:3",
    ] {
        let squeezed: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed.contains(wanted), "{wanted}\n{text}");
    }
}

/// What a child can write, section by section.
fn sections() -> impl Strategy<Value = String> {
    let part = |lines: &'static [&'static str]| prop::sample::select(lines);
    (
        part(&[
            "",
            "vulnerabilities: []\n",
            "vulnerabilities: [{severity: high, then: note}]\n",
            "replace: [vulnerabilities]\nvulnerabilities: [{severity: [low, high], fixable: true, then: review}]\n",
            "vulnerabilities:\n  - {cvss-at-least: 9, then: fail}\n  - {package: [a, 'b-*'], severity: low, then: note}\n",
        ]),
        part(&["", "secrets: [{id: ['x*', \"y: z\"], then: fail}]\n", "licenses: [{path: 'a b/**', then: note}]\n"]),
        part(&["", "reasons: {}\n", "reasons: {tests-skipped: fail, shared-key: review}\n"]),
        part(&["", "evidence: {vulns: {max-age: 2w, seen: rootfs}}\n", "evidence: {vsa: {signed-by: [assay], levels: [A]}}\n"]),
        part(&["", "approval: {timeout: 90s}\n", "mode: report-only\n", "exceptions: {package-level: allow}\n"]),
        part(&["", "description: \"a: b # c\"\n", "feeds: {kev: {max-age: 7d}}\n", "auto-approve: [{reasons: unfixed-vulnerability, environments: dev}]\n"]),
    )
        .prop_map(|(a, b, c, d, e, f)| [a, b, c, d, e, f].concat())
}

proptest! {
    #[test]
    fn explained_and_resolved_are_the_same(text in sections()) {
        same_after_explaining(child(&text).unwrap());
    }

    #[test]
    fn the_resolved_policy_resolves_to_itself(text in sections()) {
        let resolved = resolve(child(&text).unwrap());
        let again = ResolvedPolicy::parse("resolved", std::str::from_utf8(resolved.bytes()).unwrap()).unwrap();
        prop_assert_eq!(again.digest(), resolved.digest());
    }

    /// Overrides that speak about different things may stand in any order.
    #[test]
    fn the_order_of_unrelated_overrides_does_not_matter(order in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
        let parts = [
            "approval: {timeout: 1h}",
            "reasons: {shared-key: review}",
            "vulnerabilities: [{severity: low, then: review}]",
            "evidence: {vulns: {max-age: 2h}}",
        ];
        let text = |order: &[usize]| {
            let lines = order.iter().map(|at| format!("  - {{environments: [prod], {}}}\n", parts[*at]));
            format!("overrides:\n{}", lines.collect::<String>())
        };
        let prod = Scope { family: None, environment: Some("prod") };
        let digest = |order: &[usize]| resolve(child_for(&text(order), prod).unwrap()).digest();
        prop_assert_eq!(digest(&order), digest(&[0, 1, 2, 3]));
    }

    /// Rules that are only added leave every rule in force that held before.
    #[test]
    fn added_rules_take_none_away(rules in prop::collection::vec((0..6usize, 0..3usize, any::<bool>()), 0..5)) {
        let severities = ["critical", "high", "medium", "unknown", "low", "negligible"];
        let weights = ["fail", "review", "note"];
        let lines = rules.iter().map(|(severity, then, fixable)| {
            format!("  - {{severity: {}, fixable: {fixable}, then: {}}}\n", severities[*severity], weights[*then])
        });
        let text = if rules.is_empty() { String::new() } else { format!("vulnerabilities:\n{}", lines.collect::<String>()) };
        let all = |policy: Policy| written(policy)["vulnerabilities"].as_array().unwrap().clone();
        let (before, after) = (all(child("").unwrap()), all(child(&text).unwrap()));
        prop_assert!(before.iter().all(|rule| after.contains(rule)), "{:?} {:?}", before, after);
    }
}

/// What an exception or an entry of `auto-approve` lets through in one environment must not pass in another, also
/// where the policy's own rules are the same in both.
#[test]
fn a_policy_is_another_in_each_environment() {
    let text = "version: 1\nname: acme\nextends: minimal\n";
    let keys =
        ["bake", "assay", "approver", "publish"].map(|name| (name.to_owned(), format!("{name}\n"))).into();
    let digest = |text: &str, environment: Option<&str>| {
        let scope = policy::Scope { family: None, environment };
        let unchecked = policy::UncheckedPolicy::parse("policy.yml", text).unwrap();
        let policy = unchecked.check_for(&scope).map_err(|problems| problems.to_string())?;
        let resolved = policy.resolve(&keys).unwrap();
        let again =
            policy::ResolvedPolicy::parse("again", std::str::from_utf8(resolved.bytes()).unwrap()).unwrap();
        assert_eq!(again.digest(), resolved.digest());
        Ok::<_, String>(resolved.digest())
    };
    let digests = [None, Some("dev"), Some("prod")].map(|environment| digest(text, environment).unwrap());
    assert!(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2], "{digests:?}");

    let own = format!("{text}environment: prod\n");
    assert_eq!(digest(&own, None), Ok(digests[2]));
    assert_eq!(digest(&own, Some("prod")), Ok(digests[2]));
    let error = digest(&own, Some("dev")).unwrap_err();
    assert!(error.contains("policy.yml:4:14: the policy is for `prod`, and `dev` was asked for"), "{error}");
}
