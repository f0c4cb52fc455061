//! Ways in which something passed once, and no longer does.

use std::sync::Arc;

use attest::{PrivateKey, Trust, TrustRoot, TrustedIdentity, sign, sign_file, verify, verify_file};
use serde_json::{Value, json};
use signers::instance::Making;
use signers::{Requirement, RuleText};

use crate::support::{FILE, assay, instance, message, root, signed, statement, trust, workflow};

/// A file whose bytes are what is signed of a statement: its signature would be one over evidence.
#[test]
fn a_file_that_is_a_statement_in_disguise_is_not_signed() {
    let key = PrivateKey::from_pem(&PrivateKey::generate_p256().unwrap().private).unwrap();
    let payload = statement().to_bytes().unwrap();
    let disguised = sigstore_types::pae("application/vnd.in-toto+json", &payload);
    for read in [message(&disguised), attest::detached::Message::whole_of(disguised)] {
        let error = sign_file(&read, &key).unwrap_err().to_string();
        assert!(error.contains("DSSEv1"), "{error}");
    }
    for harmless in [&b"DSSEv1"[..], b"DSSEv2 ", b" DSSEv1 ", b""] {
        assert!(sign_file(&message(harmless), &key).is_ok(), "{harmless:?}");
    }
}

/// An entry that nothing proves is no decoration: its index would be taken for the signature's.
#[test]
fn an_entry_without_a_proof_is_refused_beside_a_good_one() {
    let instance = instance();
    let trust = trust(&root(&instance), workflow());
    let mut bundle = signed(&instance, assay(), Making::default());
    let entries = bundle["verificationMaterial"]["tlogEntries"].as_array_mut().unwrap();
    let mut bare = entries[0].clone();
    bare["logIndex"] = json!("4242");
    for member in ["inclusionProof", "inclusionPromise"] {
        bare.as_object_mut().unwrap().remove(member);
    }
    entries.insert(0, bare);
    let error = verify_file(bundle.to_string().as_bytes(), &message(FILE), &trust).unwrap_err();
    assert_eq!(error.code(), "bad-inclusion-proof", "{error}");
}

/// A log that had ended, or that the root does not name, proves nothing, also where only its checkpoint is signed.
#[test]
fn a_log_counts_while_it_was_to_be_believed() {
    let instance = instance();
    let mut bundle = signed(&instance, assay(), Making::default());
    let ended = json!({"start": "2020-01-01T00:00:00Z", "end": "2026-10-31T00:00:00Z"});
    let mut old: Value = serde_json::from_str(&instance.trusted_root()).unwrap();
    old["tlogs"][0]["publicKey"]["validFor"] = ended;
    let old = Arc::new(TrustRoot::parse("old", old.to_string().as_bytes()).unwrap());
    let code = |bundle: &Value, root: &Arc<TrustRoot>| {
        let found = verify_file(bundle.to_string().as_bytes(), &message(FILE), &trust(root, workflow()));
        found.map_or_else(|error| error.code(), |_| "verified")
    };
    assert_eq!(code(&bundle, &old), "expired-trust-root");
    bundle["verificationMaterial"]["tlogEntries"][0]["logId"]["keyId"] =
        json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_eq!(code(&bundle, &root(&instance)), "unknown-log");
}

/// What one signer waives is not waived for another: the statement says under what it was verified.
#[test]
fn a_waiver_is_of_whom_it_is_written_for() {
    let instance = instance();
    let root = root(&instance);
    let strict = attest::IdentityRule::new(workflow()).unwrap();
    let waiving = RuleText { waive: vec![Requirement::CertificateLog], ..workflow() };
    let waiving = attest::IdentityRule::new(waiving).unwrap();
    let both = [&waiving, &strict].into_iter().fold(Trust::nobody(), |trust, rule| {
        trust.and_identity(TrustedIdentity { rule: rule.clone(), root: root.clone() })
    });
    for (making, counts_for_strict) in
        [(Making::default(), true), (Making { certificate_log: false, ..Making::default() }, false)]
    {
        let bundle = sign(&statement(), &instance.signer_with(assay(), making)).unwrap().to_bytes().unwrap();
        let under = verify(&bundle, &both).unwrap().under.unwrap();
        assert_eq!(under.satisfies(&strict, &root.digest()), counts_for_strict, "{making:?}");
        assert!(under.satisfies(&waiving, &root.digest()));
        assert!(!under.satisfies(&waiving, &model::Sha256::of(b"another root")));
    }
}

/// Whoever may call a workflow file signs as it for their own repository.
#[test]
fn a_workflow_is_meant_in_its_own_repository() {
    let instance = instance();
    let root = root(&instance);
    let mut caller = assay();
    caller.claims.repository = Some("https://github.com/evil/x".into());
    let bundle = signed(&instance, caller.clone(), Making::default()).to_string();
    let code = |rule: RuleText| {
        let found = verify_file(bundle.as_bytes(), &message(FILE), &trust(&root, rule));
        found.map_or_else(|error| error.code(), |_| "verified")
    };
    assert_eq!(code(workflow()), "unknown-identity");
    assert_eq!(code(RuleText { repository: Some("evil/x".into()), ..workflow() }), "verified");
    // One's own earlier signatures are by the same repository, environment and runner.
    let own = |identity| Trust::own(&instance.signer(identity), Some(&root));
    let by = sign(&statement(), &instance.signer(caller.clone())).unwrap().to_bytes().unwrap();
    assert!(verify(&by, &own(caller)).is_ok());
    assert!(verify(&by, &own(assay())).is_err());
}
