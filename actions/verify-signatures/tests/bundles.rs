//! Real bundles of other people's making: verified by whoever signed them, and refused with a reason of its own by
//! anybody else's, for anything else, by another root.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;

use crate::common::{Job, Run};
use crate::real::{CONDA, REAL, Real, data};
use attest::predicate::signature_verification::Predicate;
use attest::read_unsigned;
use serde_json::{Value, json};

fn by(job: &Job, manifest: &str) -> Run {
    job.write("signatures.yml", manifest);
    job.run(&[])
}

/// The one reason, of a run that is refused.
fn reason<'r>(run: &'r Run, what: &str) -> &'r str {
    assert_eq!(run.code, 1, "{what}: {run:?}");
    assert!(run.outputs.is_empty(), "{what}: {run:?}");
    let reasons = run.reasons();
    assert_eq!(reasons.len(), 1, "{what}: {run:?}");
    reasons[0]
}

#[test]
fn each_verifies_by_whoever_signed_it_and_the_evidence_says_by_what() {
    for real in &REAL {
        let job = Job::new();
        real.put(&job);
        let run = by(&job, &real.manifest(real.root(), real.identity, ", require: transparency-log"));
        assert_eq!(run.code, 0, "{}: {run:?}", real.bundle);
        let files: Value = serde_json::from_str(&run.outputs["files"]).unwrap();
        let signer = &files[0]["signers"][0];
        assert_eq!((&files[0]["path"], &signer["name"]), (&json!("file"), &json!("who")), "{files}");
        assert_eq!(signer["keyId"].is_string(), real.identity.is_empty(), "{files}");
        assert_eq!(signer["issuer"].is_string(), !real.identity.is_empty(), "{files}");
        assert_eq!(signer["proof"].as_str().unwrap().contains("timestamp"), real.timestamped, "{files}");
        let evidence = read_unsigned(&job.evidence()[0].bytes).unwrap();
        let predicate: Predicate = evidence.statement.predicate().unwrap();
        let signature = &predicate.files[0].signatures[0];
        assert!(signature.log_index.is_some() && !signature.times.is_empty(), "{signature:?}");
        let root = &predicate.trusted_roots[0];
        assert_eq!(Some(root.digest.sha256), signature.trusted_root, "{}", real.bundle);
        let date = root.as_of.unwrap().strftime("%Y-%m-%d").to_string();
        let shown = real.root().replace('_', "\\_");
        assert!(
            run.summary.contains(&format!("Trusted root: {shown} of {date}, SHA-256 {}", root.digest.sha256)),
            "{}",
            run.summary
        );
    }
}

#[test]
fn a_timestamp_is_there_or_it_is_not() {
    for real in &REAL {
        let job = Job::new();
        real.put(&job);
        let run = by(&job, &real.manifest(real.root(), real.identity, ", require: [timestamp]"));
        if real.timestamped {
            assert_eq!(run.code, 0, "{}: {run:?}", real.bundle);
        } else {
            assert_eq!(reason(&run, real.bundle), "no-timestamp");
        }
    }
}

#[test]
fn another_file_is_another_artifact() {
    for real in &REAL {
        let job = Job::new();
        real.put(&job);
        job.write("file", "another file");
        let run = by(&job, &real.manifest(real.root(), real.identity, ""));
        assert_eq!(reason(&run, real.bundle), "other-artifact", "{}", real.bundle);
        // Whom and what was asked is told all the same.
        assert!(run.summary.contains("Trusted root: "), "{}", run.summary);
    }
}

#[test]
fn another_root_does_not_vouch() {
    for real in &REAL {
        let job = Job::new();
        real.put(&job);
        let run = by(&job, &real.manifest("github", real.identity, ""));
        let told = reason(&run, real.bundle);
        // What the root has nobody for, and is looked at first.
        let expected = ["bad-timestamp", "unknown-log", "bad-certificate-log", "bad-checkpoint"];
        assert!(expected.contains(&told), "{}: {told}", real.bundle);
        // The step's own root stands in place of the manifest's.
        job.write("signatures.yml", real.manifest("github", real.identity, ""));
        let run = job.run(&[("trusted-root", real.root())]);
        assert_eq!(run.code, 0, "{}: {run:?}", real.bundle);
        // And an identity's own in place of both.
        if !real.identity.is_empty() {
            let own = [real.identity, &[("trusted-root", real.root())]].concat();
            job.write("signatures.yml", real.manifest("github", &own, ""));
            assert_eq!(job.run(&[("trusted-root", "github")]).code, 0, "{}", real.bundle);
        }
    }
}

