//! Nothing is published by a verdict that was closed, whoever says so; and a new verdict is not held to an old closure.

use crate::common::closed::{CASES, prepared};
use crate::common::tree;
use register_ami::ACTION;

#[test]
fn every_case() {
    for (name, prepare, wanted) in CASES {
        let place = prepared(*prepare);
        let run = place.harness("one").run(&ACTION);
        match wanted {
            None => assert_eq!(run.code, 0, "{name}: {}", run.stdout),
            Some(code) => {
                assert_eq!(run.code, 1, "{name}: {}", run.stdout);
                assert!(run.stdout.contains(&format!("::error title={code}::")), "{name}: {}", run.stdout);
                assert!(tree(&place.store()).is_empty(), "{name}");
            }
        }
    }
}

/// What cannot be looked at may be one.
#[test]
fn one_behind_a_link_is_refused() {
    let place = prepared(|_, _, _| {});
    let name = place.evidence().join("closure.000000000000.sigstore.json");
    std::os::unix::fs::symlink("/nowhere", name).unwrap();
    let run = place.harness("one").run(&ACTION);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.contains("::error title=closure-malformed::"), "{}", run.stdout);
    assert!(tree(&place.store()).is_empty());
}

/// The time of a closure does not matter: it names the verdict.
#[test]
fn a_new_verdict_is_another() {
    let (_, rejected, _) = CASES[1];
    let place = prepared(rejected);
    let image = model::ImageManifest::parse(&std::fs::read(place.path("one/image.json")).unwrap()).unwrap();
    place.put(&image, attest::Kind::Verdict, &place.verdict("pass", 5), &place.assay);
    place.put(&image, attest::Kind::Vsa, &place.summary("PASSED", 5), &place.assay);
    let run = place.harness("one").run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
}
