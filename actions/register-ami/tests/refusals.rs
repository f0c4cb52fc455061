//! Tampering, and everything else that must not be published: refused with its reason, and nothing is changed.

#![expect(clippy::unwrap_used, reason = "a failing helper is a failing test")]

use std::fs;
use std::os::unix::fs::FileExt as _;

use crate::common::{Place, tree};
use attest::Kind;
use model::{ImageManifest, Subject};
use register_ami::ACTION;
use serde_json::json;

/// What is wrong, how it comes about, and the reasons that must be given: exactly these.
type Case = (&'static str, fn(&Place, &ImageManifest), &'static [&'static str]);

const CASES: &[Case] = &[
    ("no evidence at all", |_, _| {}, &["verdict-missing", "vsa-missing"]),
    (
        "a verdict without its summary",
        |place, image| drop(place.put(image, Kind::Verdict, &place.verdict("pass", 60), &place.assay)),
        &["vsa-missing"],
    ),
    (
        "a summary without its verdict",
        |place, image| drop(place.put(image, Kind::Vsa, &place.summary("PASSED", 60), &place.assay)),
        &["verdict-missing"],
    ),
    (
        "the provenance key signs a verdict",
        |place, image| {
            place.put(image, Kind::Verdict, &place.verdict("pass", 60), &place.bake);
            place.put(image, Kind::Vsa, &place.summary("PASSED", 60), &place.bake);
        },
        &["verdict-wrong-signer", "vsa-wrong-signer"],
    ),
    (
        "nobody signs the verdict",
        |place, image| {
            place.put_about(image.subjects().unwrap(), Kind::Verdict, &place.verdict("pass", 60), None);
            place.put_about(image.subjects().unwrap(), Kind::Vsa, &place.summary("PASSED", 60), None);
        },
        &["verdict-unsigned", "vsa-unsigned"],
    ),
    (
        "a verdict about another image",
        |place, _| place.pass(&place.image("other")),
        &["verdict-of-another-image", "vsa-of-another-image"],
    ),
    (
        "a verdict that knows only the manifest's file",
        |place, image| {
            let subject = || image.subjects().unwrap().split_off(1);
            place.put_about(subject(), Kind::Verdict, &place.verdict("pass", 60), Some(&place.assay));
            place.put_about(subject(), Kind::Vsa, &place.summary("PASSED", 60), Some(&place.assay));
        },
        &["verdict-of-another-image", "vsa-of-another-image"],
    ),
    (
        "a verdict that does not know the manifest",
        |place, image| {
            let subject = || vec![Subject::image("debian-app", image.content_digest())];
            place.put_about(subject(), Kind::Verdict, &place.verdict("pass", 60), Some(&place.assay));
            place.put_about(subject(), Kind::Vsa, &place.summary("PASSED", 60), Some(&place.assay));
        },
        &["verdict-of-another-manifest", "vsa-of-another-manifest"],
    ),
    (
        "a manifest edited after the verdict",
        |place, image| {
            place.pass(image);
            let mut edited = image.clone();
            edited.boot_mode = model::BootMode::LegacyBios;
            place.write_manifest("one", &edited);
        },
        &["verdict-of-another-manifest", "vsa-of-another-manifest"],
    ),
    (
        "a disk swapped after the verdict",
        |place, image| {
            place.pass(image);
            place.image("other");
            fs::copy(place.path("other/disk.raw"), place.path("one/disk.raw")).unwrap();
        },
        &["content-differs"],
    ),
    (
        "a disk with one bit changed",
        |place, image| {
            place.pass(image);
            let disk = fs::OpenOptions::new().write(true).open(place.path("one/disk.raw")).unwrap();
            disk.write_all_at(&[1], (24 << 20) - 1).unwrap();
        },
        &["content-differs"],
    ),
    (
        "a disk that grew within its GiB",
        |place, image| {
            place.pass(image);
            let disk = fs::OpenOptions::new().write(true).open(place.path("one/disk.raw")).unwrap();
            disk.set_len(25 << 20).unwrap();
        },
        &["content-differs"],
    ),
    (
        "a verdict by another policy",
        |place, image| {
            let mut verdict = place.verdict("pass", 60);
            verdict["policy"]["digest"]["sha256"] = json!("0".repeat(64));
            let mut summary = place.summary("PASSED", 60);
            summary["policy"]["digest"]["sha256"] = json!("0".repeat(64));
            place.put(image, Kind::Verdict, &verdict, &place.assay);
            place.put(image, Kind::Vsa, &summary, &place.assay);
        },
        &["verdict-by-another-policy", "vsa-by-another-policy"],
    ),
    (
        "a summary whose policy has no digest",
        |place, image| {
            place.pass(image);
            fs::remove_dir_all(place.evidence()).unwrap();
            let mut summary = place.summary("PASSED", 60);
            summary["policy"] = json!({"uri": "file:policy.yml"});
            place.put(image, Kind::Verdict, &place.verdict("pass", 60), &place.assay);
            place.put(image, Kind::Vsa, &summary, &place.assay);
        },
        &["vsa-by-another-policy"],
    ),
    (
        "a summary by another verifier",
        |place, image| {
            let mut summary = place.summary("PASSED", 60);
            summary["verifier"]["id"] = json!("https://hallmark.dev/gate2");
            place.put(image, Kind::Verdict, &place.verdict("pass", 60), &place.assay);
            place.put(image, Kind::Vsa, &summary, &place.assay);
        },
        &["vsa-by-another-verifier"],
    ),
    (
        "a review verdict",
        |place, image| {
            place.put(image, Kind::Verdict, &place.verdict("review", 60), &place.assay);
            place.put(image, Kind::Vsa, &place.summary("FAILED", 60), &place.assay);
        },
        &["verdict-review", "vsa-failed"],
    ),
    (
        "a review verdict beside a passing summary",
        |place, image| {
            place.put(image, Kind::Verdict, &place.verdict("review", 60), &place.assay);
            place.put(image, Kind::Vsa, &place.summary("PASSED", 60), &place.assay);
        },
        &["verdict-review"],
    ),
    (
        "a passing verdict by a policy that only reports, beside the summary of an earlier one",
        |place, image| {
            place.pass(image);
            let mut verdict = place.verdict("pass", 30);
            verdict["reportOnly"] = true.into();
            place.put(image, Kind::Verdict, &verdict, &place.assay);
        },
        &["verdict-report-only"],
    ),
    (
        "a failing verdict after a passing one",
        |place, image| {
            place.pass(image);
            place.put(image, Kind::Verdict, &place.verdict("fail", 30), &place.assay);
        },
        &["verdict-fail"],
    ),
    (
        "a failing verdict at the same time as a passing one",
        |place, image| {
            place.pass(image);
            place.put(image, Kind::Verdict, &place.verdict("fail", 60), &place.assay);
            place.put(image, Kind::Vsa, &place.summary("FAILED", 60), &place.assay);
        },
        &["verdict-fail", "vsa-failed"],
    ),
    (
        "an expired verdict",
        |place, image| {
            place.put(image, Kind::Verdict, &place.verdict("pass", 24 * 60 + 1), &place.assay);
            place.put(image, Kind::Vsa, &place.summary("PASSED", 24 * 60 + 1), &place.assay);
        },
        &["verdict-expired", "vsa-expired"],
    ),
    (
        "a verdict from the future",
        |place, image| {
            place.put(image, Kind::Verdict, &place.verdict("pass", -6), &place.assay);
            place.put(image, Kind::Vsa, &place.summary("PASSED", -6), &place.assay);
        },
        &["verdict-from-the-future", "vsa-from-the-future"],
    ),
    (
        "a summary without a time",
        |place, image| {
            let mut summary = place.summary("PASSED", 60);
            summary.as_object_mut().unwrap().remove("timeVerified");
            place.put(image, Kind::Verdict, &place.verdict("pass", 60), &place.assay);
            place.put(image, Kind::Vsa, &summary, &place.assay);
        },
        &["vsa-undated"],
    ),
    (
        "a verdict with one byte of its payload changed",
        |place, image| {
            place.pass(image);
            let path = place.put(image, Kind::Verdict, &place.verdict("pass", 60), &place.assay);
            let mut bundle: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap().to_owned();
            let at = payload.len() / 2;
            let other = if &payload[at..=at] == "A" { "B" } else { "A" };
            bundle["dsseEnvelope"]["payload"] =
                json!(format!("{}{other}{}", &payload[..at], &payload[at + 1..]));
            fs::write(path, bundle.to_string()).unwrap();
        },
        &["verdict-bad-signature"],
    ),
    (
        "a verdict that is no bundle, beside a good one",
        |place, image| {
            place.pass(image);
            fs::write(place.evidence().join("verdict.000000000000.sigstore.json"), "{").unwrap();
        },
        &["verdict-malformed-bundle"],
    ),
    (
        "a signed verdict that is none",
        |place, image| {
            place.pass(image);
            place.put(image, Kind::Verdict, &json!({"verdict": "splendid"}), &place.assay);
        },
        &["verdict-malformed"],
    ),
];

#[test]
fn each_is_refused_with_its_reasons_and_nothing_is_changed() {
    for (what, prepare, codes) in CASES {
        for before in ["nothing", "an image"] {
            let place = Place::new();
            if before == "an image" {
                let stored = place.image("stored");
                place.pass(&stored);
                assert_eq!(place.harness("stored").run(&ACTION).code, 0);
                fs::remove_dir_all(place.evidence()).unwrap();
            }
            let image = place.image("one");
            prepare(&place, &image);
            let unchanged = (tree(&place.store()), tree(&place.evidence()));

            let run = place.harness("one").run(&ACTION);
            assert_eq!(run.code, 1, "{what}: {}", run.stdout);
            let told: Vec<_> = run
                .stdout
                .lines()
                .filter_map(|line| line.strip_prefix("::error title=")?.split_once("::"))
                .map(|(code, _)| code)
                .collect();
            assert_eq!(told, *codes, "{what}");
            for code in *codes {
                assert!(run.summary.contains(code), "{what}: {}", run.summary);
            }
            assert!(run.outputs.is_empty(), "{what}");
            assert_eq!((tree(&place.store()), tree(&place.evidence())), unchanged, "{what}");
        }
    }
}

#[test]
fn the_newest_verdict_counts() {
    let place = Place::new();
    let image = place.image("one");
    place.put(&image, Kind::Verdict, &place.verdict("review", 90), &place.assay);
    place.put(&image, Kind::Vsa, &place.summary("FAILED", 90), &place.assay);
    assert_eq!(place.harness("one").run(&ACTION).code, 1);
    // What `gate --resume` signs after an approval.
    place.pass(&image);
    // Other people's statements are theirs, and old ones do not matter.
    place.put(&image, Kind::Verdict, &place.verdict("fail", 1), &place.bake);
    place.put(&image, Kind::Verdict, &place.verdict("fail", 24 * 600), &place.assay);
    let run = place.harness("one").run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn a_verdict_lasts_as_long_as_it_is_allowed_to() {
    for (age, max, code) in
        [(59, "1h", 0), (60, "1h", 0), (61, "1h", 1), (-4, "1h", 0), (10_000, "7d", 0), (10_100, "7d", 1)]
    {
        let place = Place::new();
        let image = place.image("one");
        place.put(&image, Kind::Verdict, &place.verdict("pass", age), &place.assay);
        place.put(&image, Kind::Vsa, &place.summary("PASSED", age), &place.assay);
        let run = place.harness("one").input("max-verdict-age", max).run(&ACTION);
        assert_eq!(run.code, code, "{age} {max}: {}", run.stdout);
    }
}
