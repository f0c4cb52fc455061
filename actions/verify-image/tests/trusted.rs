//! Whose word is asked for beside a key: who released, and who decides by an identity.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use attest::{EvidenceDir, Identity, Kind, Statement};
use jiff::SignedDuration;
use model::ImageManifest;
use serde_json::json;
use signers::instance::Instance;
use signers::{Claims, GITHUB_ISSUER};
use verify_image::ACTION;

use crate::asked::{answer, ask, codes, good};
use crate::common::{Job, Place};

fn release(place: &Place, image: &ImageManifest, by: Option<&Job>) {
    let predicate = json!({"purl": "pkg:generic/debian-app@1", "releaseId": "r", "hallmark": {
        "provider": "local", "location": "store/images/1", "releaseId": "r", "channel": "debian-app/stable"}});
    place.put_about(image.subjects().unwrap(), Kind::Release, &predicate, by);
}

#[test]
fn releases_where_it_is_said_who_signs_them() {
    for (name, make, wanted) in [
        (
            "there",
            (|place, image| release(place, image, Some(&place.publish))) as fn(&Place, &ImageManifest),
            None,
        ),
        ("missing", |_, _| {}, Some("release-missing")),
        ("by another", |place, image| release(place, image, Some(&place.bake)), Some("release-wrong-signer")),
        ("by nobody", |place, image| release(place, image, None), Some("release-unsigned")),
        (
            "of another",
            |place, _| release(place, &place.image("two"), Some(&place.publish)),
            Some("release-missing"),
        ),
    ] {
        let (place, image) = good();
        make(&place, &image);
        fs::write(place.path("publish.pub"), &place.publish.public_pem).unwrap();
        let run = ask(&place).input_path("release-signer", place.path("publish.pub")).run(&ACTION);
        match wanted {
            None => {
                assert_eq!(run.code, 0, "{name}: {}", run.stdout);
                assert_eq!(answer(&run)["releases"][0]["channel"], "debian-app/stable");
            }
            Some(code) => {
                assert_eq!(run.code, 1, "{name}: {}", run.stdout);
                assert_eq!(codes(&run), [code], "{name}");
            }
        }
    }
}

#[test]
fn who_decides_can_be_an_identity() {
    let url = "https://github.com/acme/images/.github/workflows/assay.yml@refs/heads/main".to_owned();
    let assay = Identity {
        issuer: GITHUB_ISSUER.into(),
        subject: url.clone(),
        claims: Claims {
            workflow: Some(url),
            repository: Some("https://github.com/acme/images".into()),
            runner_environment: Some("github-hosted".into()),
            ..Claims::default()
        },
    };
    for (rule, code) in [
        ("workflow: acme/images/.github/workflows/assay.yml@refs/heads/main", 0),
        ("{\"workflow\": \"acme/images/.github/workflows/assay.yml@refs/heads/main\"}", 0),
        (
            "workflow: acme/images/.github/workflows/assay.yml@refs/heads/main\nrunner-environment: self-hosted",
            1,
        ),
        ("workflow: acme/images/.github/workflows/bake.yml@refs/heads/main", 1),
    ] {
        let place = Place::new();
        let image = place.image("one");
        let instance = Instance::new(place.now - SignedDuration::from_hours(1));
        fs::write(place.path("root.json"), instance.trusted_root()).unwrap();
        let signer = instance.signer(assay.clone());
        for (kind, predicate) in
            [(Kind::Verdict, place.verdict("pass", 60)), (Kind::Vsa, place.summary("PASSED", 60))]
        {
            let statement = Statement::new(kind, image.subjects().unwrap(), &predicate).unwrap();
            EvidenceDir::new(place.evidence()).write(&statement, Some(&signer)).unwrap();
        }
        let run = ask(&place)
            .input("verdict-signer", "")
            .input("verdict-identity", rule)
            .input_path("trusted-root", place.path("root.json"))
            .run(&ACTION);
        assert_eq!(run.code, code, "{rule}: {}", run.stdout);
        if code == 0 {
            assert!(run.outputs["signer"].contains("assay.yml@refs/heads/main"), "{}", run.outputs["signer"]);
        } else {
            assert_eq!(codes(&run), ["verdict-wrong-signer", "vsa-wrong-signer"]);
        }
    }
}
