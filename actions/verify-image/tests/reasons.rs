//! Every reason why not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::os::unix::fs::FileExt as _;

use attest::{EvidenceDir, Kind};
use model::ImageManifest;
use verify_image::ACTION;

use crate::asked::{ask, codes, good};
use crate::common::Place;
use crate::common::closed::{CASES, prepared};

/// What is made of a good place, by which inputs, and the reasons that come of it.
type Case = (
    &'static str,
    fn(&Place, &ImageManifest),
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const OTHER_POLICY: &str = "00000000000000000000000000000000000000000000000000000000000000aa";
const NOTHING: fn(&Place, &ImageManifest) = |_, _| {};

#[test]
fn every_reason_why_not() {
    let cases: &[Case] = &[
        ("no evidence about it", |place, _| empty(place), &[], &["verdict-missing", "vsa-missing"]),
        (
            "a disk that was tampered with",
            |place, _| {
                let disk = fs::OpenOptions::new().write(true).open(place.path("one/disk.raw")).unwrap();
                disk.write_all_at(b"tampered", 9 << 20).unwrap();
            },
            &[],
            &["content-differs"],
        ),
        (
            "a disk that is longer",
            |place, _| {
                let disk = fs::OpenOptions::new().write(true).open(place.path("one/disk.raw")).unwrap();
                disk.set_len(25 << 20).unwrap();
            },
            &[],
            &["content-differs"],
        ),
        (
            "another image's evidence",
            |place, _| {
                empty(place);
                let other = place.image("other");
                place.pass(&other);
            },
            &[],
            &["verdict-of-another-image", "vsa-of-another-image"],
        ),
        (
            "the same disk as another machine",
            |place, image| {
                let mut other = image.clone();
                other.family = "debian-web".into();
                place.write_manifest("one", &other);
            },
            &[],
            &["verdict-of-another-manifest", "vsa-of-another-manifest"],
        ),
        (
            "the wrong signer",
            |place, image| {
                empty(place);
                place.put(image, Kind::Verdict, &place.verdict("pass", 60), &place.bake);
                place.put(image, Kind::Vsa, &place.summary("PASSED", 60), &place.bake);
            },
            &[],
            &["verdict-wrong-signer", "vsa-wrong-signer"],
        ),
        (
            "nobody's signature",
            |place, image| {
                empty(place);
                place.put_about(image.subjects().unwrap(), Kind::Verdict, &place.verdict("pass", 60), None);
                place.put_about(image.subjects().unwrap(), Kind::Vsa, &place.summary("PASSED", 60), None);
            },
            &[],
            &["verdict-unsigned", "vsa-unsigned"],
        ),
        ("an old verdict", NOTHING, &[("max-age", "30m")], &["verdict-expired", "vsa-expired"]),
        (
            "another policy",
            NOTHING,
            &[("policy-digest", OTHER_POLICY)],
            &["verdict-by-another-policy", "vsa-by-another-policy"],
        ),
        (
            "another verifier",
            NOTHING,
            &[("verifier-id", "https://other.example")],
            &["vsa-by-another-verifier"],
        ),
        (
            "a newer verdict that fails",
            |place, image| {
                place.put(image, Kind::Verdict, &place.verdict("fail", 30), &place.assay);
                place.put(image, Kind::Vsa, &place.summary("FAILED", 30), &place.assay);
            },
            &[],
            &["verdict-fail", "vsa-failed"],
        ),
        (
            "a verdict for review",
            |place, image| {
                empty(place);
                place.put(image, Kind::Verdict, &place.verdict("review", 30), &place.assay);
                place.put(image, Kind::Vsa, &place.summary("FAILED", 30), &place.assay);
            },
            &[],
            &["verdict-review", "vsa-failed"],
        ),
        (
            "a summary that fails beside a verdict that passes",
            |place, image| {
                place.put(image, Kind::Vsa, &place.summary("FAILED", 30), &place.assay);
            },
            &[],
            &["vsa-failed"],
        ),
        (
            "a policy that only reports",
            |place, image| {
                empty(place);
                let mut verdict = place.verdict("pass", 60);
                verdict["reportOnly"] = true.into();
                place.put(image, Kind::Verdict, &verdict, &place.assay);
            },
            &[],
            &["verdict-report-only", "vsa-missing"],
        ),
        (
            "a verdict from the future",
            |place, image| {
                place.put(image, Kind::Verdict, &place.verdict("pass", -60), &place.assay);
            },
            &[],
            &["verdict-from-the-future"],
        ),
        (
            "a verdict that was changed",
            |place, _| {
                let listing = EvidenceDir::new(place.evidence()).list().unwrap();
                let verdict = listing.files.iter().find(|file| file.name.starts_with("verdict.")).unwrap();
                let text = String::from_utf8(verdict.bytes.clone()).unwrap();
                let at = text.find("\"sig\":\"").unwrap() + 20;
                let mut bytes = text.into_bytes();
                bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
                fs::write(&verdict.path, bytes).unwrap();
            },
            &[],
            &["verdict-bad-signature"],
        ),
        (
            "a verdict that does not read",
            |place, _| {
                fs::write(place.evidence().join("verdict.000000000000.sigstore.json"), "{").unwrap();
            },
            &[],
            &["verdict-malformed-bundle"],
        ),
    ];
    for (name, make, inputs, wanted) in cases {
        let (place, image) = good();
        make(&place, &image);
        let run = inputs
            .iter()
            .fold(ask(&place), |harness, (input, value)| harness.input(input, value))
            .run(&ACTION);
        assert_eq!((run.code, run.outputs["verified"].as_str()), (1, "false"), "{name}: {}", run.stdout);
        assert_eq!(codes(&run), *wanted, "{name}: {}", run.stdout);
        assert!(run.summary.contains("No: "), "{name}: {}", run.summary);
    }
}

fn empty(place: &Place) {
    fs::remove_dir_all(place.evidence()).unwrap();
    fs::create_dir(place.evidence()).unwrap();
}

#[test]
fn a_closed_verdict_allows_nothing() {
    for (name, prepare, wanted) in CASES {
        let run = ask(&prepared(*prepare)).run(&ACTION);
        match wanted {
            None => assert_eq!(run.code, 0, "{name}: {}", run.stdout),
            Some(code) => {
                assert_eq!((run.code, codes(&run)), (1, vec![(*code).to_owned()]), "{name}: {}", run.stdout)
            }
        }
    }
}
