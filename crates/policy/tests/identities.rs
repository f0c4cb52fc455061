//! Signers without keys: what a policy says of them, what is handed down, and what its digest covers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tables of tests, outside the test functions themselves"
)]

use std::collections::BTreeMap;

use model::Sha256;
use policy::{
    Credential, Evidence, Exceptions, Image, Policy, Problems, ResolvedPolicy, ResolvedSigner, Root,
    UncheckedPolicy, decide,
};

const WORKFLOW: &str = "acme/images/.github/workflows/assay.yml@refs/heads/main";

fn policy(signers: &str) -> String {
    format!(
        "version: 1
name: acme
signers: {{bake: , {signers}}}
evidence:
  provenance: {{signed-by: [bake], required: true}}
  vulns: {{signed-by: [assay], required: true, seen: [disk], max-age: 24h}}
vulnerabilities:
  - {{severity: critical, fixable: true, then: fail}}
"
    )
}

fn roots() -> BTreeMap<String, Sha256> {
    ["public-good", "github", "keys/root.json", "../org/keys/root.json"]
        .map(|name| (name.to_owned(), Sha256::of(name.rsplit('/').next().unwrap().as_bytes())))
        .into()
}

fn keys() -> BTreeMap<String, String> {
    [("bake".to_owned(), "bake".to_owned())].into()
}

fn resolve(signers: &str) -> Result<ResolvedPolicy, Problems> {
    Policy::parse("p.yml", &policy(signers))?.resolve_with(&keys(), &roots())
}

#[test]
fn a_signer_is_an_identity_by_the_word_of_a_root() {
    for (more, root) in [
        ("", Root::Named("public-good")),
        (", trusted-root: public-good", Root::Named("public-good")),
        (", trusted-root: github", Root::Named("github")),
        (", trusted-root: keys/root.json", Root::File("keys/root.json".into())),
    ] {
        let text = policy(&format!("assay: {{identity: {{workflow: '{WORKFLOW}'}}{more}}}"));
        let read = Policy::parse("p.yml", &text).unwrap();
        let Some((_, Some(Credential::Identity(identity)))) = read.signers().next() else {
            panic!("no identity: {text}")
        };
        assert_eq!(identity.rule.text().workflow.as_deref(), Some(WORKFLOW));
        assert_eq!(identity.root, root, "{more}");
        let resolved = read.resolve_with(&keys(), &roots()).unwrap();
        let digest = roots()[&root.to_string()];
        assert!(
            matches!(&resolved.signers()["assay"], ResolvedSigner::Identity { root, .. } if *root == digest),
            "{more}"
        );
        assert_eq!(resolved.roots().into_iter().collect::<Vec<_>>(), [digest]);
    }
}

#[test]
fn what_is_resolved_reads_back_and_its_digest_covers_rule_and_root() {
    let digest = |signer: &str| {
        let resolved = resolve(signer).unwrap_or_else(|problems| panic!("{signer}\n{problems}"));
        let text = String::from_utf8(resolved.bytes().to_vec()).unwrap();
        let again = ResolvedPolicy::parse("resolved.json", &text).unwrap_or_else(|e| panic!("{text}\n{e}"));
        assert_eq!((again.bytes(), again.digest()), (resolved.bytes(), resolved.digest()));
        assert_eq!(again.signers(), resolved.signers());
        resolved.digest()
    };
    let plain = format!("assay: {{identity: {{workflow: '{WORKFLOW}'}}}}");
    let first = digest(&plain);
    for same in [
        format!("assay: {{identity: {{workflow: '{WORKFLOW}'}}, trusted-root: public-good}}"),
        format!(
            "assay: {{trusted-root: 'sha256:{}', identity: {{workflow: '{WORKFLOW}'}}}}",
            roots()["public-good"]
        ),
        format!("assay: {{identity: {{workflow: '{WORKFLOW}', waive: []}}}}"),
    ] {
        assert_eq!(digest(&same), first, "{same}");
    }
    for other in [
        format!("assay: {{identity: {{workflow: '{WORKFLOW}'}}, trusted-root: github}}"),
        format!("assay: {{identity: {{workflow: '{WORKFLOW}'}}, trusted-root: keys/root.json}}"),
        format!("assay: {{identity: {{workflow: '{WORKFLOW}', runner-environment: github-hosted}}}}"),
        format!("assay: {{identity: {{workflow: '{WORKFLOW}', environment: prod}}}}"),
        format!("assay: {{identity: {{workflow: '{WORKFLOW}', waive: transparency-log}}}}"),
        format!("assay: {{identity: {{workflow: '{}'}}}}", WORKFLOW.replace("main", "dev")),
        "assay: {pem: assay}".to_owned(),
    ] {
        assert_ne!(digest(&other), first, "{other}");
    }
}

