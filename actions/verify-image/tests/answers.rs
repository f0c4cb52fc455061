//! Yes, and every reason why not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use crate::common::closed::{CASES, prepared};
use crate::common::{Place, VERIFIER, tree};
use attest::{EvidenceDir, Identity, Kind, Sign, Statement};
use jiff::SignedDuration;
use model::{ImageManifest, Sha256};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};
use signers::instance::Instance;
use signers::{Claims, GITHUB_ISSUER};
use verify_image::ACTION;

/// A place with an image that passed an hour ago.
fn good() -> (Place, ImageManifest) {
    let place = Place::new();
    let image = place.image("one");
    place.pass(&image);
    (place, image)
}

fn ask(place: &Place) -> Harness {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    Harness::new()
        .now(place.now)
        .input("image", text(place.path("one/image.json")))
        .input("evidence", text(place.evidence()))
        .input("verdict-signer", text(place.path("assay.pub")))
        .input("verifier-id", VERIFIER)
        .input("policy-digest", Place::policy().to_string())
}

fn codes(run: &Run) -> Vec<String> {
    let reasons: Vec<Value> = serde_json::from_str(
        run.outputs.get("reasons").unwrap_or_else(|| panic!("no answer: {}\n{}", run.stdout, run.stderr)),
    )
    .unwrap();
    reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

fn answer(run: &Run) -> Value {
    serde_json::from_str(&run.outputs["answer"]).unwrap()
}

fn refused(run: &Run, wanted: &[&str]) {
    assert_eq!((run.code, run.outputs["verified"].as_str()), (1, "false"), "{}", run.stdout);
    assert_eq!(codes(run), wanted, "{}", run.stdout);
}

#[test]
fn yes_with_all_that_it_rests_on() {
    let (place, image) = good();
    let before = tree(place.folder.path());
    let run = ask(&place).run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.outputs["verified"], "true");
    assert_eq!(run.outputs["reasons"], "[]");
    assert_eq!(run.outputs["content-digest"], image.content_digest().to_string());
    assert_eq!(run.outputs["policy"], "baseline");
    assert_eq!(run.outputs["policy-digest"], Place::policy().to_string());
    assert_eq!(run.outputs["decided-on"], place.ago(60));
    assert_eq!(run.outputs["approver"], "");
    assert!(run.outputs["signer"].starts_with("key "), "{}", run.outputs["signer"]);
    assert!(
        run.summary.contains("Yes: debian-app passed the policy baseline, 1 h 0 min ago"),
        "{}",
        run.summary
    );
    assert_eq!(answer(&run)["verdict"]["ageSeconds"], 3600);
    assert_eq!(tree(place.folder.path()), before, "nothing is written");
}

/// The short name at a terminal: one word, and the answer as JSON alone.
#[test]
fn at_a_terminal() {
    let (place, _) = good();
    let harness =
        || ask(&place).off_runner().input("image", "").arg(place.path("one").to_string_lossy().into_owned());
    let run = harness().run(&verify_image::VERIFY);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("Yes: debian-app") || run.stderr.contains("Yes: debian-app"));
    let run = harness().input("json", "true").run(&verify_image::VERIFY);
    let said: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {}", run.stdout));
    assert_eq!(said["verified"], true);
}

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
fn one_of_several_policies_is_enough() {
    let (place, _) = good();
    let both = format!("{}\nsha256:{}", Sha256::of(b"another"), Place::policy());
    assert_eq!(ask(&place).input("policy-digest", both).run(&ACTION).code, 0);
}

