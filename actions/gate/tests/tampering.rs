//! What is changed, foreign, missing, stale or signed by the wrong one is refused, each with its own
//! reason. The table is printed: `cargo test -p gate --test all tampering -- --nocapture`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::fs;
use std::path::Path;

use crate::common::{World, codes};
use attest::{Kind, Statement};
use model::{ContentDigest, Sha256, Subject};

/// What is done to a world that passes, and the one reason that must come of it.
type Row = (&'static str, fn(&mut World), &'static str);

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the test changes nothing");
    fs::write(path, changed).unwrap();
}

/// Replaces a bundle's payload, leaving its signature.
fn repay(path: &Path, change: impl FnOnce(String) -> String) {
    edit(path, |text| {
        let mut bundle: serde_json::Value = serde_json::from_str(&text).unwrap();
        let payload = decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap());
        bundle["dsseEnvelope"]["payload"] = encode(change(payload).as_bytes()).into();
        bundle.to_string()
    });
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().enumerate().fold(0_u32, |n, (i, b)| n | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let sign = if i <= chunk.len() { ALPHABET[(n >> (18 - 6 * i) & 63) as usize] } else { b'=' };
            text.push(char::from(sign));
        }
    }
    text
}

fn decode(text: &str) -> String {
    let (mut bytes, mut n, mut bits) = (Vec::new(), 0_u32, 0);
    for c in text.bytes().filter(|c| *c != b'=') {
        n = n << 6 | u32::try_from(ALPHABET.iter().position(|a| *a == c).unwrap()).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(n >> bits & 255).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn replaced(world: &World, kind: &str, signer: &str, statement: &Statement) {
    fs::remove_file(world.file(kind)).unwrap();
    world.put(signer, statement);
}

fn other_image(world: &World) -> World {
    let mut other = World::bare();
    other.image = world.image.clone();
    other.image.disks[0].content_digest = ContentDigest::new(Sha256::of(b"another disk"));
    other
}

fn report_file(world: &World) -> std::path::PathBuf {
    fs::read_dir(world.path("evidence/reports")).unwrap().next().unwrap().unwrap().path()
}

const ROWS: &[Row] = &[
    (
        "a test result's payload is changed",
        |w| repay(&w.file("test-result"), |p| p.replace("\"failed\":0", "\"failed\":1")),
        "bad-signature",
    ),
    (
        "a provenance's payload is changed",
        |w| repay(&w.file("provenance"), |p| p.replace("web.pkr.hcl", "evil.pkr.hcl")),
        "bad-signature",
    ),
    ("a bundle is cut short", |w| edit(&w.file("vulns"), |t| t[..t.len() / 2].into()), "malformed-evidence"),
    ("a bundle is emptied", |w| edit(&w.file("vulns"), |_| String::new()), "malformed-evidence"),
    (
        "the scan's report is changed",
        |w| edit(&report_file(w), |t| t.replace("debian", "debiax")),
        "report-changed",
    ),
    ("the scan's report is gone", |w| fs::remove_file(report_file(w)).unwrap(), "report-missing"),
    (
        "the scan's report was never one",
        |w| replaced(w, "vulns", "assay", &w.scan_of(b"{}", false)),
        "report-unreadable",
    ),
    (
        "the scan counts otherwise than its report",
        |w| {
            let mut scan = w.scan(&[], false);
            scan.predicate["hallmark"]["counts"]["low"] = 7.into();
            replaced(w, "vulns", "assay", &scan);
        },
        "report-disagrees",
    ),
    (
        "the report's image was swapped",
        |w| {
            let other = other_image(w);
            let scan =
                Statement::new(Kind::Vulns, other.image.subjects().unwrap(), &w.scan(&[], false).predicate)
                    .unwrap();
            replaced(w, "vulns", "assay", &scan);
        },
        "wrong-subject",
    ),
    (
        "the scan knew no system",
        |w| {
            let report = String::from_utf8(World::report(&[])).unwrap().replace("\"Family\":\"debian\",", "");
            replaced(w, "vulns", "assay", &w.scan_of(report.as_bytes(), false));
        },
        "scan-incomplete",
    ),
    (
        "the image is exchanged after all",
        |w| {
            w.image = other_image(w).image;
            w.write_image();
        },
        "wrong-subject",
    ),
    (
        "image.json is changed beside the disk",
        |w| {
            w.image.boot_mode = model::BootMode::LegacyBios;
            w.write_image();
        },
        "wrong-image-manifest",
    ),
    (
        "a test result of another image is added",
        |w| {
            w.put("assay", &other_image(w).tests("booted", "2026-11-22T11:30:00Z", 3, 0));
        },
        "wrong-subject",
    ),
    (
        "a verdict about another image is added",
        |w| {
            let verdict = Statement::new(
                Kind::Verdict,
                other_image(w).image.subjects().unwrap(),
                &serde_json::json!({}),
            )
            .unwrap();
            w.put("assay", &verdict);
        },
        "wrong-subject",
    ),
    (
        "the provenance key signs a test result",
        |w| {
            let tests = w.tests("booted", "2026-11-22T11:30:00Z", 9, 0);
            w.put("bake", &tests);
        },
        "wrong-signer",
    ),
    (
        "the provenance key signs a verdict",
        |w| {
            let verdict = Statement::new(
                Kind::Verdict,
                w.image.subjects().unwrap(),
                &serde_json::json!({"verdict": "pass"}),
            )
            .unwrap();
            w.put("bake", &verdict);
        },
        "wrong-signer",
    ),
    (
        "the assay key signs provenance",
        |w| replaced(w, "provenance", "assay", &w.provenance()),
        "wrong-signer",
    ),
    (
        "someone unknown signs a test result",
        |w| {
            let tests = w.tests("booted", "2026-11-22T11:30:00Z", 9, 0);
            w.put("mallory", &tests);
        },
        "unknown-signer",
    ),
    (
        "a test result is not signed",
        |w| replaced(w, "test-result", "", &w.tests("booted", "2026-11-22T11:00:00Z", 3, 0)),
        "unsigned-evidence",
    ),
    ("a test result is missing", |w| fs::remove_file(w.file("test-result")).unwrap(), "missing-evidence"),
    ("a provenance is missing", |w| fs::remove_file(w.file("provenance")).unwrap(), "missing-evidence"),
    (
        "a signature verification is missing",
        |w| fs::remove_file(w.file("signature-verification")).unwrap(),
        "missing-evidence",
    ),
    (
        "the test ran two days ago",
        |w| replaced(w, "test-result", "assay", &w.tests("booted", "2026-11-20T11:00:00Z", 3, 0)),
        "stale-evidence",
    ),
    (
        "the test is dated tomorrow",
        |w| replaced(w, "test-result", "assay", &w.tests("booted", "2026-11-23T11:00:00Z", 3, 0)),
        "future-evidence",
    ),
    (
        "the test ran in the build only",
        |w| replaced(w, "test-result", "assay", &w.tests("in-build", "2026-11-22T11:00:00Z", 3, 0)),
        "not-seen-as-required",
    ),
    (
        "no test ran",
        |w| replaced(w, "test-result", "assay", &w.tests("booted", "2026-11-22T11:00:00Z", 0, 0)),
        "too-few-tests",
    ),
    (
        "a newer test failed",
        |w| {
            let tests = w.tests("booted", "2026-11-22T11:30:00Z", 3, 1);
            w.put("assay", &tests);
        },
        "tests-failed",
    ),
    (
        "a statement lies there twice",
        |w| {
            let file = w.file("test-result");
            fs::copy(&file, file.with_file_name("test-result.000000000000.sigstore.json")).unwrap();
        },
        "duplicate-evidence",
    ),
    (
        "other files were verified than were baked",
        |w| replaced(w, "signature-verification", "bake", &w.signatures(b"another binary")),
        "unjoined-files",
    ),
    (
        "a statement is of a kind from the future",
        |w| {
            let mut statement = w.provenance();
            statement.predicate_type = "https://example.org/new/v1".into();
            let bundle = attest::sign(&statement, w.key("bake")).unwrap().to_bytes().unwrap();
            fs::write(w.path("evidence/new.000000000000.sigstore.json"), bundle).unwrap();
        },
        "unknown-kind",
    ),
    (
        "a statement's predicate is of another shape",
        |w| {
            let statement =
                Statement::new(Kind::Provenance, w.image.subjects().unwrap(), &serde_json::json!({"x": 1}))
                    .unwrap();
            replaced(w, "provenance", "bake", &statement);
        },
        "malformed-evidence",
    ),
    (
        "a signature verification is of a bare file name",
        |w| {
            let mut statement = w.signatures(b"binary");
            statement.subject = vec![Subject::image("web", w.image.content_digest())];
            replaced(w, "signature-verification", "bake", &statement);
        },
        "unjoined-files",
    ),
    (
        "a stray file lies in the folder",
        |w| fs::write(w.path("evidence/notes.txt"), "x").unwrap(),
        "unknown-file",
    ),
    (
        "a statement is a symbolic link",
        |w| {
            let file = w.file("test-result");
            let moved = w.path("moved.json");
            fs::rename(&file, &moved).unwrap();
            std::os::unix::fs::symlink(moved, file).unwrap();
        },
        "unknown-file",
    ),
    (
        "the sample database was used",
        |w| replaced(w, "vulns", "assay", &w.scan(&[], true)),
        "sample-database",
    ),
    (
        "two of the signers have one key",
        |w| {
            fs::copy(w.path("assay.pub"), w.path("publish.pub")).unwrap();
        },
        "shared-key",
    ),
];

#[test]
fn every_change_is_refused_with_its_reason() {
    let mut wrong = String::new();
    println!("{:<52} {:<8} reasons", "what was done", "verdict");
    for (what, change, code) in ROWS {
        let mut world = World::good();
        assert_eq!(world.gate("recommended").outputs["verdict"], "pass", "the world is good before: {what}");
        // The verdict of that first run is not what is looked at here.
        for kind in ["verdict", "vsa"] {
            fs::remove_file(world.file(kind)).unwrap();
        }
        change(&mut world);
        let run = world.gate("recommended");
        let found = codes(&run);
        println!("{what:<52} {:<8} {}", run.outputs["verdict"], found.join(", "));
        if run.code != 1 || !found.contains(&(*code).to_owned()) {
            wrong.push_str(&format!("{what}: wanted {code}, found {found:?} ({})\n", run.code));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The policy that decided is in the verdict, by digest, with its keys: another policy or key is
/// another digest, which publishing compares.
#[test]
fn another_policy_or_key_is_another_policy_digest() {
    let world = World::good();
    let digest = |policy: &str| world.gate(policy).outputs["policy-digest"].clone();
    assert_ne!(digest("recommended"), digest("demo"));
    let before = digest("recommended");
    fs::copy(world.path("mallory.pub"), world.path("publish.pub")).unwrap();
    assert_ne!(before, digest("recommended"));
}