#[test]
fn what_an_identity_lacks_or_has_too_much_is_told() {
    let identity = format!("assay: {{identity: {{workflow: '{WORKFLOW}'}}}}");
    let read = || Policy::parse("p.yml", &policy(&identity)).unwrap();
    let told = read().resolve(&keys()).unwrap_err().to_string();
    assert_eq!(
        told.trim_end(),
        "p.yml:3:19: the trusted root `public-good` of the signer `assay` is not there: name one that is, by `trusted-root`"
    );
    let mut given = keys();
    given.insert("assay".into(), "key".into());
    let told = read().resolve_with(&given, &roots()).unwrap_err().to_string();
    assert!(
        told.contains("a key is given for the signer `assay`, which the policy knows by its identity"),
        "{told}"
    );
}

#[test]
fn an_identity_is_handed_down_whole_and_its_root_by_its_place() {
    let parent = policy(&format!(
        "assay: {{identity: {{workflow: '{WORKFLOW}', environment: prod}}, trusted-root: keys/root.json}}"
    ));
    let child = |text: &str| {
        let child = format!("version: 1\nname: child\nextends: ../org/parent.yml\n{text}");
        let mut get = |path: &str| match path {
            "child.yml" => Ok(child.clone()),
            "../org/parent.yml" => Ok(parent.clone()),
            _ => Err("no such file".to_owned()),
        };
        let policy = UncheckedPolicy::read("child.yml", &mut get).unwrap().check().unwrap();
        let known = policy.signers().next().unwrap().1.cloned();
        (policy, known)
    };
    for (text, workflow, environment, root) in [
        ("", Some(WORKFLOW), Some("prod"), Some("../org/keys/root.json")),
        ("signers: {assay: }\n", Some(WORKFLOW), Some("prod"), Some("../org/keys/root.json")),
        // Field by field would leave half of another's rule.
        (
            "signers: {assay: {identity: {workflow: 'a/b/.github/workflows/c.yml@refs/heads/x'}}}\n",
            Some("a/b/.github/workflows/c.yml@refs/heads/x"),
            None,
            Some("public-good"),
        ),
        ("signers: {assay: {pem: key}}\n", None, None, None),
    ] {
        let (policy, known) = child(text);
        let found = match &known {
            Some(Credential::Identity(identity)) => (
                identity.rule.text().workflow.as_deref(),
                identity.rule.text().environment.as_deref(),
                Some(identity.root.to_string()),
            ),
            _ => (None, None, None),
        };
        assert_eq!(found, (workflow, environment, root.map(str::to_owned)), "{text}");
        // What is explained is a policy itself, with the same digest.
        let explained = policy.explain();
        let again = Policy::parse("explained.yml", &explained).unwrap_or_else(|e| panic!("{explained}\n{e}"));
        let digest = |policy: Policy| policy.resolve_with(&keys(), &roots()).unwrap().digest();
        assert_eq!(digest(again), digest(policy), "{explained}");
    }
    assert!(child("").0.explain().contains("../org/keys/root.json"));
}

#[test]
fn two_names_for_one_identity_separate_nothing() {
    let codes = |assay: &str| {
        let text =
            policy(assay).replace("bake: ,", &format!("bake: {{identity: {{workflow: '{WORKFLOW}'}}}},"));
        let policy = Policy::parse("p.yml", &text).unwrap().resolve_with(&BTreeMap::new(), &roots()).unwrap();
        let image = Image {
            name: "web".into(),
            family: "web".into(),
            content_digest: model::ContentDigest::new(Sha256::of(b"disk")),
            base: None,
        };
        let decision =
            decide(&policy, &Exceptions::default(), &Evidence::about(image), None, crate::common::now());
        decision
            .reasons
            .into_iter()
            .filter(|reason| reason.code == "shared-key")
            .map(|r| r.message)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        codes(&format!("assay: {{identity: {{workflow: '{WORKFLOW}'}}}}")),
        ["The signers assay, bake are the same identity."]
    );
    let none = [""; 0];
    assert_eq!(codes(&format!("assay: {{identity: {{workflow: '{WORKFLOW}', environment: prod}}}}")), none);
    assert_eq!(
        codes(&format!("assay: {{identity: {{workflow: '{WORKFLOW}'}}, trusted-root: github}}")),
        none
    );
}