/// However the image is named, it is the same one; and what is not seen is said.
#[test]
fn an_image_by_whatever_is_at_hand() {
    let (place, image) = good();
    let digest = image.content_digest().to_string();
    for (given, says) in [
        (place.path("one/image.json").display().to_string(), None),
        (place.path("one").display().to_string(), None),
        (place.path("one/disk.raw").display().to_string(), Some("how it is booted")),
        (digest, Some("no disk was hashed")),
    ] {
        let run = ask(&place).input("image", &given).run(&ACTION);
        assert_eq!(run.code, 0, "{given}: {}", run.stdout);
        assert_eq!(run.outputs["content-digest"], image.content_digest().to_string(), "{given}");
        let notes = answer(&run)["notes"].to_string();
        match says {
            Some(says) => assert!(notes.contains(says), "{given}: {notes}"),
            None => assert_eq!(notes, "[]", "{given}"),
        }
    }
    // Another disk under the same name is another image.
    place.image_of("two", 24 << 20, b"two");
    let run = ask(&place).input_path("image", place.path("two/disk.raw")).run(&ACTION);
    refused(&run, &["verdict-of-another-image", "vsa-of-another-image"]);
    // The manifest can be elsewhere than the disk.
    fs::rename(place.path("one/disk.raw"), place.path("moved.raw")).unwrap();
    let run = ask(&place).input_path("disk", place.path("moved.raw")).run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn what_cannot_be_decided() {
    for (inputs, says) in [
        (&[("image", "ami-0123456789abcdef0")][..], "nobody says in which: give `region`"),
        (&[("image", "ami-0123456789abcdef0"), ("region", "eu-central-1\nx")], "give a region"),
        (&[("image", "ami-0123456789abcdef0"), ("store", "/absent")], "is in AWS: leave them out"),
        (&[("region", "eu-central-1")], "input `region` is for an AMI"),
        (
            &[("evidence", "s3://golden/x"), ("manifest", "/absent/image.json")],
            "input `manifest` is for an AMI",
        ),
        (&[("manifest", "/absent/image.json")], "input `manifest` is for an AMI"),
        (&[("image", "")], "input `image` is required"),
        (&[("image", "/absent/image.json")], "cannot read the manifest"),
        (&[("image", "/absent.raw")], "cannot read the disk"),
        (&[("image", "hallmarkBlocks1:12")], "input `image`"),
        (&[("evidence", "/absent")], "there is no evidence at /absent"),
        (&[("evidence", "gs://bucket/prefix")], "nothing is kept at such an address"),
        (&[("verdict-signer", "")], "one of `verdict-signer` and `verdict-identity` is required"),
        (&[("verdict-identity", "workflow: x")], "are both given"),
        (&[("policy-digest", "latest")], "`latest` is no SHA-256"),
        (&[("policy-digest", "")], "policy-digest"),
        (&[("verifier-id", "")], "verifier-id"),
        (&[("channel", "debian-app/stable")], "`channel` is one of a `store`"),
        (&[("store", "/absent"), ("channel", "debian-app/stable")], "with `store`, one of"),
        (&[("store", "/absent"), ("channel", "stable"), ("image", "")], "family/name is wanted"),
        (&[("exceptions", "/absent.yml")], "cannot read /absent.yml"),
    ] {
        let (place, _) = good();
        let run = inputs
            .iter()
            .fold(ask(&place), |harness, (input, value)| harness.input(input, value))
            .run(&ACTION);
        assert_eq!(run.code, 2, "{inputs:?}: {}", run.stdout);
        assert!(run.stdout.contains(says), "{inputs:?}: {}", run.stdout);
        assert!(!run.outputs.contains_key("verified"), "{inputs:?}");
    }
    // Evidence that somebody may have wanted to be seen, and that cannot be.
    let (place, _) = good();
    std::os::unix::fs::symlink("/dev/null", place.evidence().join("verdict.000000000000.sigstore.json"))
        .unwrap();
    let run = ask(&place).run(&ACTION);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("it is a symbolic link"), "{}", run.stdout);
}

fn exception(suppressed: u64, expires: &str) -> Value {
    json!({
        "class": "vulnerability", "id": "CVE-2026-1", "aliases": [], "package": "openssl", "purl": null,
        "version": null, "versions": null, "paths": null, "images": [], "environments": [],
        "reason": "not reachable", "owner": "Ada", "ticket": null, "created": "2026-01-01", "expires": expires,
        "untilFixed": false, "vex": null, "line": 3, "column": 5, "state": "holds", "suppressed": suppressed,
    })
}

/// [`Place`]'s clock shows this day.
fn day(place: &Place, plus: i64) -> String {
    (place.now + SignedDuration::from_hours(24 * plus)).to_string()[..10].to_owned()
}

