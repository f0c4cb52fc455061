//! The policies that ship read, resolve, and say what their README says.
#![allow(clippy::unwrap_used, reason = "tables of tests, outside the test functions themselves")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use policy::{Exceptions, Policy, ResolvedPolicy};

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
