//! The policies that ship read, resolve, and say what their README says.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tables of tests, outside the test functions themselves"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use model::Sha256;
use policy::{EvidenceKind, Exceptions, Policy, ResolvedPolicy, ResolvedSigner};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

fn resolved(text: &str) -> ResolvedPolicy {
    let keys: BTreeMap<String, String> =
        ["bake", "assay", "approver", "publish"].map(|name| (name.into(), format!("{name}\n"))).into();
    Policy::parse("shipped", text).unwrap().resolve(&keys).unwrap()
}

#[test]
fn every_shipped_policy_reads_and_is_explained() {
    let readme = read("README.md");
    let mut names = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "README.md" || readme.contains(&format!("`{name}`")),
            "README.md does not explain {name}"
        );
        if name.ends_with(".yml") && name != "exceptions.yml" {
            let policy = resolved(&read(&name));
            assert_eq!(format!("{}.yml", policy.policy().name()), name);
            Exceptions::parse("exceptions.yml", &read("exceptions.yml"), policy.policy().exception_limits())
                .unwrap();
            names += 1;
        }
    }
    assert_eq!(names, 5);
}

/// `demo` is `recommended` with the sample database allowed, and nothing else.
#[test]
fn the_demo_differs_from_recommended_in_one_reason() {
    let parse =
        |name: &str| serde_json::from_slice::<serde_json::Value>(resolved(&read(name)).bytes()).unwrap();
    let (mut demo, recommended) = (parse("demo.yml"), parse("recommended.yml"));
    assert_eq!(demo["reasons"]["sample-database"], "note");
    assert_eq!(recommended["reasons"]["sample-database"], "fail");
    for key in ["name", "description"] {
        demo[key] = recommended[key].clone();
    }
    demo["reasons"]["sample-database"] = "fail".into();
    assert_eq!(demo, recommended);
}

/// The example without keys reads, is one that a replay reads again, and its four signers are four.
#[test]
fn the_keyless_example_reads_and_is_on_the_page() {
    let readme = read("README.md");
    assert!(readme.contains("(examples/keyless.yml)"));
    let text = read("examples/keyless.yml");
    let roots = BTreeMap::from([("public-good".to_owned(), Sha256::of(b"root"))]);
    let policy = Policy::parse("keyless.yml", &text).unwrap().resolve_with(&BTreeMap::new(), &roots).unwrap();
    let again = ResolvedPolicy::parse("resolved", std::str::from_utf8(policy.bytes()).unwrap()).unwrap();
    assert_eq!(again.digest(), policy.digest());
    let mut seen = Vec::new();
    for (name, signer) in policy.signers() {
        let ResolvedSigner::Identity { rule, .. } = signer else { panic!("{name} has a key") };
        let rule = rule.text();
        assert_eq!(rule.repository.as_deref(), Some("acme/images"), "{name} could be called by anybody");
        assert_eq!(rule.runner_environment.as_deref(), Some("github-hosted"), "{name}");
        seen.push((rule.workflow.clone(), rule.environment.clone()));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 4, "two signers are one");
}

/// The example for the workflows: each signer is a file of its own at a commit, for one repository, and who decides is known.
#[test]
fn the_example_for_the_workflows_reads_and_is_on_the_page() {
    assert!(read("README.md").contains("`examples/golden-image.yml`"));
    let text = read("examples/golden-image.yml");
    let roots = BTreeMap::from([("public-good".to_owned(), Sha256::of(b"root"))]);
    let policy =
        Policy::parse("golden-image.yml", &text).unwrap().resolve_with(&BTreeMap::new(), &roots).unwrap();
    let mut seen = Vec::new();
    for (name, signer) in policy.signers() {
        let ResolvedSigner::Identity { rule, .. } = signer else { panic!("{name} has a key") };
        let rule = rule.text();
        assert_eq!(rule.repository.as_deref(), Some("acme/images"), "{name} could be called by anybody");
        assert_eq!(rule.git_ref.as_deref(), Some("refs/heads/main"), "{name}");
        let (file, commit) = rule.workflow.as_deref().unwrap().split_once('@').unwrap();
        assert_eq!(commit.len(), 40, "{name}");
        let file = file.rsplit('/').next().unwrap();
        seen.push(format!("{name} {file} {}", rule.environment.as_deref().unwrap_or("-")));
    }
    seen.sort_unstable();
    let expected = [
        "assay assay.yml -",
        "bake bake.yml -",
        "close golden-image.yml -",
        "publish publish.yml golden-image",
    ];
    assert_eq!(seen, expected);
    let may = |kind| policy.policy().signers_of(kind).join(" ");
    for (kind, signers) in [
        (EvidenceKind::Provenance, "bake"),
        (EvidenceKind::TestResult, "assay"),
        (EvidenceKind::Vulns, "assay"),
        (EvidenceKind::Verdict, "assay publish"),
        (EvidenceKind::Vsa, "assay publish"),
        (EvidenceKind::Approval, "publish"),
        (EvidenceKind::Release, "publish"),
        (EvidenceKind::Closure, "close"),
    ] {
        assert_eq!(may(kind), signers, "{kind}");
    }
}

/// The page's table of an identity's fields is the program's own.
#[test]
fn the_page_has_every_field_of_an_identity() {
    let rows: String = signers::FIELDS.map(|(field, what)| format!("| `{field}` | {what} |\n")).concat();
    assert!(read("README.md").contains(&rows), "README.md lacks, or has otherwise:\n{rows}");
}
