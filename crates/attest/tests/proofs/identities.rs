//! Who signed, and who was meant.

use attest::{PrivateKey, Signer, Trust, sign, verify, verify_file};
use signers::instance::Making;
use signers::{Claims, Requirement, RuleText};

use crate::support::{FILE, assay, instance, message, root, signed, statement, trust, workflow};

#[test]
fn a_statement_by_an_identity_verifies_as_what_it_is() {
    let instance = instance();
    let bundle = sign(&statement(), &instance.signer(assay())).unwrap().to_bytes().unwrap();
    let verified = verify(&bundle, &trust(&root(&instance), workflow())).unwrap();
    assert_eq!(verified.statement, statement());
    assert_eq!(verified.signer, Signer::Identity(Box::new(assay())));
    assert_eq!(verified.signed_by, Some("2026-11-01T12:00:05Z".parse().unwrap()));
}

#[test]
fn a_file_by_an_identity_verifies_as_what_it_is() {
    let instance = instance();
    let bundle = signed(&instance, assay(), Making::default()).to_string();
    let root = root(&instance);
    let proof = verify_file(bundle.as_bytes(), &message(FILE), &trust(&root, workflow())).unwrap();
    assert_eq!(proof.signer, Signer::Identity(Box::new(assay())));
    assert_eq!(proof.root, Some(("tests".into(), root.digest())));
    assert_eq!((proof.log_index, proof.certificate_log, proof.payload.is_none()), (Some(0), true, true));
    assert_eq!(proof.in_words(), "certificate, certificate log, log entry 0");
    // An attestation that names the file among its subjects does as well.
    let bundle = sign(&statement(), &instance.signer(assay())).unwrap().to_bytes().unwrap();
    let proof = verify_file(&bundle, &message(FILE), &trust(&root, workflow())).unwrap();
    assert_eq!(proof.payload, Some(statement().to_bytes().unwrap()));
    let other = verify_file(&bundle, &message(b"other"), &trust(&root, workflow())).unwrap_err();
    assert_eq!(other.code(), "other-artifact");
}

#[test]
fn only_who_is_meant_is_believed() {
    let instance = instance();
    let root = root(&instance);
    let code = |trust: &Trust, bundle: &str| {
        verify_file(bundle.as_bytes(), &message(FILE), trust)
            .map_or_else(|error| error.code(), |_| "verified")
    };
    let genuine = signed(&instance, assay(), Making::default()).to_string();
    let rule = |field: &str, value: &str| {
        let mut rule = serde_json::to_value(workflow()).unwrap();
        rule[field] = value.into();
        trust(&root, serde_json::from_value::<RuleText>(rule).unwrap())
    };
    for (trusted, expected) in [
        (trust(&root, workflow()), "verified"),
        (Trust::nobody(), "unknown-signer"),
        (rule("ref", "refs/heads/other"), "unknown-identity"),
        (rule("environment", "staging"), "unknown-identity"),
        (rule("runner-environment", "self-hosted"), "unknown-identity"),
        (rule("repository", "acme/other"), "unknown-identity"),
        (rule("trigger", "push"), "unknown-identity"),
        (rule("issuer", "https://gitlab.com"), "unknown-identity"),
        // One of several is enough, whichever comes first.
        (
            rule("ref", "refs/heads/other").and_identity(attest::TrustedIdentity {
                rule: attest::IdentityRule::new(workflow()).unwrap(),
                root: root.clone(),
            }),
            "verified",
        ),
        // A key beside it is nobody's identity.
        (
            Trust::from(
                PrivateKey::from_pem(&PrivateKey::generate_p256().unwrap().private).unwrap().public(),
            ),
            "unknown-signer",
        ),
    ] {
        assert_eq!(code(&trusted, &genuine), expected, "{trusted:?}");
    }
    // The same identity by somebody else's word.
    let forged = signed(&crate::support::instance(), assay(), Making::default()).to_string();
    assert_eq!(code(&trust(&root, workflow()), &forged), "unknown-log");
    let error =
        verify_file(genuine.as_bytes(), &message(FILE), &rule("ref", "refs/heads/other")).unwrap_err();
    assert!(
        error.to_string().contains("who is not meant: `ref` is refs/heads/main, not refs/heads/other"),
        "{error}"
    );
}

#[test]
fn an_identity_that_says_nothing_is_nobody() {
    let instance = instance();
    let root = root(&instance);
    let anybody = RuleText {
        issuer_pattern: Some("https://token.*".into()),
        subject_pattern: Some("https://github.*".into()),
        ..RuleText::default()
    };
    for identity in [
        attest::Identity { issuer: String::new(), claims: Claims::default(), ..assay() },
        attest::Identity { subject: String::new(), claims: Claims::default(), ..assay() },
    ] {
        let bundle = signed(&instance, identity, Making::default()).to_string();
        let error =
            verify_file(bundle.as_bytes(), &message(FILE), &trust(&root, anybody.clone())).unwrap_err();
        assert_eq!(error.code(), "empty-identity", "{error}");
    }
}

/// What is waived by its name need not be there; what is there is verified all the same.
#[test]
fn waivers() {
    let instance = instance();
    let root = root(&instance);
    let waiving = |waive: &[Requirement]| trust(&root, RuleText { waive: waive.to_vec(), ..workflow() });
    let whole = signed(&instance, assay(), Making::default());
    let mut unlogged = whole.clone();
    unlogged["verificationMaterial"]["tlogEntries"] = serde_json::json!([]);
    let mut wrong = whole.clone();
    wrong["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "1793534406".into();
    let bare = signed(&instance, assay(), Making { certificate_log: false, ..Making::default() });
    let (log, certificate) = (Requirement::TransparencyLog, Requirement::CertificateLog);
    for (bundle, waive, expected) in [
        (&whole, &[][..], "verified"),
        (&whole, &[log, certificate], "verified"),
        (&bare, &[], "bad-certificate-log"),
        (&bare, &[log], "bad-certificate-log"),
        (&bare, &[certificate], "verified"),
        (&unlogged, &[], "no-log-entry"),
        (&unlogged, &[certificate], "no-log-entry"),
        // Without a log nothing says when it was: no timestamp authority is there either.
        (&unlogged, &[log], "no-signing-time"),
        (&wrong, &[log, certificate], "bad-inclusion-promise"),
    ] {
        let text = bundle.to_string();
        let found = verify_file(text.as_bytes(), &message(FILE), &waiving(waive));
        assert_eq!(found.map_or_else(|error| error.code(), |_| "verified"), expected, "{waive:?}");
    }
}
