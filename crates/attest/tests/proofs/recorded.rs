//! Real bundles, as cosign, npm, GitHub, conda and others made them: each by whom it is, and by nobody else.

use attest::detached::Message;
use attest::{GITHUB, IdentityRule, PUBLIC_GOOD, Signer, Trust, TrustRoot, TrustedIdentity, verify_file};
use model::Sha256;
use serde_json::Value;
use signers::{Requirement, RuleText};

use crate::support::real;

/// The file that a bundle is about: by its digest, as its own statement or signature has it.
fn about(bundle: &str) -> Message {
    let bundle: Value = serde_json::from_str(bundle).unwrap();
    let digest = match bundle.pointer("/dsseEnvelope/payload") {
        Some(payload) => {
            let payload = attest::detached::strict_base64(payload.as_str().unwrap()).unwrap();
            let statement: Value = serde_json::from_slice(&payload).unwrap();
            let subjects = statement["subject"].as_array().unwrap().clone();
            let digest =
                subjects.iter().find_map(|subject| subject["digest"]["sha256"].as_str().map(str::to_owned));
            digest.unwrap_or_else(|| "0".repeat(64)).parse().unwrap()
        }
        None => {
            let digest = bundle.pointer("/messageSignature/messageDigest/digest").unwrap().as_str().unwrap();
            let bytes = attest::detached::strict_base64(digest).unwrap();
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().parse::<Sha256>().unwrap()
        }
    };
    Message::of_digest(digest)
}

const ACTIONS: &str = "https://token.actions.githubusercontent.com";

/// (name, file, root, what is waived, issuer, subject)
type Recorded =
    (&'static str, Option<&'static str>, &'static str, &'static [Requirement], &'static str, &'static str);

const RECORDED: [Recorded; 5] = [
    (
        "bundles/conda-attestation.sigstore.json",
        Some("bundles/signed-package-2.1.0-hb0f4dca_0.conda"),
        PUBLIC_GOOD,
        &[],
        ACTIONS,
        "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main",
    ),
    (
        "bundles/bundle_v3_github.whl.sigstore",
        None,
        PUBLIC_GOOD,
        &[],
        ACTIONS,
        "https://github.com/trailofbits/rfc8785.py/.github/workflows/release.yml@refs/tags/v0.1.2",
    ),
    (
        "bundles/cosign-v3-blob.sigstore.json",
        Some("bundles/cosign-v3-blob.txt"),
        PUBLIC_GOOD,
        &[],
        "https://github.com/login/oauth",
        "w.vollprecht@gmail.com",
    ),
    (
        "bundles/github-private-attestation.sigstore.json",
        None,
        GITHUB,
        &Requirement::ALL,
        "",
        "https://dotcom.releases.github.com",
    ),
    (
        "timestamps/github_sha384_bundle.json",
        None,
        GITHUB,
        &Requirement::ALL,
        "",
        "https://dotcom.releases.github.com",
    ),
];

fn trust((_, _, root, waive, issuer, subject): Recorded) -> Trust {
    let text = RuleText {
        issuer: (!issuer.is_empty()).then(|| issuer.to_owned()),
        subject: Some(subject.into()),
        waive: waive.to_vec(),
        ..RuleText::default()
    };
    let root = TrustRoot::embedded(root).unwrap().unwrap();
    Trust::nobody().and_identity(TrustedIdentity { rule: IdentityRule::new(text).unwrap(), root })
}

fn message((name, file, ..): Recorded) -> Message {
    file.map_or_else(|| about(&real::text(name)), |file| Message::whole_of(real::bytes(file)))
}

#[test]
fn each_is_by_whom_it_says() {
    for recorded in RECORDED {
        let (name, _, root, _, issuer, subject) = recorded;
        let bundle = real::bytes(name);
        let proof = verify_file(&bundle, &message(recorded), &trust(recorded));
        let proof = proof.unwrap_or_else(|error| panic!("{name}: {error}"));
        let Signer::Identity(identity) = &proof.signer else { panic!("{name}") };
        assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), (issuer, subject), "{name}");
        assert_eq!(proof.root.as_ref().map(|(name, _)| name.as_str()), Some(root), "{name}");
        assert!(!proof.times.is_empty(), "{name}");
        // The same over one line of several, and in GitHub's answer.
        let one: Value = serde_json::from_slice(&bundle).unwrap();
        for many in [
            format!("\n{one}\n\n"),
            format!("{one}\n{one}\n"),
            serde_json::json!({"attestations": [{"repository_id": 1, "bundle": one}]}).to_string(),
        ] {
            assert_eq!(
                verify_file(many.as_bytes(), &message(recorded), &trust(recorded)),
                Ok(proof.clone()),
                "{name}"
            );
        }
    }
}

#[test]
fn none_is_by_another_or_about_another_file() {
    for recorded in RECORDED {
        let (name, file, root, waive, issuer, subject) = recorded;
        let bundle = real::bytes(name);
        let code = |recorded: Recorded, message: &Message| {
            verify_file(&bundle, message, &trust(recorded)).map_or_else(|error| error.code(), |_| "verified")
        };
        let other_subject: &'static str = String::leak(format!("{subject}x"));
        let expected = if issuer.is_empty() { "empty-identity" } else { "unknown-identity" };
        let right = message(recorded);
        assert_eq!(code((name, file, root, waive, issuer, other_subject), &right), expected, "{name}");
        let other_root = if root == GITHUB { PUBLIC_GOOD } else { GITHUB };
        assert!(
            ["bad-certificate", "bad-timestamp", "unknown-log"]
                .contains(&code((name, file, other_root, waive, issuer, subject), &right)),
            "{name}"
        );
        if !waive.is_empty() {
            let waived = (name, file, root, &[Requirement::Issuer][..], issuer, subject);
            assert_eq!(code(waived, &right), "no-log-entry", "{name}");
        }
        assert_eq!(code(recorded, &Message::whole_of(b"another file".to_vec())), "other-artifact", "{name}");
    }
}

/// What the files of that crate are meant to be refused for.
#[test]
fn what_is_wrong_has_its_name() {
    for (name, root, expected) in [
        ("bundles/bundle_cve_2022_36056.txt.sigstore", PUBLIC_GOOD, "unknown-log"),
        ("bundles/bundle_invalid_version.txt.sigstore", PUBLIC_GOOD, "malformed-bundle"),
        ("bundles/bundle_no_cert_v1.txt.sigstore", PUBLIC_GOOD, "bad-checkpoint"),
        ("bundles/bundle_v3_no_signed_time.txt.sigstore.json", PUBLIC_GOOD, "no-signing-time"),
        ("bundles/dsse-2sigs.sigstore.json", PUBLIC_GOOD, "malformed-bundle"),
        ("bundles/github-private-attestation.sigstore.json", GITHUB, "no-log-entry"),
        ("upstream/sigstore-python/staging-rekor-v2.txt.sigstore.json", PUBLIC_GOOD, "bad-timestamp"),
    ] {
        let text = real::text(name);
        let error = verify_file(text.as_bytes(), &about(&text), &real::anybody(root)).unwrap_err();
        assert_eq!(error.code(), expected, "{name}: {error}");
    }
}