/// Each member of a rule, with another value.
#[test]
fn anybody_else_is_not_meant() {
    for real in REAL.iter().filter(|real| !real.identity.is_empty()) {
        let job = Job::new();
        real.put(&job);
        let others = [
            ("issuer", "https://accounts.google.com"),
            ("subject", "mallory@example.com"),
            ("subject-pattern", "mallory@.*"),
            ("workflow", "acme/tools/.github/workflows/release.yml@refs/heads/main"),
            ("repository", "acme/tools"),
            ("ref", "refs/heads/evil"),
            ("environment", "release"),
            ("runner-environment", "self-hosted"),
            ("trigger", "pull_request"),
        ];
        for (field, other) in others {
            let mut identity = real.identity.to_vec();
            // One subject stands beside no other.
            identity.retain(|(name, _)| !(field.starts_with("subject") && name.starts_with("subject")));
            match identity.iter_mut().find(|(name, _)| *name == field) {
                Some(member) => member.1 = other,
                None => identity.push((field, other)),
            }
            let run = by(&job, &real.manifest(real.root(), &identity, ""));
            assert_eq!(reason(&run, field), "unknown-identity", "{} {field}", real.bundle);
            let field = field.trim_end_matches("-pattern");
            assert!(run.stdout.contains(&format!("`{field}` is ")), "{field}: {}", run.stdout);
        }
    }
}

#[test]
fn a_key_is_no_identity_and_an_identity_no_key() {
    let (of_key, of_identity): (Vec<&Real>, Vec<&Real>) =
        REAL.iter().partition(|real| real.identity.is_empty());
    let job = Job::new();
    of_key[0].put(&job);
    let alice = [("issuer", "https://accounts.google.com"), ("subject", "alice@example.com")];
    let run = by(&job, &of_key[0].manifest("public-good", &alice, ""));
    assert_eq!(reason(&run, "a key"), "unknown-signer");
    of_identity[0].put(&job);
    let run = by(&job, &of_identity[0].manifest("public-good", &[], ""));
    assert_eq!(reason(&run, "an identity"), "unknown-signer");
    // The key of somebody else.
    of_key[0].put(&job);
    job.key("real", "p256");
    let run = by(&job, &of_key[0].manifest("public-good", &[], ""));
    assert!(["bad-signature", "other-log-entry"].contains(&reason(&run, "another key")), "{run:?}");
}

#[test]
fn provenance_is_what_is_asked_for_or_it_is_refused() {
    let real = REAL.iter().find(|real| real.bundle.contains("a.dsse")).unwrap();
    let job = Job::new();
    real.put(&job);
    let bundle: Value = serde_json::from_slice(&fs::read(job.path("file.sigstore.json")).unwrap()).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let payload: Value = serde_json::from_slice(&signers::detached::strict_base64(payload).unwrap()).unwrap();
    let builder = payload["predicate"]["runDetails"]["builder"]["id"].as_str().unwrap();
    let ask =
        |wanted: &str| real.manifest(real.root(), real.identity, &format!(", provenance: {{ {wanted} }}"));
    let run = by(&job, &ask(&format!("builder: '{builder}'")));
    assert_eq!(run.code, 0, "{run:?}");
    let evidence = read_unsigned(&job.evidence()[0].bytes).unwrap();
    let predicate: Predicate = evidence.statement.predicate().unwrap();
    assert_eq!(predicate.files[0].provenance.as_ref().unwrap().builder, builder);
    for wanted in [
        "builder: 'https://example.com/b'".to_owned(),
        format!("builder: '{builder}', source: github.com/acme/tools"),
        format!("builder: '{builder}', ref: refs/tags/v1"),
        format!("builder: '{builder}', workflow: x.yml"),
        format!("builder: '{builder}/'"),
    ] {
        assert_eq!(reason(&by(&job, &ask(&wanted)), &wanted), "other-provenance");
    }
    // A good bundle of something else.
    let conda = &REAL[1];
    conda.put(&job);
    let run = by(&job, &conda.manifest(conda.root(), conda.identity, ", provenance: { builder: b }"));
    assert_eq!(reason(&run, "conda"), "no-provenance");
    let cosign = &REAL[0];
    cosign.put(&job);
    let run = by(&job, &cosign.manifest(cosign.root(), cosign.identity, ", provenance: { builder: b }"));
    assert_eq!(reason(&run, "cosign"), "no-provenance");
}