#[test]
fn exceptions_as_they_stand_today() {
    let entry = |more: &str, expires: &str| {
        format!(
            "version: 1\nexceptions:\n  - {{id: CVE-2026-1, package: openssl, reason: r, owner: Bo, created: {}, expires: {expires}{more}}}\n",
            "2026-01-01"
        )
    };
    let place = Place::new();
    let (over, last, soon, late) = (day(&place, -1), day(&place, 0), day(&place, 7), day(&place, 60));
    let none = "version: 1\nexceptions: []\n".to_owned();
    let mut without_end = exception(2, &late);
    without_end["expires"] = Value::Null;
    let mut without_number = exception(2, &late);
    without_number["suppressed"] = Value::Null;
    for (name, then, today, wanted) in [
        ("holds", exception(2, &late), None, Ok("holds")),
        ("ends soon", exception(2, &soon), None, Ok("ending")),
        ("its last day", exception(2, &last), None, Ok("ending")),
        ("over since", exception(2, &over), None, Err("exception-expired")),
        ("over, and hides nothing", exception(0, &over), None, Ok("")),
        ("no end", without_end.clone(), None, Err("exception-unreadable")),
        ("no number", without_number, None, Err("exception-unreadable")),
        ("still there", exception(2, &late), Some(entry("", &late)), Ok("holds")),
        ("renewed", exception(2, &over), Some(entry("", &late)), Ok("holds")),
        ("renewed, for more", exception(2, &over), Some(entry(", ticket: T-1", &late)), Ok("holds")),
        ("made shorter", exception(2, &late), Some(entry("", &over)), Err("exception-expired")),
        ("taken back", exception(2, &late), Some(none.clone()), Err("exception-gone")),
        ("taken back, and hides nothing", exception(0, &late), Some(none), Ok("")),
        (
            "for another version",
            exception(2, &late),
            Some(entry(", version: '1'", &late)),
            Err("exception-gone"),
        ),
        (
            "for another family",
            exception(2, &late),
            Some(entry(", images: [web]", &late)),
            Err("exception-gone"),
        ),
        (
            "not hidden any more",
            exception(2, &late),
            Some(entry(", vex: {status: under_investigation}", &late)),
            Err("exception-gone"),
        ),
    ] {
        let place = Place::at(place.now);
        let image = place.image("one");
        let mut verdict = place.verdict("pass", 60);
        verdict["exceptions"] = json!([then]);
        place.put(&image, Kind::Verdict, &verdict, &place.assay);
        place.put(&image, Kind::Vsa, &place.summary("PASSED", 60), &place.assay);
        let mut harness = ask(&place);
        if let Some(today) = &today {
            fs::write(place.path("exceptions.yml"), today).unwrap();
            harness = harness.input_path("exceptions", place.path("exceptions.yml"));
        }
        let run = harness.run(&ACTION);
        match wanted {
            Ok(state) => {
                assert_eq!(run.code, 0, "{name}: {}", run.stdout);
                let told = answer(&run)["exceptions"].clone();
                assert_eq!(told[0]["state"].as_str().unwrap_or_default(), state, "{name}: {told}");
            }
            Err(code) => {
                assert_eq!(run.code, 1, "{name}: {}", run.stdout);
                assert_eq!(codes(&run), [code], "{name}");
            }
        }
    }
}

/// A verdict that was resumed with an approval, and the approval beside it.
fn approved(place: &Place, image: &ImageManifest, by: &crate::common::Job, keep: bool) {
    let approval = Statement::new(
        Kind::Approval,
        image.subjects().unwrap(),
        &json!({
            "verdict": {"sha256": Sha256::of(b"review")}, "brief": {"sha256": Sha256::of(b"brief")},
            "approver": "Ada <script>", "comment": "seen", "decidedOn": place.ago(90), "expiresOn": place.ago(30),
            "waives": ["unfixed-vulnerability"],
        }),
    )
    .unwrap();
    let file = EvidenceDir::new(place.evidence()).write(&approval, Some(&by.private as &dyn Sign)).unwrap();
    let bytes = fs::read(&file).unwrap();
    let mut verdict = place.verdict("pass", 60);
    verdict["approval"] = json!({
        "kind": "approval", "file": file.file_name().unwrap().to_string_lossy(), "sha256": Sha256::of(&bytes),
        "payloadDigest": Sha256::of(&approval.to_bytes().unwrap()), "signer": by.public.key_id(),
    });
    place.put(image, Kind::Verdict, &verdict, &place.assay);
    place.put(image, Kind::Vsa, &place.summary("PASSED", 60), &place.assay);
    if !keep {
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn who_approved() {
    for (name, by_publish, keep, demanded, wanted) in [
        ("by the gate's word", true, true, false, Ok("the gate")),
        ("by the gate's word alone", true, false, false, Ok("the gate")),
        ("by the one who may", true, true, true, Ok("its signature")),
        ("by another", false, true, true, Err("approval-wrong-signer")),
        ("by nobody knows whom", true, false, true, Err("approval-missing")),
    ] {
        let place = Place::new();
        let image = place.image("one");
        approved(&place, &image, if by_publish { &place.publish } else { &place.bake }, keep);
        fs::write(place.path("approver.pub"), &place.publish.public_pem).unwrap();
        let mut harness = ask(&place);
        if demanded {
            harness = harness.input_path("approval-signer", place.path("approver.pub"));
        }
        let run = harness.run(&ACTION);
        match wanted {
            Ok(by) => {
                assert_eq!(run.code, 0, "{name}: {}", run.stdout);
                let approval = answer(&run)["approval"].clone();
                assert_eq!(approval["verifiedBy"], by, "{name}");
                if keep {
                    assert_eq!(run.outputs["approver"], "Ada <script>", "{name}");
                    assert_eq!(approval["waives"], json!(["unfixed-vulnerability"]));
                    assert_eq!(approval["over"], true, "{name}: it could be used for an hour");
                    assert!(
                        !run.summary.contains("<script>") && run.summary.contains("which is over"),
                        "{}",
                        run.summary
                    );
                }
            }
            Err(code) => {
                assert_eq!(run.code, 1, "{name}: {}", run.stdout);
                assert_eq!(codes(&run), [code], "{name}");
            }
        }
    }
}

fn release(place: &Place, image: &ImageManifest, by: Option<&crate::common::Job>) {
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