/// The forms that GitHub gives attestations in.
#[test]
fn bundles_come_alone_as_lines_or_in_an_answer() {
    let (good, other) = (&REAL[1], &REAL[2]);
    let job = Job::new();
    good.put(&job);
    let one = |real: &Real| -> Value {
        serde_json::from_slice(&fs::read(data().join(real.bundle)).unwrap()).unwrap()
    };
    let (good_one, other_one) = (one(good), one(other));
    let mine = good.manifest(good.root(), good.identity, "");
    let answer = |bundles: &[&Value]| {
        let attestations: Vec<_> =
            bundles.iter().map(|bundle| json!({"bundle": bundle, "repository_id": 1})).collect();
        json!({"attestations": attestations}).to_string()
    };
    for (what, text, wanted) in [
        ("lines", format!("{good_one}\n{other_one}\n"), None),
        ("lines in another order", format!("{other_one}\n\n{good_one}"), None),
        ("one line", format!("{good_one}\n"), None),
        ("an answer", answer(&[&good_one]), None),
        ("an answer with two", answer(&[&other_one, &good_one]), None),
        ("lines of others", format!("{other_one}\n{other_one}\n"), Some("bad-timestamp")),
        ("an answer of nothing", answer(&[]), Some("malformed-bundle")),
        ("an answer of no bundles", json!({"attestations": [{}]}).to_string(), Some("malformed-bundle")),
        ("one line that is no bundle", format!("{good_one}\n{{}}\n"), Some("malformed-bundle")),
        ("nothing", String::new(), Some("malformed-bundle")),
        ("no object", "[]".into(), Some("malformed-bundle")),
        ("no JSON", "trust me".into(), Some("malformed-bundle")),
    ] {
        job.write("file.sigstore.json", text);
        let run = by(&job, &mine);
        match wanted {
            None => assert_eq!(run.code, 0, "{what}: {run:?}"),
            Some(wanted) => assert_eq!(reason(&run, what), wanted),
        }
    }
}

/// What the crate's own tests refuse.
#[test]
fn broken_bundles_are_refused_with_their_reason() {
    let anybody = [
        ("issuer-pattern", "https://(token|github|accounts)[./].*"),
        ("subject-pattern", "https://github.com/.*|.*@gmail.com"),
    ];
    let mut told = String::new();
    for name in [
        "bundle_cve_2022_36056.txt.sigstore",
        "bundle_invalid_version.txt.sigstore",
        "bundle_no_checkpoint.txt.sigstore",
        "bundle_no_log_entry.txt.sigstore",
        "bundle_v3_no_signed_time.txt.sigstore.json",
        "dsse-2sigs.sigstore.json",
        "github-private-attestation.sigstore.json",
    ] {
        let job = Job::new();
        REAL[0].put(&job);
        job.write("file.sigstore.json", fs::read(data().join("bundles").join(name)).unwrap());
        let run = by(&job, &REAL[0].manifest("public-good", &anybody, ""));
        told += &format!("{name}: {}\n", reason(&run, name));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_root_is_there_reads_and_lives() {
    let real = &REAL[0];
    let job = Job::new();
    real.put(&job);
    let embedded = attest::TrustRoot::embedded("public-good").unwrap().unwrap();
    let root: Value = serde_json::from_slice(embedded.bytes()).unwrap();
    let mut ended = root.clone();
    for authority in ended["certificateAuthorities"].as_array_mut().unwrap() {
        authority["validFor"]["end"] = json!("2026-01-01T00:00:00Z");
    }
    let nobody = json!({"mediaType": root["mediaType"]});
    for (what, text, wanted) in [
        ("the same", Some(root.to_string()), None),
        ("ended", Some(ended.to_string()), Some("expired-trust-root")),
        ("of nobody", Some(nobody.to_string()), Some("bad-trust-root")),
        ("no root", Some("{}".into()), Some("bad-trust-root")),
        ("no JSON", Some("root".into()), Some("bad-trust-root")),
        ("nothing", Some(String::new()), Some("bad-trust-root")),
        ("long", Some(" ".repeat(5 << 20)), Some("too-long")),
        ("not there", None, Some("missing-trust-root")),
    ] {
        match text {
            Some(text) => job.write("root.json", text),
            None => fs::remove_file(job.path("root.json")).unwrap(),
        }
        let run = by(&job, &real.manifest("root.json", real.identity, ""));
        match wanted {
            None => assert_eq!(run.code, 0, "{what}: {run:?}"),
            Some(wanted) => assert_eq!(reason(&run, what), wanted),
        }
        // As the step's, what is no root is a bad input: nothing is decided.
        job.write("signatures.yml", real.manifest("public-good", real.identity, ""));
        let code = match wanted {
            None => 0,
            Some("expired-trust-root") => 1,
            Some(_) => 2,
        };
        let run = job.run(&[("trusted-root", "root.json")]);
        assert_eq!(run.code, code, "{what}: {run:?}");
    }
}

/// A statement about a file is no signature of it: it may say anything. Only a type that the entry names counts.
#[test]
fn an_attestation_that_is_no_provenance_has_to_be_named() {
    let real = REAL.iter().find(|real| real.bundle.contains("conda-attestation.")).unwrap();
    let named = real.manifest(real.root(), real.identity, "");
    for (manifest, reasons) in [
        (named.clone(), &[][..]),
        (named.replace(&format!(", predicate-type: {CONDA}"), ""), &["other-predicate"]),
        (named.replace(CONDA, "https://in-toto.io/attestation/vulns/v0.2"), &["other-predicate"]),
    ] {
        let job = Job::new();
        real.put(&job);
        job.write("signatures.yml", &manifest);
        assert_eq!(job.run(&[]).reasons(), reasons, "{manifest}");
    }
}
